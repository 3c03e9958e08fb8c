// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// From YAML to Config: keys, types and ranges of single values.
#include <algorithm>

#include "config/config.h"
#include "config/encapsulation.h"
#include "config/icmp_reader.h"
#include "config/messages.h"
#include "config/ways_reader.h"
#include "config/yaml_reader.h"

namespace sfc {
namespace {

constexpr std::array<std::string_view, 1> kAccept = {"accept"}; // of ports that frames come in by

void read_sf_ports(const YamlValue& value, SfConfig& sf) {
    const YamlMap map(value, {"left", "right", "both"});
    const std::span<const std::string_view> more =
        sf.kernel ? std::span<const std::string_view>()
                  : std::span(kAccept); // tickets come back from a kernel in place of MACs
    const auto left = map.optional("left"), right = map.optional("right"), both = map.optional("both");
    if (both ? (left || right) : !(left && right)) {
        throw value.error(msg::left_right_or_both());
    }
    if (both) {
        sf.both = read_port(*both, more);
    } else {
        sf.left = read_port(*left, more);
        sf.right = read_port(*right, more);
    }
}

/// The key: a profile, and single parts that are set beside it.
void read_key(const YamlMap& map, SfConfig& sf) {
    if (const auto profile = map.optional("profile")) {
        sf.key_parts = kProfileParts[profile->choice(kProfiles)];
    }
    const std::pair<const char*, unsigned> parts[] = {{"ipv4_id", SFC_PART_IPV4_ID},
                                                      {"tcp_timestamps", SFC_PART_TCP_TIMESTAMPS},
                                                      {"payload_digest", SFC_PART_DIGEST},
                                                      {"payload_length", SFC_PART_LENGTH}};
    for (const auto& [key, part] : parts) {
        if (const auto value = map.optional(key)) {
            sf.key_parts = value->on_off() ? sf.key_parts | part : sf.key_parts & ~part;
        }
    }
    if (const auto ports = map.optional("rtp_ports")) {
        for (const YamlValue& item : ports->items()) {
            const auto [first, last] = item.range(1, 65535);
            sf.rtp_ports.push_back({static_cast<__u16>(first), static_cast<__u16>(last)});
        }
        if (sf.rtp_ports.size() > SFC_RTP_RANGES) {
            throw ports->error(msg::too_many_rtp_ports(+SFC_RTP_RANGES));
        }
    }
}

/// `stack: true`, or a mapping of how packets go through it.
bool read_kernel_options(const YamlValue& value, SfConfig& sf) {
    if (!value.is_map()) {
        return value.choice({"true", "false"}) == 0;
    }
    const YamlMap map(value, {"mark", "gro", "unwatched"});
    if (const auto mark = map.optional("mark")) {
        sf.mark_mask = mark->mark_mask();
        sf.mark_at = mark->at();
    }
    if (const auto gro = map.optional("gro")) {
        sf.gro = gro->on_off();
    }
    if (const auto unwatched = map.optional("unwatched")) {
        for (const YamlValue& item : unwatched->is_list() ? unwatched->items() : std::vector{*unwatched}) {
            sf.unwatched.push_back(item.interface());
        }
    }
    return true;
}

/// Checks an SF that is a kernel behind ports. It is another namespace's, so settings for this host's kernel alone are
/// refused.
void check_kernel_ports(const YamlMap& map, const SfConfig& sf) {
    for (const auto* port : {&sf.left, &sf.right, &sf.both}) {
        if (*port && !(*port)->mac && !(*port)->ip) {
            throw map.required("ports").error(msg::port_needs_address((*port)->interface, sf.name));
        }
    }
    if (!sf.unwatched.empty()) {
        throw map.required("stack").error(msg::no_unwatched(sf.name));
    }
}

/// Whether the SF is a kernel: of this host, or of the namespace behind its ports. A packet is known by a
/// ticket: it has no key.
bool read_kernel_mode(const YamlMap& map, SfConfig& sf) {
    const auto kernel = map.optional("stack");
    if (!kernel || !read_kernel_options(*kernel, sf)) {
        return false;
    }
    if (map.optional("netns") && !map.optional("ports")) {
        throw map.required("netns").error(msg::netns_needs_ports(sf.name));
    }
    for (const char* key : {"on_miss", "tunnels", "profile", "ipv4_id", "tcp_timestamps", "payload_digest",
                            "payload_length", "rtp_ports"}) {
        if (const auto value = map.optional(key)) {
            throw value->error(msg::kernel_takes_no(sf.name, key));
        }
    }
    return true;
}

SfConfig read_sf(const YamlValue& value) {
    const YamlMap map(value, {"name", "stack", "netns", "ports", "hold", "on_miss", "tunnels", "profile", "ipv4_id",
                              "tcp_timestamps", "payload_digest", "payload_length", "rtp_ports", "probe"});
    SfConfig sf;
    sf.at = value.at();
    sf.name = map.required("name").name();
    sf.kernel = read_kernel_mode(map, sf);
    if (!sf.kernel || map.optional("ports")) {
        read_sf_ports(map.required("ports"), sf);
    }
    if (sf.kernel && !sf.host_kernel()) {
        check_kernel_ports(map, sf);
    }
    if (const auto netns = map.optional("netns")) {
        const std::string name = netns->netns();
        for (auto* port : {&sf.left, &sf.right, &sf.both}) {
            if (*port) {
                (*port)->netns = name;
            }
        }
    }
    if (const auto hold = map.optional("hold")) {
        sf.hold_ns = hold->duration_ns();
    }
    if (const auto miss = map.optional("on_miss")) {
        sf.on_miss = miss->word<sfc_miss>();
    }
    if (const auto tunnels = map.optional("tunnels")) {
        sf.tunnels = tunnels->word<sfc_tunnels>();
    }
    if (const auto probe = map.optional("probe")) {
        sf.probe = probe->on_off();
    }
    read_key(map, sf);
    return sf;
}

/// Reads the encapsulation of the match first, because it decides which keys there may be.
sfc_encap read_encapsulation(const YamlValue& match) {
    const auto word = match.member("encapsulation");
    return word ? word->word<sfc_encap>() : static_cast<sfc_encap>(SFC_ENCAP_NONE + 1);
}

MatchConfig read_match(const YamlValue& value) {
    MatchConfig match;
    match.encap = read_encapsulation(value);
    const Encapsulation& encap = encapsulation(match.encap);
    const YamlMap map(value, with_keys({"encapsulation"}, encap.match_keys));
    (void)map.required("encapsulation");
    encap.read_match(map, match);
    return match;
}

/// A kernel takes its own hop off, and a frame has none.
void read_policies(const YamlMap& map, bool kernel, ServiceConfig& service) {
    if (const auto inner = map.optional("inner")) {
        service.inner = inner->word<sfc_inner>();
    }
    if (!kernel && service.inner != SFC_INNER_ETHERNET) {
        service.inner_ttl = encapsulation(service.match.encap).inner_ttl;
    }
    if (const auto ttl = map.optional("inner_ttl")) {
        service.inner_ttl = ttl->word<sfc_inner_ttl>();
    }
}

/// Refuses settings of things that a kernel does itself.
void check_for_kernel_mode(const YamlMap& map, const ServiceConfig& service) {
    const std::string why = msg::is_kernel(service.sf);
    if ((service.options & SFC_OPTION_LAST) != 0) {
        throw map.required("cache").error(msg::kernel_takes_no_last(service.name, why));
    }
    if ((service.options & SFC_OPTION_MASQUERADE) != 0) {
        throw map.required("match").error(msg::kernel_takes_no_am(service.name, why));
    }
    if (service.inner == SFC_INNER_ETHERNET) {
        throw map.required("inner").error(msg::kernel_takes_no_ethernet(service.name, why));
    }
    if (service.inner_ttl == SFC_INNER_TTL_DECREMENT) {
        throw map.required("inner_ttl").error(msg::kernel_takes_no_decrement(service.name, why));
    }
}

/// Into this host's kernel and out of it.
void read_ways_of_kernel(const YamlMap& map, const YamlMap& sf, ServiceConfig& service) {
    const std::string why = msg::is_host_kernel(service.sf);
    if (const auto in = sf.optional("in")) {
        throw in->error(msg::kernel_takes_no_in(why, service.name));
    }
    if (const auto hop = map.optional("next_hop")) {
        service.next_hop = read_next_hop(*hop, service.match.encap);
        if (!service.next_hop->fib.empty()) {
            throw hop->error(msg::kernel_takes_no_fib(why, service.name));
        }
    }
    const auto egress = map.optional("egress");
    if (!egress) {
        throw map.error(msg::needs_egress(service.name, why, +SFC_EGRESS_MAX));
    }
    service.egress = read_interfaces(*egress, "egress", msg::kernel_decides());
    if (service.egress.size() > SFC_EGRESS_MAX) {
        throw egress->error(msg::too_many_egress(service.egress.size(), +SFC_EGRESS_MAX));
    }
}

void read_ways_of_ports(const YamlMap& map, const YamlMap& sf, ServiceConfig& service) {
    if (const auto egress = map.optional("egress")) {
        throw egress->error(msg::takes_no_egress(service.name, service.sf));
    }
    if (const auto in = sf.optional("in")) {
        service.in = in->word<Side>();
    }
    service.next_hop = read_next_hop(map.required("next_hop"), service.match.encap);
}

ServiceConfig read_service(const YamlValue& value, const std::vector<SfConfig>& sfs) {
    const auto match = value.member("match");
    const Encapsulation& encap =
        encapsulation(match ? read_encapsulation(*match) : static_cast<sfc_encap>(SFC_ENCAP_NONE + 1));
    const YamlMap map(value,
                      with_keys({"name", "match", "domain", "sf", "next_hop", "egress", "inner", "inner_ttl", "quota"},
                                encap.setting_keys));
    ServiceConfig service;
    service.at = value.at();
    service.name = map.required("name").name();
    service.match = read_match(map.required("match"));
    service.domain = read_interfaces(map.required("domain"), "domain", msg::in_next_hop(), kAccept);
    const YamlMap sf(map.required("sf"), {"name", "in"});
    service.sf_at = sf.at();
    service.sf = sf.required("name").text();
    const auto known =
        std::find_if(sfs.begin(), sfs.end(), [&](const SfConfig& one) { return one.name == service.sf; });
    read_policies(map, known != sfs.end() && known->kernel, service);
    encap.read_settings(map, service);
    if (known != sfs.end() && known->kernel) {
        check_for_kernel_mode(map, service);
    }
    if (known != sfs.end() && known->host_kernel()) {
        read_ways_of_kernel(map, sf, service);
    } else if (known != sfs.end()) { // check_config names one that is not there
        read_ways_of_ports(map, sf, service);
    }
    if (const auto quota = map.optional("quota")) {
        service.quota = quota->number(SFC_QUOTA_MIN, SFC_CAPACITY_MAX);
    }
    return service;
}

void read_cache(const YamlMap& map, Config& config) {
    if (const auto capacity = map.optional("capacity")) {
        config.capacity = capacity->number(SFC_CAPACITY_MIN, SFC_CAPACITY_MAX);
    }
    if (const auto remember = map.optional("remember")) {
        config.remember = remember->number(0, SFC_REMEMBER_MAX);
    }
    if (const auto most = map.optional("header_max")) {
        config.header_max = most->number(SFC_HEADER_ROOM_LEAST, SFC_HEADER_MAX);
    }
    if (const auto kernel_mode = map.optional("kernel_mode")) {
        config.kernel_mode = kernel_mode->on_off();
    }
}

std::vector<std::string_view> udp_port_keys() {
    std::vector<std::string_view> keys;
    for (unsigned encap = SFC_ENCAP_NONE + 1; encap < SFC_ENCAP_USED; encap++) {
        if (!encapsulation(encap).udp_port_key.empty()) {
            keys.push_back(encapsulation(encap).udp_port_key);
        }
    }
    return keys;
}

void read_udp_ports(const YamlMap& map, Config& config) {
    for (unsigned encap = SFC_ENCAP_NONE + 1; encap < SFC_ENCAP_USED; encap++) {
        const std::string key(encapsulation(encap).udp_port_key);
        if (const auto port = key.empty() ? std::nullopt : map.optional(key)) {
            config.udp_ports.at(encap) = port->number(1, UINT16_MAX);
        }
    }
}

Config read_config(const YamlValue& root, const std::string& file) {
    const YamlMap map(root, with_keys({"cache", "unmatched", "icmp", "sfs", "services"}, udp_port_keys()));
    Config config;
    config.file = file;
    read_udp_ports(map, config);
    if (const auto cache = map.optional("cache")) {
        read_cache(YamlMap(*cache, {"capacity", "remember", "header_max", "kernel_mode"}), config);
    }
    if (const auto unmatched = map.optional("unmatched")) {
        config.unmatched = unmatched->word<sfc_unmatched>();
    }
    if (const auto icmp = map.optional("icmp")) {
        config.icmp = read_icmp(*icmp);
    }
    for (const YamlValue& sf : map.required("sfs").items()) {
        config.sfs.push_back(read_sf(sf));
    }
    for (const YamlValue& service : map.required("services").items()) {
        config.services.push_back(read_service(service, config.sfs));
    }
    return config;
}

} // namespace

Config parse_config(const std::string& text, const std::string& file) {
    Config config = read_config(YamlValue::parse(text, file), file);
    check_config(config);
    return config;
}

Config load_config(const std::string& file) {
    return parse_config(read_config_text(file), config_name(file));
}

} // namespace sfc
