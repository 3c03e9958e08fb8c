// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/config_json.h"

#include <nlohmann/json.hpp>

#include "base/units.h"
#include "cli/messages.h"
#include "config/encapsulation.h"
#include "config/words.h"
#include "report/key_text.h"

namespace sfc {
namespace {

/// Settings of a port besides its name. One of a kernel, and one that only sends, has nothing to accept.
void add_settings(Json& json, const Plan& plan, std::uint16_t id) {
    const Plan::Port& port = plan.ports[id];
    json["mtu"] = port.entry.mtu;
    if (plan.takes_accept(id)) {
        json["accept"] = word_of<sfc_accept>(port.entry.accept);
    }
    if (port.peer_prepared) {
        json["peer"] = "prepared";
    }
}

Json ports_json(const Plan& plan, const Plan::Sf& sf) {
    const auto port = [&](std::uint16_t id) -> Json {
        const Plan::Port& entry = plan.ports[id];
        Json json{{"interface", entry.name}, {"mode", entry.entry.routed != 0 ? "routed" : "transparent"}};
        if (entry.ip) {
            json["ip"] = *entry.ip;
        } else if (entry.entry.routed != 0) {
            json["mac"] = format_mac(to_mac(entry.entry.sf_mac));
        }
        add_settings(json, plan, id);
        return json;
    };
    return sf.left == sf.right ? Json{{"both", port(sf.left)}}
                               : Json{{"left", port(sf.left)}, {"right", port(sf.right)}};
}

Json key_json(const sfc_sf& sf) {
    Json json;
    for (const auto& [kind, fields] : key_texts(sf)) {
        json[kind] = fields;
    }
    return json;
}

Json sf_json(const Plan& plan, const Plan::Sf& sf, const SfConfig& config) {
    if (sf.entry.kernel != 0) {
        const std::string where = plan.mark_mask == 0
                                      ? msg::tickets_in_metadata()
                                      : msg::tickets_in_mark(plan.mark_mask, 1U << plan.mark_check_bits());
        Json json{{"name", sf.name},      {"stack", true}, {"hold_ns", sf.entry.hold_ns},
                  {"gets", "IP packets"}, {"gro", sf.gro}, {"tickets", where},
                  {"probe", sf.probe}};
        if (!config.unwatched.empty()) {
            json["unwatched"] = config.unwatched;
        }
        if (sf.left != SFC_NONE) {
            json["ports"] = ports_json(plan, sf);
        }
        return json;
    }
    return {{"name", sf.name},
            {"ports", ports_json(plan, sf)},
            {"hold_ns", sf.entry.hold_ns},
            {"on_miss", word_of<sfc_miss>(sf.entry.on_miss)},
            {"tunnels", word_of<sfc_tunnels>(sf.entry.tunnels)},
            {"gets", sf.entry.ethernet != 0 ? "Ethernet frames" : "IP packets"},
            {"probe", sf.probe},
            {"key", key_json(sf.entry)}};
}

/// The ports that a kernel's routes may lead to.
Json egress_json(const Plan& plan, const sfc_service& service) {
    Json json = Json::array();
    for (const std::uint16_t id : service.egress) {
        if (id != SFC_NONE) {
            json.push_back({{"interface", plan.ports[id].name}, {"mtu", plan.ports[id].entry.mtu}});
        }
    }
    return json;
}

Json next_hop_json(const Plan& plan, const sfc_service& service, const NextHopConfig& hop) {
    if (hop.ingress) {
        return "ingress";
    }
    Json json;
    if (!hop.fib.empty()) {
        json["fib"] = egress_json(plan, service);
    } else {
        json = {{"interface", hop.port.interface}, {"mtu", plan.ports[service.egress_port].entry.mtu}};
    }
    if (hop.port.mac || hop.port.ip) {
        json[hop.port.mac ? "mac" : "ip"] = hop.port.mac ? format_mac(*hop.port.mac) : *hop.port.ip;
    }
    if (hop.tunnel) {
        json["tunnel"] = {{"remote", hop.tunnel->remote}, {"local", hop.tunnel->local}};
    }
    return json;
}

void add_shown(Json& json, const Shown& settings) {
    for (const auto& [key, value] : settings) {
        std::visit([&, at = key](const auto& shown) { json[at] = shown; }, value);
    }
}

Json match_json(const MatchConfig& match) {
    Json json{{"encapsulation", word_of<sfc_encap>(match.encap)}};
    add_shown(json, encapsulation(match.encap).show_match(match));
    return json;
}

/// Bytes that its headers may have. A frame that comes back from the SF has that much room in front.
std::uint32_t header_most(const sfc_service& entry) {
    constexpr std::uint32_t kFrame = 14; // an inner Ethernet frame goes behind another Ethernet header
    return std::min<std::uint32_t>(encapsulation(entry.encap).header_max,
                                   SFC_HEADROOM - (entry.inner == SFC_INNER_ETHERNET ? kFrame : 0));
}

Json service_json(const Plan& plan, const Plan::Service& service, const ServiceConfig& config) {
    std::vector<std::string> domain;
    for (const PortConfig& port : config.domain) {
        domain.push_back(port.interface);
    }
    const sfc_service& entry = service.entry;
    Json json{{"name", service.name},
              {"match", match_json(config.match)},
              {"domain", domain},
              {"sf", plan.sfs[entry.sf].name}};
    if (plan.through_host_kernel(service)) {
        json["egress"] = egress_json(plan, entry);
    } else {
        json["to_port"] = plan.ports[entry.to_port].name;
        json["return_port"] = plan.ports[entry.return_port].name;
    }
    if (config.next_hop) {
        json["next_hop"] = next_hop_json(plan, entry, *config.next_hop);
    }
    json["inner"] = word_of<sfc_inner>(entry.inner);
    if (!plan.through_kernel(service)) { // the kernel takes its hop off whatever is written
        json["inner_ttl"] = word_of<sfc_inner_ttl>(entry.inner_ttl);
    }
    add_shown(json, encapsulation(entry.encap).show_settings(config));
    json["header_bytes"] = header_most(entry);
    json["quota"] = entry.quota;
    if (plan.through_kernel(service)) { // each new header takes a number
        constexpr std::uint64_t kSecond = 1'000'000'000;
        json["new_headers_per_second"] = entry.quota * kSecond / sfc_reuse_ns(plan.sfs[entry.sf].entry.hold_ns);
    }
    return json;
}

/// What the cache takes of memory, all of it from the start.
std::uint64_t cache_bytes(const Plan& plan) {
    const std::uint64_t slot = sizeof(sfc_slot) + plan.shape.header_room - SFC_HEADER_INLINE;
    return plan.capacity * slot + plan.index_size().lines() * sizeof(sfc_bucket) +
           plan.memory_lines * sizeof(sfc_memory);
}

/// UDP ports of encapsulations that services use.
void add_udp_ports(Json& json, const Plan& plan) {
    for (unsigned encap = SFC_ENCAP_NONE + 1; encap < SFC_ENCAP_USED; encap++) {
        const std::string_view key = encapsulation(encap).udp_port_key;
        if (!key.empty() && !plan.shape.masks.at(encap).empty()) {
            json[std::string(key)] = plan.udp_ports.at(encap);
        }
    }
}

/// Domain ports and those that frames leave by; ports of SFs stand with them.
Json other_ports_json(const Plan& plan) {
    Json json = Json::array();
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        if (plan.ports[id].entry.role != SFC_ROLE_SF) {
            json.push_back({{"interface", plan.ports[id].name}});
            add_settings(json.back(), plan, id);
        }
    }
    return json;
}

Json icmp_json(const IcmpConfig& icmp) {
    if (!icmp.on) {
        return "off";
    }
    Json sources = Json::array();
    for (const auto& source : {icmp.source4, icmp.source6}) {
        if (source) {
            sources.push_back(*source);
        }
    }
    return {{"source", sources.empty() ? Json(msg::port_address()) : sources}, {"rate", icmp.rate}};
}

} // namespace

Json config_json(const Config& config, const Plan& plan) {
    Json json{
        {"version", 1},
        {"file", config.file},
        {"cache",
         {{"capacity", plan.capacity},
          {"remember", plan.memory_lines},
          {"bytes", cache_bytes(plan)},
          {"kernel_mode", plan.shape.kernel_mode}}},
        {"limits",
         {{"labels", +SFC_LABELS_MAX}, {"header_bytes", plan.shape.header_room}, {"headroom_bytes", +SFC_HEADROOM}}},
        {"unmatched", word_of<sfc_unmatched>(config.unmatched)},
        {"icmp", icmp_json(config.icmp)},
        {"ports", other_ports_json(plan)},
        {"sfs", Json::array()},
        {"services", Json::array()}};
    add_udp_ports(json, plan);
    for (std::size_t id = 1; id < plan.sfs.size(); id++) {
        json["sfs"].push_back(sf_json(plan, plan.sfs[id], config.sfs[id - 1]));
    }
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        json["services"].push_back(service_json(plan, plan.services[id], config.services[id - 1]));
    }
    return json;
}

std::string setting_name(const std::string& key) {
    if (key == "bytes") {
        return "memory";
    }
    return key.ends_with("_ns")      ? key.substr(0, key.size() - 3)
           : key.ends_with("_bytes") ? key.substr(0, key.size() - 6)
                                     : key;
}

std::string setting_text(const std::string& key, const Json& value) {
    if (value.is_object() || value.is_array()) {
        std::string text;
        for (const auto& [inner, each] : value.items()) {
            const std::string one = setting_text(inner, each);
            text += (text.empty() ? "" : ", ") + (value.is_array() ? one : setting_name(inner) + " " + one);
        }
        return text;
    }
    if (value.is_boolean()) {
        return value.get<bool>() ? "on" : "off";
    }
    if (value.is_string()) {
        return value.get<std::string>();
    }
    const auto number = value.get<std::uint64_t>();
    return key == "mtu" && number == 0 ? "of the interface"
           : key.ends_with("_ns")      ? format_duration(number)
           : key.ends_with("bytes")    ? format_bytes(number)
                                       : value.dump();
}

} // namespace sfc
