// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/error.h"

#include <cerrno>
#include <cstring>

#include "base/messages.h"

namespace sfc {

Error system_error(const std::string& what, int error, ExitCode otherwise, const char* needs) {
    if (error == EPERM || error == EACCES) {
        return {ExitCode::Permission, msg::needs_root(what, std::strerror(error), needs)};
    }
    return {otherwise, msg::failed_with(what, std::strerror(error))};
}

} // namespace sfc
