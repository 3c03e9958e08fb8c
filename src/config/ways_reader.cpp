// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "config/ways_reader.h"

#include "config/encapsulation.h"
#include "config/messages.h"
#include "config/words.h"

namespace sfc {
namespace {

constexpr std::uint32_t kMtuLeast = 68; // RFC 791 3.2
constexpr std::uint32_t kMtuMost = 65535;

TunnelConfig read_tunnel(const YamlValue& value) {
    const YamlMap map(value, {"remote", "local"});
    TunnelConfig tunnel{map.required("remote").ip(), map.required("local").ip()};
    const auto six = [](const std::string& ip) { return ip.find(':') != std::string::npos; };
    if (six(tunnel.remote) != six(tunnel.local)) {
        throw value.error(msg::tunnel_ends_differ(tunnel.remote, tunnel.local));
    }
    return tunnel;
}

/// By routes of the kernel, which need an IP destination: the encapsulation's, or that of a tunnel.
NextHopConfig read_fib(const YamlValue& value, const YamlValue& fib, unsigned encap, bool by_udp) {
    if (!by_udp && !has_ipv6_destination(encap)) {
        throw fib.error(msg::fib_needs_ip(word_of<sfc_encap>(encap)));
    }
    std::vector<std::string_view> keys = {"fib"};
    if (by_udp) {
        keys.emplace_back("tunnel");
    }
    const YamlMap map(value, keys);
    NextHopConfig hop;
    hop.at = value.at();
    if (const auto tunnel = map.optional("tunnel")) {
        hop.tunnel = read_tunnel(*tunnel);
    } else if (!has_ipv6_destination(encap)) {
        throw fib.error(msg::fib_needs_tunnel(word_of<sfc_encap>(encap)));
    }
    hop.fib = read_interfaces(fib, "fib", msg::kernel_decides());
    if (hop.fib.size() > SFC_EGRESS_MAX) {
        throw fib.error(msg::too_many_egress(hop.fib.size(), +SFC_EGRESS_MAX));
    }
    return hop;
}

} // namespace

std::vector<std::string_view> with_keys(std::vector<std::string_view> keys, std::span<const std::string_view> more) {
    keys.insert(keys.end(), more.begin(), more.end());
    return keys;
}

PortConfig read_port(const YamlValue& value, std::span<const std::string_view> more) {
    PortConfig port;
    port.at = value.at();
    if (!value.is_map()) {
        port.interface = value.interface();
        return port;
    }
    const YamlMap map(value, with_keys({"interface", "mac", "ip", "mtu", "peer"}, more));
    port.interface = map.required("interface").interface();
    if (const auto mac = map.optional("mac")) {
        port.mac = mac->mac();
    }
    if (const auto ip = map.optional("ip")) {
        if (port.mac) {
            throw ip->error(msg::mac_and_ip());
        }
        port.ip = ip->ip();
    }
    if (const auto mtu = map.optional("mtu")) {
        port.mtu = mtu->number(kMtuLeast, kMtuMost);
    }
    if (const auto peer = map.optional("peer")) {
        port.peer_prepared = peer->choice({"prepared"}) == 0;
    }
    if (const auto accept = map.member("accept")) {
        port.accept = accept->word<sfc_accept>();
    }
    return port;
}

std::vector<PortConfig> read_interfaces(const YamlValue& value, std::string_view kind, std::string_view instead,
                                        std::span<const std::string_view> more) {
    std::vector<PortConfig> ports;
    for (const YamlValue& item : value.is_list() ? value.items() : std::vector{value}) {
        ports.push_back(read_port(item, more));
        if (ports.back().mac || ports.back().ip) {
            throw item.error(msg::port_takes_no_address(kind, ports.back().interface, instead));
        }
    }
    if (ports.empty()) {
        throw value.error(msg::needs_interface());
    }
    return ports;
}

NextHopConfig read_next_hop(const YamlValue& value, unsigned encap) {
    NextHopConfig hop;
    hop.at = value.at();
    if (!value.is_map()) {
        if (value.text() != "ingress") {
            throw value.error(msg::bad_next_hop(value.text()));
        }
        hop.ingress = true;
        return hop;
    }
    const bool by_udp = udp_ports_of_rows().at(encap) != 0;
    if (const auto fib = value.member("fib")) {
        return read_fib(value, *fib, encap, by_udp);
    }
    std::vector<std::string_view> more;
    if (by_udp) {
        more.emplace_back("tunnel");
    }
    if (by_udp || has_ipv6_destination(encap)) {
        more.emplace_back("fib");
    }
    hop.port = read_port(value, more);
    if (const auto tunnel = value.member("tunnel")) {
        hop.tunnel = read_tunnel(*tunnel);
    }
    if (!hop.port.mac && !hop.port.ip && !hop.tunnel) {
        throw value.error(msg::needs_next_hop(by_udp ? "'mac', 'ip' or 'tunnel'" : "'mac' or 'ip'"));
    }
    return hop;
}

} // namespace sfc
