// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sfc::test::oracle {

using Mac = std::array<std::uint8_t, 6>;

enum class Tunnels { Keyed, Drop, Pass };

/// A configuration as the oracle knows it. The text for the program comes from the same values, and nothing else does:
/// what a setting means the oracle says for itself.
struct Sf {
    std::string name;
    std::string profile; ///< empty: not in the text
    std::uint64_t hold_ns = 100'000'000;
    bool on_miss_pass = false;
    bool ipv4_id = true;
    bool tcp_timestamps = true;
    bool payload_digest = true;
    bool payload_length = true;
    bool ethernet = false; ///< its services have `inner: ethernet`
    bool masked = false;   ///< its services are End.AM
    Tunnels tunnels = Tunnels::Keyed;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> rtp_ports; ///< ranges, both ends in them
};

/// Ports have the numbers of their positions in World::ports.
struct Port {
    std::string name;
    int sf = -1;           ///< -1: a domain port or a next hop's
    std::uint32_t mtu = 0; ///< 0: no limit
    bool routed = false;   ///< an SF port that is addressed by its MAC
    Mac mac{};
};

enum class Inner { Ip, Ipv4, Ipv6, Ethernet };

/// The rows of encap.h.
enum class Encapsulation : std::uint8_t { Mpls, Nsh, Srv6 };
using Encapsulations = std::vector<Encapsulation>;

/// Of either IP version; IPv4 as in RFC 4291 2.5.5.2.
using Address = std::array<std::uint8_t, 16>;

struct Tunnel {
    Address remote{}, local{};
};

/// SRv6: what a service matches, and what it is to do.
struct Sid {
    Address address{};
    unsigned prefix = 128;
    unsigned block = 0, function = 0; ///< bits of a compressed one: locator block, locator node and function; else 0
    bool masked = false;              ///< End.AM
    bool fixed = false;               ///< End.AS, with the following header; with neither End.AD
    Address source{};
    std::vector<Address> segments{}; ///< the first one to visit comes first
    std::uint8_t traffic_class = 0;
};

struct Service {
    std::string name;
    Encapsulation encap = Encapsulation::Mpls;
    std::uint32_t label = 0;      ///< MPLS
    std::uint32_t spi = 0;        ///< NSH: service path identifier,
    std::vector<std::uint8_t> si; ///< and service indexes, empty for any
    bool forwarder = false;       ///< NSH: takes one from the TTL
    std::optional<Tunnel> tunnel; ///< `next_hop: {tunnel: ...}`
    Sid sid{};                    ///< SRv6
    bool last = false;            ///< SRv6: `cache: last`
    std::vector<int> domain;
    int sf = 0;
    int to_port = 0;
    int return_port = 0;
    int egress = -1; ///< -1: `next_hop: ingress`
    Mac next_hop{};
    Inner inner = Inner::Ip;
    bool pipe = false;
    bool decrement = false; ///< `inner_ttl: decrement`
    bool plain = false;     ///< `last_label: plain`
};

/// The service, for packets of an encapsulation.
inline Service with_label(Service made, std::uint32_t label) {
    made.label = label;
    return made;
}

/// Without `si` it takes any index.
inline Service with_path(Service made, std::uint32_t spi, std::vector<std::uint8_t> si) {
    made.encap = Encapsulation::Nsh;
    made.spi = spi;
    made.si = std::move(si);
    return made;
}

inline Service with_sid(Service made, const Sid& sid) {
    made.encap = Encapsulation::Srv6;
    made.sid = sid;
    return made;
}

struct World {
    std::vector<Sf> sfs;
    std::vector<Port> ports;
    std::vector<Service> services;
    bool unmatched_drop = false;
    std::uint32_t remember = 0;     ///< keys
    std::vector<Address> addresses; ///< of this host

    [[nodiscard]] bool uses(Encapsulation encap) const;
};

/// The encapsulation's services with this domain port.
[[nodiscard]] std::vector<const Service*> services_at(const World& world, Encapsulation encap, int port);
[[nodiscard]] bool is_ipv4(const Address& address);
/// In quotes, as it stands in a configuration.
[[nodiscard]] std::string quoted(const Address& address);
/// The names of its ports.
[[nodiscard]] std::vector<std::string> interface_names(const World& world);

/// Of the campaigns' worlds: this host's addresses, and tunnels from them.
constexpr Address kOwn4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 7};
constexpr Address kOwn6 = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
constexpr Tunnel kTunnel4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 9}, kOwn4};
constexpr Tunnel kTunnel6 = {{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}, kOwn6};

/// SIDs of the campaigns' worlds, a number for each: an address; one of End.AM; a compressed one with a node and a
/// function of 16 bits; one of End.AS with so many segments.
[[nodiscard]] Sid plain_sid(std::uint8_t number);
[[nodiscard]] Sid masked_sid(std::uint8_t number);
[[nodiscard]] Sid compressed_sid(std::uint8_t number);
[[nodiscard]] Sid fixed_sid(std::uint8_t number, std::size_t segments);

/// The configuration file.
[[nodiscard]] std::string yaml(const World& world, std::uint32_t capacity);

} // namespace sfc::test::oracle
