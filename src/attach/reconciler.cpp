// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/reconciler.h"

#include <algorithm>

#include <linux/rtnetlink.h>

#include "attach/messages.h"
#include "base/error.h"

namespace sfc {
namespace {

constexpr int kRetryTicks = 2; // how often ports that are missing are looked for

constexpr std::uint32_t group(std::uint32_t number) {
    return 1U << (number - 1);
}

/// Whether frames may be sent there: they would not come back from a VM that is not trusted to finish them.
bool takes_frames(const Plan::Port& port, const Link& link) {
    return link.usable && !leaves_work(port, link);
}

} // namespace

Reconciler::Reconciler(Attachment& attachment, Say say)
    : attachment_(attachment), say_(std::move(say)),
      events_(NETLINK_ROUTE,
              group(RTNLGRP_LINK) | group(RTNLGRP_NEIGH) | group(RTNLGRP_IPV4_IFADDR) | group(RTNLGRP_IPV6_IFADDR)),
      ports_(attachment.plan().ports.size()) {
    find_targets();
    keep(watch_trouble_, [&] { attachment_.note_losses(); });
    take_stock();
    follow_ports();
    read_neighbours();
}

/// The maps may have MACs that an earlier process has learnt. They count until something else is known.
void Reconciler::find_targets() {
    const Plan& plan = attachment_.plan();
    const auto known = [](bool ready, const __u8(&mac)[6]) {
        return ready ? std::optional(to_mac(mac)) : std::nullopt;
    };
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        if (const auto& ip = plan.ports[id].ip) {
            const sfc_port entry = attachment_.maps().port(id);
            targets_.push_back({static_cast<std::uint16_t>(id), SFC_NONE, parse_ip(*ip), *ip,
                                known(entry.unready == 0, entry.sf_mac)});
        }
    }
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        if (const auto& ip = plan.services[id].next_hop_ip) {
            const sfc_service entry = attachment_.maps().service(id);
            targets_.push_back({entry.egress_port, static_cast<std::uint16_t>(id), parse_ip(*ip), *ip,
                                known(entry.next_hop_ready != 0, entry.next_hop_mac)});
        }
    }
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
    bool links = false;
    const bool whole = events_.receive([&](const nlmsghdr& message) {
        if (const auto neighbour = read_neighbour(message)) {
            learn(*neighbour);
        } else {
            links = true;
        }
    });
    if (links || !whole) {
        follow_ports();
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
        const auto link = find_link(requests_, ports_[id].ifindex);
        if (link && takes_frames(attachment_.plan().ports[id], *link) != ports_[id].usable) {
            update(id, *link);
        }
    }
}

void Reconciler::tick() {
    keep(watch_trouble_, [&] { attachment_.note_losses(); });
    if (++ticks_ % kRetryTicks == 0) {
        follow_ports();
    }
    for (const Target& target : targets_) {
        const PortState& seen = ports_[target.port];
        if (seen.ifindex == 0 || !seen.usable || target.fixed) {
            continue;
        }
        if (!target.mac) {
            resolve(target);
        }
        probe_.ask(requests_, seen.ifindex, seen.mac, target.ip);
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
            say_(trouble);
        }
    }
}

void Reconciler::follow_ports() {
    keep(leak_guard_trouble_, [&] { attachment_.keep_leak_guards(say_); });
    keep(address_trouble_, [&] { attachment_.keep_addresses(); });
    for (std::size_t id = 1; id < ports_.size(); id++) {
        try {
            follow_port(id);
            ports_[id].trouble.clear();
        } catch (const Error& error) {
            if (ports_[id].trouble != error.what()) {
                ports_[id].trouble = error.what();
                say_(ports_[id].trouble);
            }
        }
    }
}

/// An interface that was given another name is the same one: it keeps its program, or packets that return from the SF
/// would leave as they are.
bool Reconciler::still_there(std::uint16_t id) {
    PortState& seen = ports_[id];
    const auto link = find_link(requests_, seen.ifindex);
    if (!link || attachment_.attached_to(id) != seen.ifindex) {
        return false;
    }
    if (seen.name != link->name) {
        seen.name = link->name;
        say_(msg::port_renamed(attachment_.plan().ports[id].name, link->name));
    }
    update(id, *link);
    return true;
}

void Reconciler::follow_port(std::uint16_t id) {
    const Plan::Port& port = attachment_.plan().ports[id];
    std::optional<Location> location;
    std::string why = missing_text(port);
    try {
        location = locate(port);
    } catch (const Error& error) { // its namespace is gone
        why = error.what();
    }
    PortState& seen = ports_[id];
    if (seen.ifindex != 0 && !location && still_there(id)) {
        return;
    }
    if (seen.ifindex != 0 && (!location || location->link.index != seen.ifindex)) {
        release(id, why);
    }
    if (!location) {
        return;
    }
    if (seen.ifindex != 0 && !attachment_.hairpin_works(id)) {
        release(id, msg::hairpin_gone(port.name));
    }
    if (seen.ifindex != 0 && port.entry.role == SFC_ROLE_DOMAIN && leaves_work(port, location->link)) {
        release(id, msg::vnet_headers_now(port.name, location->link.name)); // nothing of it may be stripped
    }
    if (seen.ifindex == 0) {
        attachment_.attach_port(id, say_);
        seen = PortState{.ifindex = location->link.index,
                         .usable = true,
                         .mac = {},
                         .mtu = 0,
                         .trouble = {},
                         .stopped = {},
                         .name = {}};
        say_(msg::attached_again(port.name));
    }
    attachment_.keep_offloads(id, *location, say_);
    update(id, location->link);
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
    const std::uint32_t mtu = port.entry.mtu != 0 ? std::min(port.entry.mtu, link.mtu) : link.mtu;
    if (seen.mac != link.mac || seen.mtu != mtu) {
        sfc_port entry = attachment_.maps().port(id);
        std::copy(link.mac.begin(), link.mac.end(), entry.mac);
        entry.mtu = mtu;
        attachment_.maps().set_port(id, entry);
        seen.mac = link.mac;
        seen.mtu = mtu;
    }
    const std::string stopped = takes_frames(port, link) ? ""
                                : link.usable            ? msg::vnet_headers_now(port.name, link.name)
                                                         : msg::interface_down(port.name, link.name);
    seen.usable = stopped.empty();
    const bool other = seen.usable != (attachment_.maps().sends_to(id) != 0);
    if (other && seen.usable) {
        attachment_.maps().set_interface(id, link.index);
    } else if (other) {
        attachment_.maps().stop_sending(id);
    }
    if (other || seen.stopped != stopped) {
        say_(seen.usable ? msg::interface_up(port.name, link.name) : stopped);
    }
    seen.stopped = stopped;
}

void Reconciler::read_neighbours() {
    each_neighbour(requests_, [&](const Neighbour& neighbour) { learn(neighbour); });
    for (const Target& target : targets_) {
        if (ports_[target.port].ifindex != 0 && !target.fixed) {
            resolve(target); // even where a MAC is known: answers change only entries that the kernel has
        }
    }
}

void Reconciler::resolve(const Target& target) {
    resolve_neighbour(requests_, ports_[target.port].ifindex, target.ip);
}

void Reconciler::learn(const Neighbour& neighbour) {
    for (Target& target : targets_) {
        if (ports_[target.port].ifindex == neighbour.ifindex && target.ip == neighbour.ip) {
            target.fixed = neighbour.fixed;
            apply(target, neighbour.mac);
        }
    }
}

void Reconciler::apply(Target& target, const std::optional<Mac>& mac) {
    if (target.mac == mac) {
        return;
    }
    target.mac = mac;
    const Maps& maps = attachment_.maps();
    const Mac bytes = mac.value_or(Mac{});
    std::string whose;
    if (target.service != SFC_NONE) {
        sfc_service entry = maps.service(target.service);
        entry.next_hop_ready = mac ? 1 : 0;
        std::copy(bytes.begin(), bytes.end(), entry.next_hop_mac);
        maps.set_service(target.service, entry);
        whose = msg::next_hop_of(attachment_.plan().services[target.service].name);
    } else {
        sfc_port entry = maps.port(target.port);
        entry.unready = mac ? 0 : 1;
        std::copy(bytes.begin(), bytes.end(), entry.sf_mac);
        maps.set_port(target.port, entry);
        whose = msg::sf_address_of(attachment_.plan().ports[target.port].name);
    }
    say_(mac ? msg::neighbour_at(whose, target.text, format_mac(*mac)) : msg::neighbour_silent(whose, target.text));
}

} // namespace sfc
