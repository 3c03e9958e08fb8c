// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/below.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "net/messages.h"
#include "net/netlink.h"

namespace sfc {

bool above_another(const Link& link) {
    constexpr std::array<std::string_view, 7> kKinds = {"bridge",  "bond",   "team",  "macvlan",
                                                        "macvtap", "ipvlan", "ipvtap"};
    return std::find(kKinds.begin(), kKinds.end(), link.kind) != kKinds.end();
}

std::string name_below(const Link& link, bool alone) {
    if (!above_another(link)) {
        return "";
    }
    Netlink netlink;
    std::string lower;
    for (const Link& other : all_links(netlink)) {
        if (other.master == link.index) {
            return alone ? msg::name_a_member_alone(other.name, link.kind) : msg::name_a_member(link.kind, other.name);
        }
        if (!link.peer_nsid && other.index == link.peer_index) { // of these kinds it is the interface below
            lower = fmt::format(", '{}'", other.name);
        }
    }
    return msg::name_one_below(lower);
}

} // namespace sfc
