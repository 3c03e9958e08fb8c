// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/own_macs.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace sfc {
namespace {

/// Kinds of interfaces on another one, with which they share frames by the destination MAC. Of a veth IFLA_LINK is the
/// peer.
constexpr std::array<std::string_view, 4> kOnAnother = {"macvlan", "macvtap", "vlan", "ipvlan"};

bool is_on(const Link& link, const std::set<std::uint32_t>& lower) {
    return !link.peer_nsid && lower.count(link.peer_index) != 0 &&
           std::find(kOnAnother.begin(), kOnAnother.end(), link.kind) != kOnAnother.end();
}

/// Those of `links` that frames of `lower` may be handed to, and are not among them.
std::set<std::uint32_t> next_above(const std::vector<Link>& links, const std::set<std::uint32_t>& lower) {
    std::set<std::uint32_t> found;
    for (const Link& link : links) {
        if (lower.count(link.index) != 0 && link.master != 0) {
            found.insert(link.master);
        }
        if (is_on(link, lower)) {
            found.insert(link.index);
        }
    }
    std::erase_if(found, [&](std::uint32_t index) { return lower.count(index) != 0; });
    return found;
}

} // namespace

std::vector<Mac> own_macs_above(const std::vector<Link>& links, std::uint32_t ifindex) {
    std::set<std::uint32_t> all = {ifindex};
    for (auto more = next_above(links, all); !more.empty(); more = next_above(links, all)) {
        all.insert(more.begin(), more.end());
    }
    Mac own{};
    std::set<Mac> macs;
    for (const Link& link : links) {
        if (link.index == ifindex) {
            own = link.mac;
        } else if (all.count(link.index) != 0 && link.ethernet) {
            macs.insert(link.mac);
        }
    }
    macs.erase(own);
    return {macs.begin(), macs.end()};
}

} // namespace sfc
