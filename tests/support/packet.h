// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The test packets, layer by layer: ethernet() / mpls({{16001}, {100}}) / ipv4() / udp() / payload("x"). Types, lengths
// and checksums follow from what stands behind, but for those that a test sets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sfc::test {

using Bytes = std::vector<std::uint8_t>;

/// RFC 1071, over bytes and what was summed up before; 0 where a right checksum is among them.
[[nodiscard]] std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0);

/// One MPLS label stack entry (RFC 3032 2.1).
struct Label {
    std::uint32_t label = 16001;
    std::uint8_t ttl = 64;
    bool bottom = false;
};

/// Of addresses the last byte tells; the others are of a network for documentation.
struct Ipv4 {
    std::array<std::uint8_t, 4> from = {192, 0, 2, 1};
    std::array<std::uint8_t, 4> to = {198, 51, 100, 1};
    std::uint16_t id = 1;
    std::uint16_t fragment = 0; ///< flags and offset, as on the wire
    std::uint8_t ttl = 64;
    std::uint8_t options = 0; ///< words of no-operation
    std::optional<std::uint8_t> protocol{};
};

struct Ipv6 {
    std::uint8_t from = 1, to = 2;
    std::uint8_t hops = 64;
    std::optional<std::uint8_t> next{};
};

struct Ports {
    std::uint16_t from = 1000, to = 53;
};

/// A packet, or its first layers.
class Packet {
public:
    enum class Kind : std::uint8_t { Ethernet, Mpls, Ipv4, Ipv6, Options, Udp, Icmp, Icmp6, Payload };

    Packet(Kind kind, Bytes header, std::optional<std::uint8_t> next = {}) : layers_{{kind, std::move(header), next}} {}
    friend Packet operator/(Packet outer, const Packet& inner) {
        outer.layers_.insert(outer.layers_.end(), inner.layers_.begin(), inner.layers_.end());
        return outer;
    }
    operator Bytes() const; // NOLINT(google-explicit-constructor): what it is for

private:
    struct Layer {
        Kind kind;
        Bytes header;
        std::optional<std::uint8_t> next; ///< protocol of what follows, where the test says so
    };
    std::vector<Layer> layers_;

    [[nodiscard]] std::uint8_t next_of(std::size_t at) const;
    [[nodiscard]] std::uint32_t pseudo_header(std::size_t at, std::size_t size) const;
    void finish(std::size_t at, Bytes& header, const Bytes& behind) const;
};

[[nodiscard]] Packet ethernet();
/// The last label gets the bottom-of-stack bit.
[[nodiscard]] Packet mpls(std::vector<Label> labels);
[[nodiscard]] Packet ipv4(const Ipv4& fields = {});
[[nodiscard]] Packet ipv6(const Ipv6& fields = {});
/// Hop-by-hop options or others of IPv6, as the layer in front says: a router alert.
[[nodiscard]] Packet options(std::optional<std::uint8_t> next = {});
[[nodiscard]] Packet udp(const Ports& ports = {});
/// Eight bytes.
[[nodiscard]] Packet icmp(std::uint8_t type);
[[nodiscard]] Packet icmp6(std::uint8_t type);
[[nodiscard]] Packet payload(std::string_view text);
/// Zeros.
[[nodiscard]] Packet payload(std::size_t size);

/// What of a UDP packet tells it apart; the rest has fixed, valid values with documentation addresses.
struct Udp {
    std::uint16_t sport = 1000;
    std::uint16_t dport = 53;
    std::uint16_t id = 1; ///< IPv4 identification
    std::uint8_t ttl = 64;
    std::string_view payload = "payload";
};

/// Ethernet, the labels, IPv4 and UDP. The last label gets the bottom-of-stack bit.
[[nodiscard]] Bytes mpls_udp(std::vector<Label> labels, const Udp& udp);
/// Ethernet, IPv4 and UDP: what an SF gets and gives back.
[[nodiscard]] Bytes plain_udp(const Udp& udp);
[[nodiscard]] Bytes without_ethernet(std::span<const std::uint8_t> frame);

} // namespace sfc::test
