// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "replay/sandbox.h"

#include <cerrno>
#include <sched.h>

#include <fmt/format.h>
#include <net/if.h>

#include "base/error.h"
#include "net/link.h"
#include "net/netlink.h"
#include "replay/messages.h"

namespace sfc {
std::string sandbox_interface(std::uint16_t port) {
    return fmt::format("port{}", port);
}

void enter_sandbox(const std::vector<std::string>& interfaces) {
    if (unshare(CLONE_NEWNET) != 0) {
        throw system_error(msg::cannot_make_netns(), errno);
    }
    Netlink netlink;
    // veth comes in pairs, and nothing ever flows here: two names make one pair. The odd one out gets a name that is no
    // label.
    std::vector<std::string> missing;
    for (const std::string& name : interfaces) {
        if (if_nametoindex(name.c_str()) == 0) { // "lo" is there already
            missing.push_back(name);
        }
    }
    if (missing.size() % 2 != 0) {
        missing.emplace_back("\x7f"); // a byte that no configuration can be expected to use
    }
    for (std::size_t i = 0; i < missing.size(); i += 2) {
        if (const int error = make_veth(netlink, missing[i], missing[i + 1], {})) {
            throw system_error(msg::cannot_make_interface(missing[i]), error);
        }
    }
}

} // namespace sfc
