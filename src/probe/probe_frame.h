// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/mac.h"
#include "net/neighbours.h"
#include "sfc_abi.h"

namespace sfc {

/// A UDP datagram to the port `discard` (RFC 863), as it is sent to see what an SF does to packets.
struct ProbePacket {
    Mac source_mac{}, destination_mac{};
    IpBytes source, destination; ///< both of one IP version
    std::uint16_t source_port = 0;
    std::uint16_t ipv4_id = 0; ///< not 0, which stands for none
    sfc_probe_name name{};
};

/// Of the payload as much as is in a key, and in what is kept of a frame.
constexpr std::size_t kProbePayloadSeen = SFC_DIGEST_BYTES;

/// The whole frame.
[[nodiscard]] std::vector<std::uint8_t> probe_frame(const ProbePacket& packet);

/// The fields of a frame that may be in a key.
struct ProbeFields {
    Mac source_mac{};
    IpBytes source, destination;
    std::uint16_t source_port = 0, destination_port = 0;
    std::uint16_t ipv4_id = 0; ///< 0 in IPv6
    std::uint16_t length = 0;  ///< of what follows the IP header
    std::array<std::uint8_t, kProbePayloadSeen> payload{};
};

/// Reads a frame, or what there is of it from its start. Nothing where that is not UDP over IP.
[[nodiscard]] std::optional<ProbeFields> read_probe(std::span<const std::uint8_t> frame);

} // namespace sfc
