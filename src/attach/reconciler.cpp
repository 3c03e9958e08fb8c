// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/reconciler.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <linux/rtnetlink.h>

#include "attach/messages.h"
#include "base/error.h"
#include "net/own_macs.h"
#include "net/routes.h"
#include "net/silent_neighbour.h"
#include "net/xdp_features.h"

namespace sfc {
namespace {

constexpr int kRetryTicks = 2; // how often ports that are missing are looked for
constexpr std::chrono::milliseconds kPauseLeast{400}, kPauseMost{30'000};

constexpr std::uint32_t group(std::uint32_t number) {
    return 1U << (number - 1);
}

/// Routes only where they matter: a router may have a million of them.
std::uint32_t groups_for(const Plan& plan) {
    const bool routes =
        std::any_of(plan.services.begin(), plan.services.end(), [](const auto& service) { return service.routed; });
    return group(RTNLGRP_LINK) | group(RTNLGRP_NEIGH) | group(RTNLGRP_IPV4_IFADDR) | group(RTNLGRP_IPV6_IFADDR) |
           (routes ? group(RTNLGRP_IPV4_ROUTE) | group(RTNLGRP_IPV6_ROUTE) : 0);
}

/// Whether frames may be sent there: they would not come back from a VM that is not trusted to finish them.
bool takes_frames(const Plan::Port& port, const Link& link) {
    return link.usable && !leaves_work(port, link);
}

} // namespace

Reconciler::Reconciler(Attachment& attachment, Say say)
    : attachment_(attachment), say_(std::move(say)), events_(NETLINK_ROUTE, groups_for(attachment.plan())),
      ports_(attachment.plan().ports.size()) {
    find_targets();
    keep(watch_trouble_, [&] { attachment_.note_losses(); });
    take_stock();
    follow_ports();
    read_neighbours();
}

/// A port may have gone while no process looked: what is left of it must not be in the way of its return.
void Reconciler::take_stock() {
    for (std::size_t id = 1; id < ports_.size(); id++) {
        ports_[id].ifindex = attachment_.attached_to(id);
        if (ports_[id].ifindex == 0) {
            release(id, msg::not_attached_any_more(attachment_.plan().ports[id].name));
        }
    }
}

void Reconciler::handle_events() {
    bool links = false, routes = false;
    std::set<std::uint32_t> touched;
    const bool whole = events_.receive([&](const nlmsghdr& message) {
        if (const auto neighbour = read_neighbour(message)) {
            learn(*neighbour);
            return;
        }
        if (is_route(message)) {
            routes = true;
            return;
        }
        links = true;
        if (message.nlmsg_type == RTM_NEWLINK) {
            touched.insert(static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message))->ifi_index);
        }
    });
    forget_pauses(touched);
    if (links || !whole) {
        follow_ports();
    } else if (routes) {
        follow_routes();
    }
    if (!whole) {
        read_neighbours();
    }
}

void Reconciler::watch() {
    keep(watch_trouble_, [&] { watch_carriers(); });
}

void Reconciler::watch_carriers() {
    for (std::size_t id = 1; id < ports_.size(); id++) {
        if (ports_[id].ifindex == 0) {
            continue;
        }
        PortState& seen = ports_[id];
        const auto link = find_link(requests_, seen.ifindex);
        if (link && takes_frames(attachment_.plan().ports[id], *link) != seen.usable) {
            update(id, *link);
        }
        if (link && attachment_.needs_polling(id) && takes_redirects(seen.ifindex).value_or(seen.polls) != seen.polls) {
            keep(seen.trouble, [&] { follow_port(id); });
        }
    }
}

/// Somebody has done something to an interface that could not be attached to: it may go now.
void Reconciler::forget_pauses(const std::set<std::uint32_t>& touched) {
    for (PortState& seen : ports_) {
        if (touched.count(seen.retry.ifindex) != 0) {
            seen.retry = {};
        }
    }
}

/// Events of links right behind a try are its own traces. One of somebody else's that comes just then is taken for one
/// of them: the next tick finds what it was about, and the pause goes on.
void Reconciler::swallow_own_events() {
    const bool whole = events_.receive([&](const nlmsghdr& message) {
        if (const auto neighbour = read_neighbour(message)) {
            learn(*neighbour);
        }
    });
    if (!whole) {
        read_neighbours();
    }
}

void Reconciler::tick() {
    keep(watch_trouble_, [&] { attachment_.note_losses(); });
    if (++ticks_ % kRetryTicks == 0) {
        follow_ports(); // and routes: rules and nexthop objects change them without a word
    }
    for (const Target& target : targets_) {
        const PortState& seen = ports_[target.port];
        if (seen.ifindex == 0 || !seen.usable || target.fixed || target.ip.empty()) {
            continue;
        }
        if (!target.mac) {
            resolve(target);
        }
        probe_.ask(requests_, seen.asks_at, seen.asks_from, target.ip);
    }
}

/// Does it, and says once what is in the way as long as that is the same.
void Reconciler::keep(std::string& trouble, const std::function<void()>& what) {
    try {
        what();
        trouble.clear();
    } catch (const Error& error) {
        if (trouble != error.what()) {
            trouble = error.what();
            say_(msg::warning(trouble));
        }
    }
}

void Reconciler::follow_ports() {
    keep(leak_guard_trouble_, [&] { attachment_.keep_leak_guards(say_); });
    keep(address_trouble_, [&] { attachment_.keep_addresses(); });
    keep(links_trouble_, [&] { read_links(); });
    for (std::size_t id = 1; id < ports_.size(); id++) {
        keep(ports_[id].trouble, [&] { follow_port(id); });
    }
    follow_routes();
    if (std::exchange(tried_, false)) {
        swallow_own_events();
    }
}

/// By its name; nothing where that leads nowhere, and why.
std::optional<Location> Reconciler::find(std::uint16_t id, std::string& why) {
    why = missing_text(attachment_.plan().ports[id]);
    try {
        return attachment_.locate_port(id);
    } catch (const Error& error) { // its namespace is gone, or its process means another one
        why = error.what();
        return std::nullopt;
    }
}

/// An interface that was given another name is the same one: it keeps its program, or packets that return from the SF
/// would leave as they are.
std::optional<Location> Reconciler::find_again(std::uint16_t id, const std::string& why) {
    PortState& seen = ports_[id];
    const Plan::Port& port = attachment_.plan().ports[id];
    if (port.entry.role != SFC_ROLE_EGRESS && attachment_.attached_to(id) != seen.ifindex) {
        return std::nullopt;
    }
    auto location = locate_again(seen.ifindex);
    if (location) {
        const std::string& name = location->link.name;
        const std::string text =
            port.netns.empty() ? msg::port_renamed(port.name, name) : msg::port_followed(why, name);
        if (std::exchange(seen.followed, text) != text) {
            say_(text);
        }
    }
    return location;
}

void Reconciler::follow_port(std::uint16_t id) {
    PortState& seen = ports_[id];
    std::string why;
    auto location = find(id, why);
    if (location) {
        seen.followed.clear();
    } else if (seen.ifindex != 0) {
        location = find_again(id, why);
    }
    if (seen.ifindex != 0 && (!location || location->link.index != seen.ifindex)) {
        release(id, why);
    }
    if (!location) {
        return;
    }
    const Plan::Port& port = attachment_.plan().ports[id];
    if (seen.ifindex != 0 && port.entry.role != SFC_ROLE_EGRESS && attachment_.attached_to(id) != seen.ifindex) {
        release(id, msg::not_attached_any_more(port.name));
    }
    if (seen.ifindex != 0 && !attachment_.hairpin_works(id)) {
        release(id, msg::hairpin_gone(port.name));
    }
    if (seen.ifindex != 0 && port.entry.role == SFC_ROLE_DOMAIN && leaves_work(port, location->link)) {
        release(id, msg::vnet_headers_now(port.name, location->link.name)); // nothing of it may be stripped
    }
    if (seen.ifindex == 0) {
        if (seen.retry.ifindex == location->link.index && Clock::now() < seen.retry.at) {
            throw Error(ExitCode::Kernel, seen.trouble); // it still is in the way
        }
        attach(id, *location);
    }
    attachment_.keep_offloads(id, *location, say_);
    seen.peer_mtu = location->mtu(); // nobody tells when it changes
    keep_polling(id, *location);
    keep_macs(id);
}

/// A try in vain leaves nothing to tell but its end.
void Reconciler::attach(std::uint16_t id, const Location& location) {
    PortState& seen = ports_[id];
    std::vector<std::string> said;
    try {
        attachment_.attach_port(id, [&](const std::string& line) { said.push_back(line); });
    } catch (const Error&) {
        const bool again = seen.retry.ifindex == location.link.index;
        const auto pause = again ? std::min(seen.retry.pause * 2, kPauseMost) : kPauseLeast;
        seen.retry = {location.link.index, pause, Clock::now() + pause};
        tried_ = true;
        throw;
    }
    std::for_each(said.begin(), said.end(), say_);
    seen = PortState{};
    seen.ifindex = location.link.index;
    say_(msg::attached_again(attachment_.plan().ports[id].name));
}

/// Others may have taken the program off that made the peer poll. Where it cannot be put back, nothing is sent there.
void Reconciler::keep_polling(std::uint16_t id, const Location& location) {
    PortState& seen = ports_[id];
    seen.why.clear();
    try {
        seen.polls = attachment_.keep_polling(id, location, say_);
    } catch (const Error& error) {
        seen.polls = false;
        seen.why = fmt::format(": {}", error.what());
    }
    update(id, location.link);
}

void Reconciler::read_links() {
    const auto& ports = attachment_.plan().ports;
    if (std::any_of(ports.begin(), ports.end(), [](const auto& port) { return port.entry.accept == SFC_ACCEPT_OWN; })) {
        links_ = all_links(requests_);
    }
}

/// A bridge or bond above the port, and macvlans, come and go as they like.
void Reconciler::keep_macs(std::uint16_t id) {
    PortState& seen = ports_[id];
    if (attachment_.plan().ports[id].entry.accept != SFC_ACCEPT_OWN) {
        return;
    }
    auto macs = own_macs_above(links_, seen.ifindex);
    if (seen.macs != macs) {
        attachment_.maps().set_own_macs(id, macs);
        seen.macs = std::move(macs);
    }
}

/// The SF behind a port that went is not the one that comes back: what it was given must not meet the new one.
void Reconciler::new_epoch(std::uint16_t id) {
    const std::uint16_t sf = attachment_.plan().ports[id].entry.sf;
    if (sf != SFC_NONE) {
        sfc_sf entry = attachment_.maps().sf(sf);
        entry.epoch++;
        attachment_.maps().set_sf(sf, entry);
    }
}

void Reconciler::release(std::uint16_t id, const std::string& why) {
    say_(msg::dropped_until_back(why));
    ports_[id] = {};
    attachment_.release_port(id, say_);
    new_epoch(id);
    for (Target& target : targets_) {
        if (target.port == id) {
            apply(target, std::nullopt);
        }
    }
}

void Reconciler::update(std::uint16_t id, const Link& link) {
    PortState& seen = ports_[id];
    const Plan::Port& port = attachment_.plan().ports[id];
    const std::uint32_t both = std::min(link.mtu, seen.peer_mtu);
    const std::uint32_t mtu = port.entry.mtu != 0 ? std::min(port.entry.mtu, both) : both;
    if (seen.mac != link.mac || seen.mtu != mtu) {
        sfc_port entry = attachment_.maps().port(id);
        std::copy(link.mac.begin(), link.mac.end(), entry.mac);
        entry.mtu = mtu;
        attachment_.maps().set_port(id, entry);
        seen.mac = link.mac;
        seen.mtu = mtu;
    }
    const Link asks_at = neighbours_at(requests_, link);
    seen.asks_at = asks_at.index;
    seen.asks_from = asks_at.mac;
    send_or_stop(id, link);
}

void Reconciler::send_or_stop(std::uint16_t id, const Link& link) {
    PortState& seen = ports_[id];
    const Plan::Port& port = attachment_.plan().ports[id];
    const bool was_usable = std::exchange(seen.usable, takes_frames(port, link));
    const std::string stopped = !link.usable   ? msg::interface_down(port.name, link.name)
                                : !seen.usable ? msg::vnet_headers_now(port.name, link.name)
                                : !seen.polls  ? msg::polls_no_more(port.name, link.name, seen.why)
                                               : "";
    const bool other = stopped.empty() != (attachment_.maps().sends_to(id) != 0);
    if (other && stopped.empty()) {
        attachment_.maps().set_interface(id, link.index);
    } else if (other) {
        attachment_.maps().stop_sending(id);
    }
    if (!stopped.empty() && seen.stopped != stopped) {
        say_(stopped);
    } else if (other && stopped.empty()) {
        say_(was_usable ? msg::polls_again(port.name, link.name) : msg::interface_up(port.name, link.name));
    }
    seen.stopped = stopped;
}

} // namespace sfc
