// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <netinet/in.h>

#include "base/mac.h"
#include "net/neighbours.h"
#include "traffic/stamp.h"

namespace sfc {

/// The packets behind the SFC header.
struct Inner {
    IpBytes source, destination;         ///< both of one IP version
    std::uint8_t protocol = IPPROTO_UDP; ///< or IPPROTO_TCP
    std::uint16_t source_port = 0, destination_port = 0;
    std::size_t size = 0; ///< bytes of the whole IP packet
};

/// IP and transport header.
[[nodiscard]] std::size_t inner_headers(const Inner& inner);
/// An IP packet with right checksums. Of TCP it is a segment in the middle of a connection that nobody has opened.
[[nodiscard]] Bytes inner_packet(const Inner& inner, const Stamp& stamp);

/// The whole frame.
[[nodiscard]] Bytes traffic_frame(const Mac& destination, const Mac& source, const Inner& inner, const Stamp& stamp);

/// Whether the checksums of an IP packet with UDP or TCP are right; nothing where it is no such packet.
[[nodiscard]] std::optional<bool> checksums_right(std::span<const std::uint8_t> packet);

} // namespace sfc
