// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <vector>

#include "oracle_bytes.h"
#include "oracle_world.h"

namespace sfc::test::oracle {

/// The IP packet that a frame leaves with around all it carries. Its lengths and checksums depend on that.
enum class Around : std::uint8_t {
    Nothing,
    Udp4,
    Udp6,
    Ipv6,
    Ipv6Anew, ///< made by the proxy, flow label and all
    Masked    ///< End.AM: the packet's own, which it had in the SF too
};

/// An IP packet around a header, behind Ethernet: RFC 791, 8200, 768.
struct Outer {
    unsigned version = 0; ///< 0: there is none
    std::size_t udp = 0;  ///< where UDP begins
    bool fragment = false;
};

/// UDP to `port` at one of these addresses.
[[nodiscard]] Outer find_outer(View frame, std::uint32_t port, const std::vector<Address>& own);
/// Whether lengths or checksums contradict the frame or each other. The packet inside begins at `inner`; an IP packet
/// says how long it is.
[[nodiscard]] bool outer_is_broken(View frame, const Outer& outer, std::size_t inner, bool ip);
/// The outer packet as it will leave, but for what depends on the packet in it: that is zero. A checksum that is to be
/// made is not zero.
void turn_outer(std::span<std::uint8_t> frame, const Outer& outer, const std::optional<Tunnel>& tunnel);
/// Lengths for a packet that ends at `end`, 0 to leave them, and checksums. A UDP checksum of 0 stays.
void close_outer(std::span<std::uint8_t> frame, unsigned version, std::size_t end);
/// The same for each kind.
void close_around(std::span<std::uint8_t> frame, Around around, std::size_t end);
/// Takes from the frame that left the fields that the proxy draws for itself: the identification of an IPv4 packet that
/// may be fragmented, and a flow label, which must not be 0.
void take_drawn(std::span<std::uint8_t> expected, View left, Around around);
/// Where the IP packet at `at` ends by its own header.
[[nodiscard]] std::size_t end_of_ip(View frame, std::size_t at);

} // namespace sfc::test::oracle
