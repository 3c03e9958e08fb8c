// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What a configuration must be as a whole. Every message stands at the later of the two positions that contradict each
// other.
#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "config/config.h"
#include "config/messages.h"
#include "config/words.h"
#include "config/yaml_reader.h"

namespace sfc {
namespace {

constexpr unsigned kMarkMore = SFC_MARK_GENERATION_LEAST + SFC_MARK_CHECK_LEAST;

/// An interface that the configuration has named so far.
struct Seen {
    sfc_role role = SFC_ROLE_NONE;
    std::string by;
    std::optional<std::uint32_t> mtu;
    std::optional<sfc_accept> accept;
};

/// A value that its mask has been put on, and the mask.
using Masked = std::array<std::uint64_t, 4>;

class Checker {
public:
    explicit Checker(const Config& config) : config_(config) {}

    void run() {
        if (config_.sfs.size() >= SFC_PORTS_MAX || config_.services.size() >= SFC_SERVICES_MAX) {
            throw error({1, 1}, msg::too_many_sfs(SFC_PORTS_MAX - 1, SFC_SERVICES_MAX - 1));
        }
        for (const SfConfig& sf : config_.sfs) {
            check_sf(sf);
        }
        for (const ServiceConfig& service : config_.services) {
            check_service(service);
        }
        if (ports_.size() >= SFC_PORTS_MAX) {
            throw error({1, 1}, msg::too_many_ports(ports_.size(), SFC_PORTS_MAX - 1));
        }
        check_quotas();
    }

private:
    const Config& config_;
    std::map<std::string, const SfConfig*> sfs_;
    std::map<std::string, const ServiceConfig*> first_of_sf_; ///< what the SF gets is settled by its first service
    const SfConfig* first_kernel_ = nullptr;
    std::set<std::string> services_;
    std::map<std::string, Seen> ports_;
    std::map<std::tuple<std::string, unsigned, Masked>, std::string> matches_; ///< which service has them
    std::map<unsigned, std::set<std::array<std::uint64_t, 2>>> masks_;
    std::map<std::string, std::string> last_; ///< by port, the service whose last header packets of the SF get

    [[nodiscard]] Error error(Position at, const std::string& sentence) const {
        return config_error(config_.file, at, sentence);
    }

    void check_sf(const SfConfig& sf) {
        check_mark(sf);
        if (!sfs_.emplace(sf.name, &sf).second) {
            throw error(sf.at, msg::sf_name_twice(sf.name));
        }
        for (const auto* port : {&sf.left, &sf.right, &sf.both}) {
            if (*port) {
                claim_sf_port(**port, sf);
                check_accept(**port, sf);
            }
        }
    }

    void claim_sf_port(const PortConfig& port, const SfConfig& sf) {
        Seen& seen = ports_[port.port_name()];
        if (seen.role != SFC_ROLE_NONE) {
            throw error(port.at, msg::port_belongs_to(port.port_name(), seen.by));
        }
        seen = {SFC_ROLE_SF, msg::named_sf(sf.name), port.mtu, port.accept};
    }

    /// From a transparent SF packets come back with the MACs of the SFC domain.
    void check_accept(const PortConfig& port, const SfConfig& sf) const {
        const auto addressed = [](const std::optional<PortConfig>& one) { return one && (one->mac || one->ip); };
        if (port.accept == SFC_ACCEPT_OWN && !addressed(sf.left) && !addressed(sf.right) && !addressed(sf.both)) {
            throw error(port.at, msg::transparent_takes_no_own(port.port_name(), sf.name));
        }
    }

    /// One kernel, one mark. All headers need numbers in it, generations so that no number is mistaken soon, and a
    /// check so that nobody can guess a mark.
    void check_mark(const SfConfig& sf) {
        if (!sf.kernel) {
            return;
        }
        const SfConfig& first = first_kernel_ ? *first_kernel_ : sf;
        first_kernel_ = &first;
        if (sf.mark_mask != first.mark_mask) {
            throw error(sf.at, msg::marks_differ(first.name, sf.name));
        }
        const auto bits = static_cast<unsigned>(std::popcount(sf.mark_mask));
        const auto numbers = static_cast<unsigned>(std::bit_width(rounded_capacity(config_)));
        if (bits != 0 && bits < numbers + kMarkMore) {
            throw error(sf.mark_at,
                        msg::mark_too_small(sf.mark_mask, bits, rounded_capacity(config_), numbers + kMarkMore, numbers,
                                            +SFC_MARK_GENERATION_LEAST, +SFC_MARK_CHECK_LEAST));
        }
    }

    /// A domain port, a next hop's interface or a kernel's egress: never an SF port, or SFC headers would reach an SF.
    void claim_domain_port(const PortConfig& port, const std::string& by) {
        Seen& seen = ports_[port.port_name()];
        if (seen.role == SFC_ROLE_SF) {
            throw error(port.at, msg::port_of_sf(port.port_name(), seen.by));
        }
        if (seen.mtu && port.mtu && *seen.mtu != *port.mtu) {
            throw error(port.at, msg::mtus_differ(port.port_name(), *port.mtu, *seen.mtu, seen.by));
        }
        if (seen.role == SFC_ROLE_NONE) {
            seen = {SFC_ROLE_DOMAIN, by, std::nullopt, std::nullopt};
        }
        if (seen.accept && port.accept && *seen.accept != *port.accept) {
            throw error(port.at, msg::accepts_differ(port.port_name(), word_of<sfc_accept>(*port.accept),
                                                     word_of<sfc_accept>(*seen.accept), seen.by));
        }
        if (port.mtu) {
            seen.mtu = port.mtu;
        }
        if (port.accept) {
            seen.accept = port.accept;
        }
    }

    void check_service(const ServiceConfig& service) {
        if (!services_.insert(service.name).second) {
            throw error(service.at, msg::service_name_twice(service.name));
        }
        check_sf_of(service);
        check_inner(service);
        check_last(service);
        const std::string by = msg::named_service(service.name);
        std::set<std::string> own;
        for (const PortConfig& port : service.domain) {
            if (!own.insert(port.port_name()).second) {
                throw error(port.at, msg::twice_in_domain(port.port_name(), by));
            }
            claim_domain_port(port, by);
            check_match(service, port.port_name());
        }
        check_ways_out(service, by);
        if ((service.options & SFC_OPTION_OAM) != 0 && !service.next_hop) {
            throw error(service.at, msg::oam_needs_next_hop(service.name));
        }
    }

    /// One match may be more specific than another one, but not equal to it.
    void check_match(const ServiceConfig& service, const std::string& port) {
        auto& masks = masks_[service.match.encap];
        for (const MatchValue& value : service.match.values) {
            const std::array<std::uint64_t, 2> mask = {value.mask.word[0], value.mask.word[1]};
            const Masked masked = {value.value[0] & mask[0], value.value[1] & mask[1], mask[0], mask[1]};
            const auto [other, fresh] =
                matches_.emplace(std::tuple(port, unsigned{service.match.encap}, masked), service.name);
            if (!fresh) {
                throw error(service.match.at, msg::matched(value.text, port, other->second));
            }
            masks.insert(mask);
            for (const auto& [zero, one] : masks) {
                const bool within = (zero & mask[0]) == zero && (one & mask[1]) == one;
                if (!within && ((zero & mask[0]) != mask[0] || (one & mask[1]) != mask[1])) {
                    throw error(service.match.at, msg::masks_cross(value.text));
                }
            }
        }
        if (masks.size() > SFC_MASKS_MAX) {
            throw error(service.match.at, msg::too_many_masks(word_of<sfc_encap>(service.match.encap), +SFC_MASKS_MAX));
        }
    }

    /// A packet that an SF sends on its own tells nothing but the port that it came by.
    void check_last(const ServiceConfig& service) {
        if ((service.options & SFC_OPTION_LAST) == 0) {
            return;
        }
        const SfConfig& sf = *sfs_.at(service.sf);
        const auto& port = sf.both ? sf.both : service.in == Side::Left ? sf.right : sf.left;
        const auto [other, fresh] = last_.emplace(port->port_name(), service.name);
        if (!fresh) {
            throw error(service.last_at, msg::last_twice(service.name, other->first, other->second));
        }
    }

    /// Ports of one list; `twice` is the sentence for one that stands there twice.
    template <class Sentence>
    void claim_all(const std::vector<PortConfig>& ports, const std::string& by, const Sentence& twice) {
        std::set<std::string> own;
        for (const PortConfig& port : ports) {
            if (!own.insert(port.port_name()).second) {
                throw error(port.at, twice(port.port_name(), by));
            }
            claim_domain_port(port, by);
        }
    }

    void check_ways_out(const ServiceConfig& service, const std::string& by) {
        claim_all(service.egress, by, msg::twice_in_egress);
        if (service.next_hop) {
            claim_all(service.next_hop->fib, by, msg::twice_in_fib);
        }
        if (service.next_hop && !service.next_hop->ingress && service.next_hop->fib.empty()) {
            claim_domain_port(service.next_hop->port, by);
        }
    }

    /// An SF that gets Ethernet frames gets nothing else, and they go to it as they are.
    void check_inner(const ServiceConfig& service) {
        const bool ethernet = service.inner == SFC_INNER_ETHERNET;
        const ServiceConfig& first = *first_of_sf_.emplace(service.sf, &service).first->second;
        if (ethernet != (first.inner == SFC_INNER_ETHERNET)) {
            throw error(service.at,
                        msg::two_kinds(service.sf, ethernet ? "Ethernet frames" : "IP packets", service.name,
                                       ethernet ? "IP packets" : "Ethernet frames", first.name));
        }
        const auto masquerades = [](const ServiceConfig& one) { return (one.options & SFC_OPTION_MASQUERADE) != 0; };
        if (masquerades(service) != masquerades(first)) {
            throw error(service.at, msg::am_and_others(service.sf, masquerades(service) ? service.name : first.name,
                                                       masquerades(service) ? first.name : service.name));
        }
        if (!ethernet) {
            return;
        }
        if (service.last_label == SFC_LAST_LABEL_PLAIN || service.inner_ttl == SFC_INNER_TTL_DECREMENT) {
            throw error(service.at, msg::ethernet_takes_no(service.name, service.last_label == SFC_LAST_LABEL_PLAIN
                                                                             ? "last_label: plain"
                                                                             : "inner_ttl: decrement"));
        }
        const SfConfig& sf = *sfs_.at(service.sf);
        for (const auto* port : {&sf.left, &sf.right, &sf.both}) {
            if (*port && ((*port)->mac || (*port)->ip)) {
                throw error((*port)->at, msg::frames_as_they_are((*port)->port_name(), sf.name, service.name));
            }
        }
    }

    /// Slots are given away once: what one service has no other can use up.
    void check_quotas() const {
        const std::uint32_t capacity = rounded_capacity(config_), share = equal_share(config_);
        std::uint64_t given = 0;
        for (const ServiceConfig& service : config_.services) {
            given += service.quota.value_or(share);
            if (given > capacity) {
                throw error(service.at, msg::quotas_too_large(service.name, given, capacity));
            }
            if (service.quota.value_or(share) < SFC_QUOTA_MIN) {
                throw error(service.at, msg::slots_too_few(share, service.name, capacity, +SFC_QUOTA_MIN));
            }
        }
    }

    void check_sf_of(const ServiceConfig& service) const {
        const auto sf = sfs_.find(service.sf);
        if (sf == sfs_.end()) {
            throw error(service.sf_at, msg::unknown_sf(service.name, service.sf));
        }
        if (sf->second->both && service.in != Side::None) {
            throw error(service.sf_at, msg::one_armed_takes_no_in(service.sf, service.name));
        }
        if (!sf->second->both && !sf->second->host_kernel() && service.in == Side::None) {
            throw error(service.sf_at, msg::in_missing(service.name, service.sf));
        }
    }
};

} // namespace

bool SfConfig::routed() const {
    const auto ports = {&left, &right, &both};
    return std::all_of(ports.begin(), ports.end(),
                       [](const auto* port) { return !*port || (*port)->mac || (*port)->ip; });
}

std::uint32_t rounded_capacity(const Config& config) {
    return std::bit_ceil(config.capacity);
}

std::uint32_t equal_share(const Config& config) {
    std::uint32_t rest = rounded_capacity(config), others = 0;
    for (const ServiceConfig& service : config.services) {
        rest -= std::min(rest, service.quota.value_or(0));
        others += service.quota ? 0 : 1;
    }
    return others == 0 ? 0 : rest / others;
}

void check_config(const Config& config) {
    Checker(config).run();
}

} // namespace sfc
