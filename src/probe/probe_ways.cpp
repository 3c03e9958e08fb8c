// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "probe/probe_ways.h"

#include <algorithm>

#include <linux/rtnetlink.h>

#include "base/error.h"
#include "net/netlink.h"
#include "probe/messages.h"

namespace sfc {
namespace {

constexpr std::size_t kSize6 = 16;
constexpr unsigned kByte = 8;

bool carries(const Plan::Service& service, bool six) {
    return service.entry.inner == SFC_INNER_IP || service.entry.inner == (six ? SFC_INNER_IPV6 : SFC_INNER_IPV4);
}

/// Domain ports of a service.
std::vector<std::uint16_t> domain_of(const Plan& plan, std::size_t service) {
    std::vector<std::uint16_t> ports;
    for (const Plan::Match& match : plan.matches) {
        if (match.service == service) {
            ports.push_back(match.match.port);
        }
    }
    return ports;
}

void add(std::vector<ProbeWay>& ways, const ProbeWay& way) {
    const bool known = std::any_of(ways.begin(), ways.end(), [&](const ProbeWay& other) {
        return way.sf == other.sf && way.in == other.in && way.out == other.out && way.six == other.six;
    });
    if (!known) {
        ways.push_back(way);
    }
}

void add_ways(std::vector<ProbeWay>& ways, const Plan& plan, std::size_t id) {
    const Plan::Service& service = plan.services[id];
    const std::vector<std::uint16_t> domain = domain_of(plan, id);
    for (const bool six : {false, true}) {
        ProbeWay way{.sf = service.entry.sf, .six = six};
        if (!carries(service, six)) {
            // Ethernet frames: one line says that they are not probed
            if (service.entry.inner != SFC_INNER_ETHERNET || six) {
                continue;
            }
        }
        if (!plan.through_host_kernel(service)) {
            way.in = service.entry.to_port;
            way.out = service.entry.return_port;
            way.ingress = domain.front();
            way.kind = plan.through_kernel(service) ? ProbeKind::SfKernel : ProbeKind::Ports;
            add(ways, way);
            continue;
        }
        way.kind = ProbeKind::HostKernel;
        for (const std::uint16_t in : domain) {
            for (const std::uint16_t out : service.entry.egress) {
                way.in = way.ingress = in;
                way.out = out;
                if (out != SFC_NONE) {
                    add(ways, way);
                }
            }
        }
    }
}

bool of_version(const IpBytes& ip, bool six) {
    return (ip.size() == kSize6) == six;
}

/// Addresses of the interface that packets can be routed by.
std::vector<OwnAddress> own_of(const LinkHosts& hosts, std::uint32_t ifindex, bool six) {
    std::vector<OwnAddress> found;
    std::copy_if(hosts.own.begin(), hosts.own.end(), std::back_inserter(found), [&](const OwnAddress& own) {
        return own.ifindex == ifindex && of_version(own.ip, six) && !link_local(own.ip);
    });
    return found;
}

/// A neighbour whose MAC is known, and who is on the link: a route to another one may lead anywhere.
std::optional<IpBytes> neighbour_of(const LinkHosts& hosts, std::uint32_t ifindex, bool six, const IpBytes& but) {
    const auto own = own_of(hosts, ifindex, six);
    for (const Neighbour& one : hosts.neighbours) {
        if (one.ifindex != ifindex || !one.mac || !of_version(one.ip, six) || one.ip == but) {
            continue;
        }
        if (std::any_of(own.begin(), own.end(), [&](const OwnAddress& address) {
                return same_link(address.ip, one.ip, address.prefix) && address.ip != one.ip;
            })) {
            return one.ip;
        }
    }
    return std::nullopt;
}

/// The last address of the link that is nobody's as far as is known.
std::optional<IpBytes> made_up_host(const OwnAddress& own, const IpBytes& but) {
    const unsigned bits = static_cast<unsigned>(own.ip.size()) * kByte;
    if (own.prefix + 2 > bits) {
        return std::nullopt;
    }
    IpBytes ip = own.ip;
    for (unsigned bit = own.prefix; bit < bits; bit++) {
        ip[bit / kByte] |= 0x80U >> bit % kByte;
    }
    for (unsigned below = 1; below <= 3; below++) { // the very last one is the broadcast address
        ip.back()--;
        if (ip != own.ip && ip != but && same_link(ip, own.ip, own.prefix)) {
            return ip;
        }
    }
    return std::nullopt;
}

std::optional<IpBytes> source_of(const LinkHosts& hosts, std::uint32_t ifindex, bool six, const IpBytes& but) {
    if (auto known = neighbour_of(hosts, ifindex, six, but)) {
        return known;
    }
    for (const OwnAddress& own : own_of(hosts, ifindex, six)) {
        if (auto ip = made_up_host(own, but)) {
            return ip;
        }
    }
    return std::nullopt;
}

/// The address that the kernel knows for the MAC of a next hop.
std::optional<IpBytes> address_of(const LinkHosts& hosts, std::uint32_t ifindex, const __u8 (&mac)[6], bool six) {
    for (const Neighbour& one : hosts.neighbours) {
        if (one.ifindex == ifindex && one.mac && std::equal(one.mac->begin(), one.mac->end(), std::begin(mac)) &&
            of_version(one.ip, six) && !link_local(one.ip)) {
            return one.ip;
        }
    }
    return std::nullopt;
}

/// The next hop of a service that goes this way.
std::optional<IpBytes> next_hop_of(const Plan& plan, const ProbeWay& way, const LinkHosts& hosts,
                                   const std::vector<std::uint32_t>& interfaces) {
    for (const Plan::Service& service : plan.services) {
        const sfc_service& entry = service.entry;
        if (entry.to_port != way.in || entry.return_port != way.out || entry.egress_port == SFC_PORT_INGRESS) {
            continue;
        }
        auto ip = service.next_hop_ip
                      ? std::optional(parse_ip(*service.next_hop_ip))
                      : address_of(hosts, interfaces.at(entry.egress_port), entry.next_hop_mac, way.six);
        if (ip && of_version(*ip, way.six)) {
            return ip;
        }
    }
    return std::nullopt;
}

ProbeEnds unknown(ProbeOutcome outcome, std::string why) {
    return {.source = {}, .destination = {}, .outcome = outcome, .why = std::move(why)};
}

const char* version(bool six) {
    return six ? "IPv6" : "IPv4";
}

} // namespace

std::vector<ProbeWay> probe_ways(const Plan& plan) {
    std::vector<ProbeWay> ways;
    for (std::size_t sf = 1; sf < plan.sfs.size(); sf++) {
        for (std::size_t id = 1; plan.sfs[sf].probe && id < plan.services.size(); id++) {
            if (plan.services[id].entry.sf == sf) {
                add_ways(ways, plan, id);
            }
        }
    }
    return ways;
}

std::vector<std::string> egress_of(const Plan& plan, const ProbeWay& way) {
    std::vector<std::string> names;
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        const auto domain = domain_of(plan, id);
        if (plan.services[id].entry.sf != way.sf || std::find(domain.begin(), domain.end(), way.in) == domain.end()) {
            continue;
        }
        for (std::string& name : plan.egress_names(plan.services[id])) {
            if (std::find(names.begin(), names.end(), name) == names.end()) {
                names.push_back(std::move(name));
            }
        }
    }
    return names;
}

std::vector<std::size_t> services_of(const Plan& plan, const ProbeWay& way) {
    std::vector<std::size_t> found;
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        const sfc_service& entry = plan.services[id].entry;
        if (entry.sf != way.sf || !carries(plan.services[id], way.six)) {
            continue;
        }
        const auto others = std::count_if(std::begin(entry.egress), std::end(entry.egress),
                                          [&](std::uint16_t out) { return out != SFC_NONE && out != way.out; });
        if (way.kind == ProbeKind::HostKernel ? domain_of(plan, id) == std::vector{way.in} && others == 0
                                              : entry.to_port == way.in) {
            found.push_back(id);
        }
    }
    return found;
}

LinkHosts read_link_hosts() {
    LinkHosts hosts;
    Netlink netlink;
    int error = read_own_addresses(netlink, hosts.own);
    error = error != 0
                ? error
                : each_neighbour(netlink, [&](const Neighbour& neighbour) { hosts.neighbours.push_back(neighbour); });
    if (error != 0) {
        throw system_error(msg::cannot_ask_hosts(), error);
    }
    return hosts;
}

ProbeEnds ends_in_kernel(const Plan& plan, const ProbeWay& way, const LinkHosts& hosts, std::uint32_t in,
                         std::uint32_t out) {
    for (const auto& [port, ifindex] : {std::pair(way.in, in), std::pair(way.out, out)}) {
        if (own_of(hosts, ifindex, way.six).empty()) {
            return unknown(ProbeOutcome::NoAddress, msg::no_address(plan.ports[port].name, version(way.six)));
        }
    }
    const auto destination = neighbour_of(hosts, out, way.six, {});
    if (!destination) {
        return unknown(ProbeOutcome::Waiting, msg::no_neighbour_yet(plan.ports[way.out].name));
    }
    const auto source = source_of(hosts, in, way.six, *destination);
    if (!source) {
        return unknown(ProbeOutcome::Waiting, msg::no_made_up_host(plan.ports[way.in].name));
    }
    return {.source = *source, .destination = *destination};
}

ProbeEnds ends_behind_ports(const Plan& plan, const ProbeWay& way, const LinkHosts& hosts,
                            const std::vector<std::uint32_t>& interfaces) {
    if (plan.sfs[way.sf].entry.ethernet != 0) {
        return unknown(ProbeOutcome::NotProbed, msg::carries_ethernet());
    }
    ProbeWay back = way;
    std::swap(back.in, back.out);
    const auto to = next_hop_of(plan, way, hosts, interfaces), from = next_hop_of(plan, back, hosts, interfaces);
    if (!to && plan.ports[way.in].entry.routed != 0) {
        return unknown(ProbeOutcome::NoAddress, msg::no_known_next_hop(version(way.six)));
    }
    static const IpBytes kFrom4 = parse_ip("203.0.113.9"), kTo4 = parse_ip("198.51.100.9"),
                         kFrom6 = parse_ip("2001:db8:203::9"), kTo6 = parse_ip("2001:db8:198::9");
    return {.source = from.value_or(way.six ? kFrom6 : kFrom4), .destination = to.value_or(way.six ? kTo6 : kTo4)};
}

} // namespace sfc
