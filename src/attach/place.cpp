// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/place.h"

#include <fmt/format.h>

#include "attach/messages.h"
#include "base/error.h"
#include "net/netlink.h"

namespace sfc {
namespace {

Error refuse(const Plan::Port& port, const std::string& sentence) {
    return {ExitCode::Kernel, msg::of_port(port.name, sentence)};
}

/// The far end of one of our own interfaces. Where its namespace cannot be entered, it stays unknown.
void find_far_end(Netlink& netlink, Place& place) {
    auto netns =
        place.link.peer_nsid ? Netns::find_by_nsid(netlink, *place.link.peer_nsid) : std::optional(Netns::current());
    if (!netns) {
        return;
    }
    try {
        const InNetns inside(*netns);
        Netlink there;
        place.far = find_link(there, place.link.peer_index);
        place.far_netns = std::move(netns);
    } catch (const Error& error) {
        if (error.code() != ExitCode::Permission) {
            throw;
        }
    }
}

/// With `netns:` the name is that of the far end, and ours is its peer.
std::optional<Place> find_by_far_end(Netlink& netlink, const Plan::Port& port) {
    Place place;
    Netns netns = Netns::open(port.netns);
    const Netns home = Netns::current();
    std::int32_t home_nsid = -1;
    {
        const InNetns inside(netns);
        Netlink there;
        place.far = find_link(there, port.interface);
        home_nsid = home.id_in(there);
    }
    if (!place.far) {
        return std::nullopt;
    }
    if (place.far->kind != "veth") {
        throw refuse(port, msg::far_is_no_veth(port.interface, netns.where()));
    }
    if (!place.far->peer_nsid || *place.far->peer_nsid != home_nsid) {
        throw refuse(port, msg::far_end_elsewhere(port.interface, netns.where()));
    }
    const auto link = find_link(netlink, place.far->peer_index);
    if (!link) {
        return std::nullopt;
    }
    place.link = *link;
    place.far_netns = std::move(netns);
    return place;
}

} // namespace

std::string Place::far_text() const {
    if (!far) {
        return msg::number_unknown(link.peer_index);
    }
    return link.peer_nsid ? msg::in_netns(far->name, far_netns->where()) : fmt::format("'{}'", far->name);
}

std::optional<Place> find_place(const Plan::Port& port) {
    Netlink netlink;
    std::optional<Place> place;
    if (!port.netns.empty()) {
        place = find_by_far_end(netlink, port);
    } else if (const auto link = find_link(netlink, port.interface)) {
        place = Place{.link = *link, .far_netns = {}, .far = {}};
        if (place->veth()) {
            find_far_end(netlink, *place);
        }
    }
    if (place && (!place->link.ethernet || place->link.loopback)) {
        throw refuse(port, msg::not_ethernet(place->link.name));
    }
    return place;
}

std::string missing_text(const Plan::Port& port) {
    return port.netns.empty() ? msg::no_interface(port.name, port.interface)
                              : msg::no_interface_in(port.name, port.interface, port.netns);
}

} // namespace sfc
