// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/readiness.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "net/forwarding.h"
#include "net/hook.h"
#include "net/neighbours.h"
#include "net/netlink.h"
#include "net/silent_neighbour.h"
#include "report/messages.h"

namespace sfc {
namespace {

/// An IPv4 address is one of IPv6, mapped.
IpBytes ip_of(const sfc_address& address) {
    constexpr std::size_t kMapped = 12;
    IpBytes bytes(sizeof(address));
    std::memcpy(bytes.data(), &address, sizeof(address));
    const bool four =
        std::all_of(bytes.begin(), bytes.begin() + kMapped - 2, [](std::uint8_t byte) { return byte == 0; }) &&
        bytes[kMapped - 2] == UINT8_MAX && bytes[kMapped - 1] == UINT8_MAX;
    return four ? IpBytes(bytes.begin() + kMapped, bytes.end()) : bytes;
}

class Looker {
public:
    explicit Looker(const Attachment& attachment) : attachment_(attachment), plan_(attachment.plan()) {}

    Readiness look() {
        if (attachment_.state().closing) {
            miss(msg::closing());
        }
        for (std::size_t id = 1; id < plan_.ports.size(); id++) {
            attempt([&] { look_at(id); });
        }
        attempt([&] { look_at_next_hops(); });
        attempt([&] { look_at_routed(); });
        attempt([&] { look_at_host_kernel(); });
        for (std::size_t sf = 1; sf < plan_.sfs.size(); sf++) {
            attempt([&] { look_at_sf_kernel(sf); });
        }
        return std::move(found_);
    }

private:
    const Attachment& attachment_;
    const Plan& plan_;
    Netlink netlink_;
    Readiness found_;

    void miss(const std::string& sentence) {
        if (std::find(found_.missing.begin(), found_.missing.end(), sentence) == found_.missing.end()) {
            found_.missing.push_back(sentence);
        }
    }

    /// An error, of a namespace that is gone say, is a reason itself. Where this process may not look, nothing is
    /// known.
    template <class Step> void attempt(Step step) {
        try {
            step();
        } catch (const Error& error) {
            if (error.code() != ExitCode::Permission) {
                miss(error.what());
            }
        }
    }

    void look_at(std::uint16_t id) {
        const PortLook look = look_at_port(attachment_, netlink_, id);
        const Plan::Port& port = plan_.ports[id];
        if (look.ready()) {
            return;
        }
        const auto location = look.link ? std::nullopt : locate(port); // another interface of its name may be there
        const auto link = location ? std::optional(location->link) : look.link;
        if (!link) {
            miss(missing_text(port));
        } else if (!link->usable) {
            miss(msg::port_is_down(port.name, link->name));
        } else if (look.vnet_headers) {
            miss(msg::port_has_vnet_headers(port.name, link->name));
        } else if (!look.polls) {
            miss(msg::port_peer_polls_not(port.name, link->name));
        } else if (!look.attached) {
            miss(msg::port_has_no_program(port.name, link->name));
        } else if (!look.receives) {
            miss(msg::port_gets_nothing(port.name, link->name));
        } else {
            const std::string ip = port.ip.value_or("");
            miss(msg::sf_unknown(ip, port.name, why_silent(netlink_, *link, parse_ip(ip))));
        }
    }

    /// Services with the same next hop share a sentence.
    void look_at_next_hops() {
        std::map<std::pair<std::uint16_t, std::string>, std::vector<std::string>> unknown;
        for (std::size_t id = 1; id < plan_.services.size(); id++) {
            const sfc_service entry = attachment_.maps().service(id);
            const Plan::Service& service = plan_.services[id];
            if (service.next_hop_ip && entry.next_hop_ready == 0) {
                unknown[{entry.egress_port, *service.next_hop_ip}].push_back(service.name);
            }
        }
        for (const auto& [hop, services] : unknown) {
            const auto link = find_link(netlink_, attachment_.attached_to(hop.first));
            if (link && link->usable) { // else the port says more
                miss(msg::next_hop_unknown(hop.second, services.size() == 1 ? "service" : "services",
                                           fmt::join(services, "', '"),
                                           why_silent(netlink_, *link, parse_ip(hop.second))));
            }
        }
    }

    /// Services whose packets leave by routes: what keeps the kernel from telling routes, or from sending the packets
    /// that it must send itself.
    void look_at_routed() {
        std::vector<RoutedWay> ways;
        for (const Plan::Service& service : plan_.services) {
            const std::uint32_t in = Plan::by_routes(service) ? attachment_.attached_to(service.entry.return_port) : 0;
            if (in == 0) {
                continue; // where it is missing, the port says more
            }
            RoutedWay& way = ways.emplace_back(RoutedWay{.service = service.name, .in = in, .six = true});
            if (service.tunnel) {
                way.six = service.tunnel->ipv6 != 0;
                way.source = ip_of(service.tunnel->local);
            }
        }
        if (!ways.empty()) {
            note(forwarding_faults(ways), "");
        }
    }

    static void put(std::vector<std::uint32_t>& to, std::uint32_t index) {
        if (index != 0) {
            to.push_back(index);
        }
    }

    void note(const ForwardingFaults& faults, const std::string& netns) {
        const auto text = [&](const std::string& fault) { return netns.empty() ? fault : msg::in_there(netns, fault); };
        for (const std::string& fault : faults.stops) {
            miss(text(fault));
        }
        for (const std::string& fault : faults.suspects) {
            found_.suspects.push_back(text(fault));
        }
    }

    void look_at_host_kernel() {
        std::vector<KernelWay> ways;
        for (std::size_t id = 1; id < plan_.services.size(); id++) {
            const Plan::Service& service = plan_.services[id];
            if (!plan_.through_host_kernel(service)) {
                continue;
            }
            KernelWay& way = ways.emplace_back(KernelWay{.service = service.name, .in = {}, .out = {}});
            for (const Plan::Match& match : plan_.matches) {
                if (match.service == id) {
                    put(way.in, attachment_.attached_to(match.match.port));
                }
            }
            for (const std::uint16_t port : service.entry.egress) {
                put(way.out, port == SFC_NONE ? 0 : attachment_.attached_to(port));
            }
        }
        if (!ways.empty()) {
            note(forwarding_faults(ways), "");
        }
    }

    /// By the SF's namespace, which is that of the peers of its ports.
    void look_at_sf_kernel(std::uint16_t id) {
        const Plan::Sf& sf = plan_.sfs[id];
        if (sf.entry.kernel == 0 || sf.left == SFC_NONE) {
            return;
        }
        const auto left = locate(plan_.ports[sf.left]), right = locate(plan_.ports[sf.right]);
        if (!left || !right || !left->peer || !right->peer) {
            return; // the ports say more
        }
        std::vector<KernelWay> ways;
        for (const Plan::Service& service : plan_.services) {
            if (service.entry.sf == id) {
                const bool by_left = service.entry.to_port == sf.left;
                ways.push_back({.service = service.name,
                                .in = {(by_left ? left : right)->peer->index},
                                .out = {(by_left ? right : left)->peer->index}});
            }
        }
        const InNetns inside(*left->peer_netns);
        note(forwarding_faults(ways), left->peer_netns->where());
    }
};

} // namespace

namespace {

/// Whether frames that are sent there arrive, as far as that depends on its peer. An egress port that is out of use is
/// in no map, and only its name leads to it.
bool peer_polls(const Attachment& attachment, std::uint16_t id, std::uint32_t ifindex) {
    try {
        const bool by_name = ifindex == 0 && attachment.plan().ports[id].entry.role == SFC_ROLE_EGRESS;
        const auto location = by_name ? attachment.locate_port(id) : locate_again(ifindex);
        return !location || attachment.polls(id, *location);
    } catch (const Error&) { // it has just gone
        return true;
    }
}

} // namespace

PortLook look_at_port(const Attachment& attachment, Netlink& netlink, std::uint16_t id) {
    const Plan::Port& port = attachment.plan().ports[id];
    const sfc_port entry = attachment.maps().port(id);
    PortLook look;
    look.ifindex = attachment.attached_to(id);
    look.link = find_link(netlink, look.ifindex);
    look.runs = port.entry.role != SFC_ROLE_EGRESS;
    const std::uint32_t program = hooked_program(attachment.pins().get(fmt::format("xdp_{}", id)));
    look.attached = look.link && (!look.runs || look.link->xdp_program == program);
    look.up = look.link && look.link->usable;
    look.vnet_headers = look.link && leaves_work(port, *look.link);
    look.polls = peer_polls(attachment, id, look.ifindex);
    look.receives = attachment.maps().sends_to(id) != 0;
    look.answered = port.entry.role != SFC_ROLE_SF || entry.unready == 0;
    return look;
}

Readiness look_at_readiness(const Attachment& attachment) {
    return Looker(attachment).look();
}

std::vector<std::string> readiness_lines(const Readiness& readiness) {
    std::vector<std::string> lines;
    for (const std::string& reason : readiness.missing) {
        lines.push_back(msg::not_ready_because(reason));
    }
    if (lines.empty()) {
        lines.push_back(msg::ready());
    }
    return lines;
}

} // namespace sfc
