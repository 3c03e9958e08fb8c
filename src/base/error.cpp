// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace sfc {

Error system_error(const std::string& what, int error, ExitCode otherwise) {
    if (error == EPERM || error == EACCES) {
        return {ExitCode::Permission,
                what + ": " + std::strerror(error) + "; this needs root, or CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN"};
    }
    return {otherwise, what + ": " + std::strerror(error)};
}

} // namespace sfc
