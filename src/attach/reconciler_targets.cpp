// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The MACs that are asked for by IP: of next hops and of routed SF ports.
#include <algorithm>
#include <utility>

#include "attach/messages.h"
#include "attach/reconciler.h"
#include "net/routes.h"

namespace sfc {

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
            if (plan.services[id].routed) {
                std::swap(targets_.back().ip, targets_.back().remote);
            }
        }
    }
}

void Reconciler::follow_routes() {
    for (Target& target : targets_) {
        if (!target.remote.empty() && ports_[target.port].ifindex != 0) {
            follow_route(target);
        }
    }
}

/// A MAC that an earlier process has learnt counts until the neighbour of the first route says another one.
void Reconciler::follow_route(Target& target) {
    const std::uint32_t ifindex = ports_[target.port].ifindex;
    const IpBytes ip = first_hop(requests_, ifindex, target.remote);
    if (ip == target.ip && !ip.empty()) {
        return;
    }
    std::optional<Mac> mac;
    if (target.ip.empty() && !ip.empty()) {
        mac = target.mac;
    }
    target.ip = ip;
    target.fixed = false;
    target.text = format_ip(target.remote);
    if (!ip.empty() && ip != target.remote) {
        target.text = msg::by_gateway(target.text, format_ip(ip));
    }
    each_neighbour(requests_, [&](const Neighbour& neighbour) {
        if (neighbour.ifindex == ports_[target.port].asks_at && neighbour.ip == ip && neighbour.mac) {
            mac = neighbour.mac;
            target.fixed = neighbour.fixed;
        }
    });
    apply(target, mac);
    if (!target.fixed && !ip.empty()) {
        resolve(target);
    }
}

void Reconciler::read_neighbours() {
    each_neighbour(requests_, [&](const Neighbour& neighbour) { learn(neighbour); });
    for (const Target& target : targets_) {
        if (ports_[target.port].ifindex != 0 && !target.fixed && !target.ip.empty()) {
            resolve(target); // even where a MAC is known: answers change only entries that the kernel has
        }
    }
}

void Reconciler::resolve(const Target& target) {
    resolve_neighbour(requests_, ports_[target.port].asks_at, target.ip);
}

void Reconciler::learn(const Neighbour& neighbour) {
    for (Target& target : targets_) {
        const PortState& seen = ports_[target.port];
        const bool here = seen.asks_at == neighbour.ifindex || (seen.ifindex == neighbour.ifindex && neighbour.fixed);
        if (here && target.ip == neighbour.ip) {
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
    say_(mac                 ? msg::neighbour_at(whose, target.text, format_mac(*mac))
         : target.ip.empty() ? msg::no_route(whose, target.text)
                             : msg::neighbour_silent(whose, target.text));
}

} // namespace sfc
