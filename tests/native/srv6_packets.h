// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SRv6 by hand: RFC 8200, 8754.
#pragma once

#include <vector>

#include <linux/if_ether.h>

#include "packet.h"

namespace sfc::test {

constexpr std::uint8_t kInIpv4 = 4, kInIpv6 = 41, kInFrame = 143, kRoutingHeader = 43, kDestinationOptions = 60;
constexpr std::size_t kOuter = 40;

inline Bytes joined(std::initializer_list<Bytes> parts) {
    Bytes all;
    for (const Bytes& part : parts) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

/// 2001:db8:BLOCK::LAST
inline Bytes address(std::uint8_t block, std::uint8_t last) {
    return {0x20, 0x01, 0x0d, 0xb8, 0, block, 0, 0, 0, 0, 0, 0, 0, 0, 0, last};
}

/// A packet with the outer header of RFC 8200 3.
inline Bytes outer(const Bytes& to, std::uint8_t next, const Bytes& behind, std::uint8_t hops = 64) {
    const auto size = static_cast<std::uint16_t>(behind.size());
    return joined(
        {{0x6b, 0x85, 0x43, 0x21, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size), next, hops},
         address(0x0a, 1),
         to,
         behind});
}

/// RFC 8754 2: the last segment comes first in the list.
inline Bytes srh(std::uint8_t next, std::uint8_t left, const std::vector<Bytes>& list, const Bytes& tlvs = {}) {
    Bytes all = {next,
                 static_cast<std::uint8_t>(2 * list.size() + tlvs.size() / 8),
                 4,
                 left,
                 static_cast<std::uint8_t>(list.size() - 1),
                 0,
                 0xbe,
                 0xef};
    for (const Bytes& segment : list) {
        all.insert(all.end(), segment.begin(), segment.end());
    }
    return joined({all, tlvs});
}

/// Destination options of 8 bytes: padding.
inline Bytes padding(std::uint8_t next) {
    return {next, 0, 1, 4, 0, 0, 0, 0};
}

inline Bytes in_frame(const Bytes& packet) {
    Bytes macs = ethernet();
    macs.resize(ETH_HLEN - 2);
    return joined({macs, {0x86, 0xdd}, packet});
}

inline Bytes packet4() {
    return without_ethernet(plain_udp({}));
}

inline Bytes packet6() {
    return without_ethernet(Bytes(ethernet() / ipv6() / udp() / payload("payload")));
}

/// How a packet that came leaves again: a segment and a hop less, to `to`. The SRH begins at `srh_at`, 0 for none.
inline Bytes next_hop(Bytes packet, std::size_t srh_at, const Bytes& to) {
    packet[7]--;
    if (srh_at != 0) {
        packet[srh_at + 3]--;
    }
    std::copy(to.begin(), to.end(), packet.begin() + 24);
    return packet;
}

} // namespace sfc::test
