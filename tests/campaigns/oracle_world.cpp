// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "oracle_world.h"

#include <algorithm>
#include <iterator>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "encap.h"

namespace sfc::test::oracle {
namespace {

std::string text(const Mac& mac) {
    return fmt::format("\"{:02x}\"", fmt::join(mac, ":"));
}

std::string text(const Port& port) {
    return fmt::format("{{interface: {}{}{}}}", port.name, port.routed ? ", mac: " + text(port.mac) : "",
                       port.mtu != 0 ? fmt::format(", mtu: {}", port.mtu) : "");
}

std::string next_hop(const World& world, const Service& service) {
    if (service.egress < 0) {
        return "ingress";
    }
    const Port& egress = world.ports[service.egress];
    return fmt::format("{{interface: {}, mac: {}{}{}}}", egress.name, text(service.next_hop),
                       egress.mtu != 0 ? fmt::format(", mtu: {}", egress.mtu) : "",
                       service.tunnel ? fmt::format(", tunnel: {{remote: {}, local: {}}}",
                                                    quoted(service.tunnel->remote), quoted(service.tunnel->local))
                                      : "");
}

const char* on_off(bool value) {
    return value ? "on" : "off";
}

std::string settings(const Sf& sf) {
    constexpr std::array<const char*, 3> kTunnels = {"keyed", "drop", "pass"};
    std::string out = fmt::format("hold: {}ms, on_miss: {}, tunnels: {}", sf.hold_ns / 1'000'000,
                                  sf.on_miss_pass ? "pass" : "drop", kTunnels[static_cast<std::size_t>(sf.tunnels)]);
    if (!sf.profile.empty()) {
        out += fmt::format(", profile: {}", sf.profile); // the four settings must follow from it
    } else {
        out +=
            fmt::format(", ipv4_id: {}, tcp_timestamps: {}, payload_digest: {}, payload_length: {}", on_off(sf.ipv4_id),
                        on_off(sf.tcp_timestamps), on_off(sf.payload_digest), on_off(sf.payload_length));
    }
    if (!sf.rtp_ports.empty()) {
        std::vector<std::string> ranges;
        std::transform(sf.rtp_ports.begin(), sf.rtp_ports.end(), std::back_inserter(ranges), [](const auto& range) {
            return range.first == range.second ? fmt::format("{}", range.first)
                                               : fmt::format("\"{}-{}\"", range.first, range.second);
        });
        out += fmt::format(", rtp_ports: [{}]", fmt::join(ranges, ", "));
    }
    return out;
}

std::string sf_ports(const World& world, int sf) {
    std::vector<std::string> ports;
    for (const Port& port : world.ports) {
        if (port.sf == sf) {
            ports.push_back(text(port));
        }
    }
    return ports.size() == 1 ? "both: " + ports[0] : fmt::format("left: {}, right: {}", ports[0], ports[1]);
}

std::string text(const World& world, const Service& service) {
    constexpr std::array<const char*, 4> kInner = {"ip", "ipv4", "ipv6", "ethernet"};
    std::vector<std::string> domain;
    for (const int port : service.domain) {
        domain.push_back(text(world.ports[port]));
    }
    std::string in;
    if (service.to_port != service.return_port) {
        in = service.to_port < service.return_port ? ", in: left" : ", in: right";
    }
    const Encap& encap = encap_of(service.encap);
    return fmt::format("{{name: {}, match: {{encapsulation: {}, {}}}, domain: [{}], sf: {{name: {}{}}}, "
                       "next_hop: {}, inner: {}{}{}}}",
                       service.name, encap.name(), encap.match(service), fmt::join(domain, ", "),
                       world.sfs[service.sf].name, in, next_hop(world, service),
                       kInner[static_cast<std::size_t>(service.inner)], encap.settings(service),
                       service.decrement ? ", inner_ttl: decrement" : "");
}

} // namespace

bool World::uses(Encapsulation encap) const {
    return std::any_of(services.begin(), services.end(), [&](const Service& of) { return of.encap == encap; });
}

std::vector<const Service*> services_at(const World& world, Encapsulation encap, int port) {
    std::vector<const Service*> found;
    for (const Service& service : world.services) {
        if (service.encap == encap &&
            std::find(service.domain.begin(), service.domain.end(), port) != service.domain.end()) {
            found.push_back(&service);
        }
    }
    return found;
}

bool is_ipv4(const Address& address) {
    constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

std::string quoted(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> out{};
    const bool ipv4 = is_ipv4(address);
    inet_ntop(ipv4 ? AF_INET : AF_INET6, address.data() + (ipv4 ? 12 : 0), out.data(), out.size());
    return fmt::format("\"{}\"", out.data());
}

Sid plain_sid(std::uint8_t number) {
    return {.address = {0x20, 1, 0x0d, 0xb8, 0, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0, 0, number}};
}

Sid masked_sid(std::uint8_t number) {
    Sid made = plain_sid(number);
    made.masked = true;
    return made;
}

Sid compressed_sid(std::uint8_t number) {
    return {.address = {0x20, 1, 0x0d, 0xb8, number, 0}, .prefix = 48, .block = 32, .function = 16};
}

Sid fixed_sid(std::uint8_t number, std::size_t segments) {
    Sid made = plain_sid(number);
    made.fixed = true;
    made.source = {0x20, 1, 0x0d, 0xb8, 0, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    made.traffic_class = static_cast<std::uint8_t>(number * 8 + 6);
    for (std::size_t n = 1; n <= segments; n++) {
        made.segments.push_back({0x20, 1, 0x0d, 0xb8, 0, static_cast<std::uint8_t>(n), 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    }
    return made;
}

std::vector<std::string> interface_names(const World& world) {
    std::vector<std::string> names;
    std::transform(world.ports.begin(), world.ports.end(), std::back_inserter(names),
                   [](const Port& port) { return port.name; });
    return names;
}

std::string yaml(const World& world, std::uint32_t capacity) {
    std::string out = fmt::format("cache: {{capacity: {}, remember: {}}}\nunmatched: {}\nsfs:\n", capacity,
                                  world.remember, world.unmatched_drop ? "drop" : "pass");
    for (std::size_t id = 0; id < world.sfs.size(); id++) {
        out += fmt::format("  - {{name: {}, ports: {{{}}}, {}}}\n", world.sfs[id].name,
                           sf_ports(world, static_cast<int>(id)), settings(world.sfs[id]));
    }
    out += "services:\n";
    for (const Service& service : world.services) {
        out += fmt::format("  - {}\n", text(world, service));
    }
    return out;
}

} // namespace sfc::test::oracle
