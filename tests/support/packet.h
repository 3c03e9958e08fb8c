// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sfc::test {

using Bytes = std::vector<std::uint8_t>;

/// One MPLS label stack entry (RFC 3032 2.1).
struct Label {
    std::uint32_t label = 16001;
    std::uint8_t ttl = 64;
    bool bottom = false;
};

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
