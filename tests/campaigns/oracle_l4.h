// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "oracle_packet.h"

namespace sfc::test::oracle {

/// What follows the IP header and its extension headers, up to the end that the IP header gives.
struct L4 {
    unsigned version = 0;
    std::uint8_t protocol = 0;
    View data;
    bool link = false; ///< as for judge_ip
};

/// The fields of the row of docs/keys.md that the packet belongs to, or its fault (item 3 there).
[[nodiscard]] sfc_reason judge_l4(const L4& packet, const Sf& sf, Kind& kind, KeyBytes& key);

/// Protocols that can carry SFC, and UDP to the ports of GRE, VXLAN, VXLAN-GPE, GUE, Geneve and MPLS. `payload` is what
/// the protocol begins with.
[[nodiscard]] bool is_tunnel(std::uint8_t protocol, View payload, bool later_fragment);

constexpr std::size_t kDigest = 64, kTunnelDigest = 128;

/// The length and the first `digest` bytes of a payload, as far as the SF leaves them alone.
void put_payload(KeyBytes& key, View payload, std::size_t length, const Sf& sf, std::size_t digest = kDigest);

} // namespace sfc::test::oracle
