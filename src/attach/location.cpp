// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/location.h"

#include <fmt/format.h>

#include "attach/messages.h"
#include "base/error.h"
#include "net/below.h"
#include "net/ethtool.h"
#include "net/netlink.h"
#include "net/xdp_features.h"

namespace sfc {
namespace {

Error refuse(const Plan::Port& port, const std::string& sentence) {
    return {ExitCode::Kernel, msg::of_port(port.name, sentence)};
}

/// The peer of one of our own interfaces. Where its namespace cannot be entered, it stays unknown.
void find_peer(Netlink& netlink, Location& location) {
    auto netns = location.link.peer_nsid ? Netns::find_by_nsid(netlink, *location.link.peer_nsid)
                                         : std::optional(Netns::current());
    if (!netns) {
        return;
    }
    try {
        const InNetns inside(*netns);
        Netlink there;
        location.peer = find_link(there, location.link.peer_index);
        location.peer_netns = std::move(netns);
    } catch (const Error& error) {
        if (error.code() != ExitCode::Permission) {
            throw;
        }
    }
}

Netns open_netns(const Plan::Port& port) {
    try {
        return Netns::open(port.netns);
    } catch (const Error& error) {
        throw Error(error.code(), msg::of_port(port.name, error.what()));
    }
}

/// With `netns:` the name is that of the peer, and ours is its peer.
std::optional<Location> locate_by_peer(Netlink& netlink, const Plan::Port& port, std::uint64_t noted) {
    Location location;
    Netns netns = open_netns(port);
    if (noted != 0 && netns.of_process() && netns.cookie() != noted) {
        throw refuse(port, msg::process_elsewhere(port.netns)); // a container that ended, and its id was given again
    }
    const Netns home = Netns::current();
    std::int32_t home_nsid = -1;
    {
        const InNetns inside(netns);
        Netlink there;
        location.peer = find_link(there, port.interface);
        home_nsid = home.id_in(there);
    }
    if (!location.peer) {
        return std::nullopt;
    }
    if (location.peer->kind != "veth") {
        throw refuse(port, msg::peer_is_no_veth(port.interface, netns.where()));
    }
    if (home_nsid < 0 || location.peer->peer_nsid != home_nsid) {
        throw refuse(port, msg::peer_elsewhere(port.interface, netns.where()));
    }
    const auto link = find_link(netlink, location.peer->peer_index);
    if (!link) {
        return std::nullopt;
    }
    location.link = *link;
    location.peer_netns = std::move(netns);
    return location;
}

std::optional<Location> with_peer(Netlink& netlink, const std::optional<Link>& link) {
    if (!link) {
        return std::nullopt;
    }
    Location location{.link = *link, .peer_netns = {}, .peer = {}};
    if (location.veth()) {
        find_peer(netlink, location);
    }
    return location;
}

} // namespace

bool Location::polls() const {
    if (const auto told = takes_redirects(link.index)) {
        return *told;
    }
    if (!peer || peer->xdp == XdpMode::Native) { // a kernel before 6.3 does not say
        return true;
    }
    const InNetns inside(*peer_netns);
    return Ethtool().active(peer->name, Offload::Gro);
}

std::string Location::peer_text() const {
    if (!peer) {
        return msg::number_unknown(link.peer_index);
    }
    return link.peer_nsid ? msg::in_netns(peer->name, peer_netns->where()) : fmt::format("'{}'", peer->name);
}

std::optional<Location> locate(const Plan::Port& port, std::uint64_t noted) {
    Netlink netlink;
    auto location = port.netns.empty() ? with_peer(netlink, find_link(netlink, port.interface))
                                       : locate_by_peer(netlink, port, noted);
    if (location && (!location->link.ethernet || location->link.loopback)) {
        throw refuse(port, msg::not_ethernet(location->link.name));
    }
    return location;
}

std::optional<Location> locate_again(std::uint32_t ifindex) {
    Netlink netlink;
    return with_peer(netlink, find_link(netlink, ifindex));
}

bool leaves_work(const Plan::Port& port, const Link& link) {
    return link.vnet_headers && !port.peer_prepared && port.entry.role != SFC_ROLE_EGRESS;
}

/// Interfaces above another one get a frame when the kernel has taken its tag out. Native XDP runs below them.
void check_frames(const Plan::Port& port, const Link& link, bool generic) {
    if (generic && above_another(link) && port.entry.role != SFC_ROLE_EGRESS) {
        throw Error(ExitCode::Kernel, msg::tags_beside_frames(port.name, link.name, link.kind));
    }
    if (leaves_work(port, link)) {
        throw Error(ExitCode::Kernel, msg::vnet_headers(port.name, link.name));
    }
}

void check_sends(const Plan::Port& port, const Location& location) {
    if (location.veth() || location.polls()) {
        return;
    }
    const Link& link = location.link;
    const std::string instead = name_below(link, port.entry.kernel != 0);
    throw Error(ExitCode::Kernel,
                msg::driver_cannot_send(port.name, link.name, link.kind.empty() ? "" : " (" + link.kind + ")",
                                        instead.empty() ? "" : "; " + instead));
}

std::string missing_text(const Plan::Port& port) {
    return port.netns.empty() ? msg::no_interface(port.name, port.interface)
                              : msg::no_interface_in(port.name, port.interface, port.netns);
}

} // namespace sfc
