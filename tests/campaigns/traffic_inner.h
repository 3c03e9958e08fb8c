// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "packet.h"
#include "random.h"
#include "traffic_frame.h"

namespace sfc::test::traffic {

/// Keys are numbered: two packets with one number have equal keys, whatever else differs; those of two numbers differ
/// in one field alone, which the number chooses. 0 is no number.
constexpr std::uint32_t kNumbersMost = (1U << 29) - 1;

/// A kind of packet. Offsets are bytes from its IP header.
struct Layout {
    Bytes start; ///< up to the end of the payload; what differs from packet to packet is zero
    bool ipv6 = false;
    std::uint8_t protocol = 0;
    std::size_t l4 = 0;
    std::size_t payload = 0;
    std::vector<std::size_t> fields; ///< of four bytes, each of them in the key, first bit 0 in all that are made
};

/// `masked`: of End.AM, where each number has IPv6.
[[nodiscard]] const Layout& layout_of(std::uint32_t number, bool masked);

/// Appends the packet. `id` tells it from all others: it stands where no key reads, behind the first 64 bytes of
/// payload.
void append_inner(Frame& frame, std::uint32_t number, bool masked, std::uint64_t id, Random& random);

} // namespace sfc::test::traffic
