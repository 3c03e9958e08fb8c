// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "config/plan.h"

#include <algorithm>
#include <bit>

#include <arpa/inet.h>
#include <unistd.h>

#include "config/encapsulation.h"

namespace sfc {
namespace {

void copy_mac(const Mac& from, __u8 (&to)[6]) {
    std::copy(from.begin(), from.end(), to);
}

bool same(const sfc_mask& one, const sfc_mask& other) {
    return one.word[0] == other.word[0] && one.word[1] == other.word[1];
}

int bits(const sfc_mask& mask) {
    return std::popcount(mask.word[0]) + std::popcount(mask.word[1]);
}

void add_mask(std::vector<sfc_mask>& masks, const sfc_mask& mask) {
    if (std::none_of(masks.begin(), masks.end(), [&](const sfc_mask& one) { return same(one, mask); })) {
        masks.insert(
            std::find_if(masks.begin(), masks.end(), [&](const sfc_mask& one) { return bits(one) < bits(mask); }),
            mask);
    }
}

/// The shape that the services need, with the room that is reserved for later.
Shape shape_of(const Config& config) {
    Shape shape;
    std::uint32_t longest = std::max<std::uint32_t>(SFC_HEADER_ROOM_LEAST, config.header_max);
    for (const ServiceConfig& service : config.services) {
        longest = std::max(longest, encapsulation(service.match.encap).header_max);
        for (const MatchValue& value : service.match.values) {
            add_mask(shape.masks.at(service.match.encap), value.mask);
        }
    }
    shape.header_room = (longest + SFC_HEADER_STEP - 1) / SFC_HEADER_STEP * SFC_HEADER_STEP;
    shape.kernel_mode = config.kernel_mode ||
                        std::any_of(config.sfs.begin(), config.sfs.end(), [](const SfConfig& sf) { return sf.kernel; });
    shape.fib = std::any_of(config.services.begin(), config.services.end(), [](const ServiceConfig& service) {
        return service.next_hop && !service.next_hop->fib.empty();
    });
    return shape;
}

/// At least as many as buckets, because a bucket's lock is that of its lines.
std::uint32_t memory_lines(const Config& config) {
    return config.remember == 0
               ? 0
               : std::max(std::bit_ceil(config.remember), rounded_capacity(config) / SFC_SLOTS_PER_LINE);
}

/// What each encapsulation's row says, or the configuration instead.
std::array<std::uint16_t, SFC_ENCAPS_MAX> udp_ports(const Config& config) {
    auto ports = udp_ports_of_rows();
    for (std::size_t encap = 0; encap < ports.size(); encap++) {
        ports.at(encap) = config.udp_ports.at(encap) != 0 ? config.udp_ports.at(encap) : ports.at(encap);
    }
    return ports;
}

sfc_address to_address(const std::string& text) {
    sfc_address address{};
    if (text.find(':') != std::string::npos) {
        inet_pton(AF_INET6, text.c_str(), address.word);
    } else {
        address.word[2] = htonl(0xffff);
        inet_pton(AF_INET, text.c_str(), &address.word[3]);
    }
    return address;
}

class Planner {
public:
    explicit Planner(const Config& config) : config_(config) {
        plan_.capacity = rounded_capacity(config);
        plan_.memory_lines = memory_lines(config);
        plan_.udp_ports = udp_ports(config);
        plan_.shape = shape_of(config);
        plan_.ports.emplace_back();
        plan_.sfs.emplace_back();
        plan_.services.emplace_back();
    }

    Plan run() {
        for (const SfConfig& sf : config_.sfs) {
            add_sf(sf);
        }
        // Before any next hop or egress, so that an interface that is both gets the domain port's role.
        for (const ServiceConfig& service : config_.services) {
            for (const PortConfig& port : service.domain) {
                plan_.ports[port_of(port, SFC_ROLE_DOMAIN)].entry.unmatched = config_.unmatched;
            }
        }
        for (const ServiceConfig& service : config_.services) {
            add_service(service);
        }
        set_icmp();
        return std::move(plan_);
    }

private:
    const Config& config_;
    Plan plan_;
    std::uint32_t next_slot_ = 0;

    void set_icmp() {
        constexpr std::uint64_t kSecond = 1'000'000'000;
        sfc_icmp icmp{};
        icmp.source[0] = config_.icmp.source4 ? to_address(*config_.icmp.source4) : sfc_address{};
        icmp.source[1] = config_.icmp.source6 ? to_address(*config_.icmp.source6) : sfc_address{};
        icmp.interval_ns = kSecond / config_.icmp.rate;
        icmp.burst_ns = std::max<std::uint64_t>((SFC_ICMP_BURST - 1) * icmp.interval_ns, kSecond / SFC_ICMP_BURST);
        plan_.icmp_on = config_.icmp.on;
        plan_.icmp.assign(plan_.ports.size(), icmp);
        plan_.shape.icmp = plan_.icmp_on ? plan_.icmp_versions() : 0;
    }

    std::uint16_t port_of(const PortConfig& port, sfc_role role) {
        std::uint16_t id = plan_.port_id(port.port_name());
        if (id == SFC_NONE) {
            id = plan_.ports.size();
            plan_.ports.push_back({.name = port.port_name(), .interface = port.interface, .netns = port.netns});
            plan_.ports[id].entry.role = role;
            plan_.ports[id].entry.accept = role == SFC_ROLE_DOMAIN ? SFC_ACCEPT_OWN : SFC_ACCEPT_ANY;
        }
        plan_.ports[id].peer_prepared |= port.peer_prepared;
        if (port.mtu) {
            plan_.ports[id].entry.mtu = *port.mtu;
        }
        if (port.accept) {
            plan_.ports[id].entry.accept = *port.accept;
        }
        return id;
    }

    std::uint16_t add_sf_port(const PortConfig& port, std::uint16_t sf, sfc_accept accept) {
        const std::uint16_t id = port_of(port, SFC_ROLE_SF);
        sfc_port& entry = plan_.ports[id].entry;
        entry.sf = sf;
        entry.accept = port.accept.value_or(accept);
        entry.routed = port.mac || port.ip ? 1 : 0;
        entry.unready = port.ip ? 1 : 0;
        copy_mac(port.mac.value_or(Mac{}), entry.sf_mac);
        plan_.ports[id].ip = port.ip;
        return id;
    }

    void add_sf(const SfConfig& config) {
        const std::uint16_t id = plan_.sfs.size();
        Plan::Sf sf;
        sf.name = config.name;
        sf.gro = config.gro;
        sf.probe = config.probe;
        plan_.unwatched.insert(plan_.unwatched.end(), config.unwatched.begin(), config.unwatched.end());
        sf.entry.hold_ns = config.hold_ns;
        sf.entry.epoch = 1;
        sf.entry.on_miss = config.on_miss;
        sf.entry.key_parts = config.key_parts;
        sf.entry.tunnels = config.tunnels;
        sf.entry.rtp_ranges = config.rtp_ports.size();
        std::copy(config.rtp_ports.begin(), config.rtp_ports.end(), sf.entry.rtp);
        sf.entry.kernel = config.kernel ? 1 : 0;
        plan_.mark_mask |= config.mark_mask; // of all that have one it is the same
        if (!config.host_kernel()) {
            // Of a kernel they come back with tickets in place of MACs.
            const sfc_accept accept = config.routed() && !config.kernel ? SFC_ACCEPT_OWN : SFC_ACCEPT_ANY;
            sf.left = add_sf_port(config.both ? *config.both : *config.left, id, accept);
            sf.right = config.both ? sf.left : add_sf_port(*config.right, id, accept);
        }
        plan_.sfs.push_back(sf);
    }

    std::uint16_t sf_id(const std::string& name) const {
        const auto sf =
            std::find_if(plan_.sfs.begin(), plan_.sfs.end(), [&](const Plan::Sf& entry) { return entry.name == name; });
        return sf - plan_.sfs.begin();
    }

    void set_next_hop(const NextHopConfig& hop, sfc_service& entry) {
        if (hop.ingress) {
            entry.egress_port = SFC_PORT_INGRESS;
            entry.next_hop_ready = 1;
            return;
        }
        entry.egress_port = port_of(hop.port, SFC_ROLE_EGRESS);
        entry.next_hop_ready = hop.port.mac ? 1 : 0;
        copy_mac(hop.port.mac.value_or(Mac{}), entry.next_hop_mac);
    }

    /// The kernel knows routes and neighbours, so none is ever missing. The first port stands for all where there are
    /// no routes to ask, as in a replay.
    void set_fib(const NextHopConfig& hop, sfc_service& entry) {
        for (std::size_t n = 0; n < hop.fib.size(); n++) {
            entry.egress[n] = port_of(hop.fib[n], SFC_ROLE_EGRESS);
        }
        entry.options |= SFC_OPTION_FIB;
        entry.egress_port = entry.egress[0];
        entry.next_hop_ready = 1;
    }

    void set_tunnel(const NextHopConfig& hop, Plan::Service& service) {
        service.entry.options |= SFC_OPTION_TUNNEL;
        service.tunnel = sfc_tunnel{to_address(hop.tunnel->remote), to_address(hop.tunnel->local),
                                    hop.tunnel->remote.find(':') != std::string::npos};
        if (hop.fib.empty() && !hop.port.mac && !hop.port.ip) {
            service.next_hop_ip = hop.tunnel->remote;
            service.routed = true;
        }
    }

    /// The kernel knows the next hops, so none is ever missing.
    void set_egress(const ServiceConfig& config, bool gro, sfc_service& entry) {
        entry.next_hop_ready = 1;
        for (std::size_t n = 0; n < config.egress.size(); n++) {
            entry.egress[n] = port_of(config.egress[n], SFC_ROLE_EGRESS);
            plan_.ports[entry.egress[n]].kernel_egress = true;
        }
        for (const PortConfig& port : config.domain) {
            Plan::Port& domain = plan_.ports[plan_.port_id(port.port_name())];
            domain.gro = domain.entry.kernel == 0 ? gro : domain.gro && gro;
            domain.entry.kernel = 1;
            domain.kernel_egress = true; // a route may lead back there, and then nothing must leave bare
        }
    }

    /// The next `quota` slots are the service's own. Those that one CPU keeps are out of reach of the others, so all
    /// CPUs together keep an eighth at most.
    void set_slots(std::uint32_t quota, sfc_service& entry) {
        const auto cpus = static_cast<std::uint32_t>(std::max(1L, sysconf(_SC_NPROCESSORS_CONF)));
        entry.first_slot = next_slot_;
        entry.quota = quota;
        const std::uint32_t kept = quota / (8 * cpus);
        entry.magazine = std::min<std::uint32_t>(kept, SFC_MAGAZINE - 1);
        entry.chunks = std::min<std::uint32_t>((kept - entry.magazine) / (SFC_CHUNK + 1), UINT16_MAX);
        next_slot_ += quota;
    }

    /// The position of the mask among those of the encapsulation.
    std::uint8_t mask_number(unsigned encap, const sfc_mask& mask) {
        const auto& masks = plan_.shape.masks.at(encap);
        return std::find_if(masks.begin(), masks.end(), [&](const sfc_mask& one) { return same(one, mask); }) -
               masks.begin();
    }

    void add_matches(const ServiceConfig& config, std::uint32_t service, std::uint16_t sf) {
        for (const PortConfig& port : config.domain) {
            for (const MatchValue& value : config.match.values) {
                const std::uint16_t domain = plan_.port_id(port.port_name());
                plan_.ports[domain].entry.tickets |= plan_.sfs[sf].entry.kernel;
                plan_.matches.push_back(
                    {{.port = domain,
                      .encap = config.match.encap,
                      .mask = mask_number(config.match.encap, value.mask),
                      .reserved = 0,
                      .value = {value.value[0] & value.mask.word[0], value.value[1] & value.mask.word[1]}},
                     service});
            }
        }
    }

    void add_service(const ServiceConfig& config) {
        const std::uint32_t id = plan_.services.size();
        Plan::Service service;
        service.name = config.name;
        service.entry.sf = sf_id(config.sf);
        Plan::Sf& sf = plan_.sfs[service.entry.sf];
        sf.entry.ethernet = config.inner == SFC_INNER_ETHERNET ? 1 : 0; // the same for all its services
        service.entry.to_port = config.in == Side::Right ? sf.right : sf.left;
        service.entry.return_port = config.in == Side::Right ? sf.left : sf.right;
        sf.entry.masquerade = (config.options & SFC_OPTION_MASQUERADE) != 0 ? 1 : 0; // and this
        service.entry.encap = config.match.encap;
        service.fixed = config.fixed;
        service.entry.sid_block = config.match.sid_block;
        service.entry.sid_function = config.match.sid_function;
        service.entry.inner = config.inner;
        service.entry.ttl = config.ttl;
        service.entry.inner_ttl = config.inner_ttl;
        service.entry.last_label = config.last_label;
        service.entry.options = config.options | (sf.entry.kernel != 0 ? +SFC_OPTION_KERNEL : 0U);
        if ((config.options & SFC_OPTION_LAST) != 0) {
            plan_.ports[service.entry.return_port].entry.last_service = id;
        }
        set_slots(config.quota.value_or(equal_share(config_)), service.entry);
        if (sf.entry.kernel != 0 && sf.left == SFC_NONE) {
            set_egress(config, sf.gro, service.entry);
        }
        if (config.next_hop) {
            if (config.next_hop->fib.empty()) {
                set_next_hop(*config.next_hop, service.entry);
            } else {
                set_fib(*config.next_hop, service.entry);
            }
            service.next_hop_ip = config.next_hop->port.ip;
            if (config.next_hop->tunnel) {
                set_tunnel(*config.next_hop, service);
            }
        }
        add_matches(config, id, service.entry.sf);
        plan_.services.push_back(service);
    }
};

} // namespace

bool Shape::in_ip() const {
    for (unsigned encap = 0; encap < masks.size(); encap++) {
        if (is_in_ip(encap) && !masks.at(encap).empty()) {
            return true;
        }
    }
    return false;
}

bool unspecified(const sfc_address& address) {
    return std::all_of(std::begin(address.word), std::end(address.word), [](__u32 word) { return word == 0; });
}

IndexSize Plan::index_size() const {
    const std::uint32_t lines = capacity / SFC_SLOTS_PER_LINE;
    return lines <= SFC_BUCKETS_MOST ? IndexSize{lines, 0} : IndexSize{SFC_BUCKETS_MOST, lines};
}

std::uint8_t Plan::icmp_versions() const {
    const auto any = [&](int version) {
        return std::any_of(icmp.begin(), icmp.end(),
                           [&](const sfc_icmp& port) { return !unspecified(port.source[version]); });
    };
    return (any(0) ? +SFC_ICMP_IPV4 : 0) | (any(1) ? +SFC_ICMP_IPV6 : 0);
}

std::uint16_t Plan::port_id(const std::string& name) const {
    for (std::size_t id = 1; id < ports.size(); id++) {
        if (ports[id].name == name) {
            return id;
        }
    }
    return SFC_NONE;
}

unsigned Plan::mark_check_bits() const {
    const unsigned above = std::popcount(mark_mask) - (mark_mask == 0 ? 0 : std::bit_width(capacity));
    return mark_mask == 0 ? 0 : std::min<unsigned>(above - SFC_MARK_GENERATION_LEAST, SFC_MARK_CHECK_MOST);
}

bool Plan::any_kernel() const {
    return std::any_of(sfs.begin(), sfs.end(), [](const Sf& sf) { return sf.entry.kernel != 0; });
}

bool Plan::any_last() const {
    return std::any_of(services.begin(), services.end(),
                       [](const Service& one) { return (one.entry.options & SFC_OPTION_LAST) != 0; });
}

bool Plan::may_bypass(const Service& service) const {
    return service.entry.encap != SFC_ENCAP_NONE &&
           (encapsulation(service.entry.encap).may_bypass || (service.entry.options & SFC_OPTION_OAM) != 0);
}

bool Plan::may_bypass() const {
    return std::any_of(services.begin(), services.end(), [this](const Service& one) { return may_bypass(one); });
}

bool Plan::through_host_kernel() const {
    return std::any_of(sfs.begin(), sfs.end(),
                       [](const Sf& sf) { return sf.entry.kernel != 0 && sf.left == SFC_NONE; });
}

std::vector<std::string> Plan::egress_names(const Service& service) const {
    std::vector<std::string> names;
    for (const std::uint16_t id : service.entry.egress) {
        if (id != SFC_NONE) {
            names.push_back(ports[id].name);
        }
    }
    return names;
}

std::uint16_t Plan::return_port(std::uint16_t port) const {
    const Sf& sf = sfs.at(ports.at(port).entry.sf);
    return port == sf.left ? sf.right : sf.left;
}

Plan make_plan(const Config& config) {
    return Planner(config).run();
}

} // namespace sfc
