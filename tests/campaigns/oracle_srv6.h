// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "encap.h"

namespace sfc::test::oracle {

constexpr std::size_t kSrv6Room = 216; // docs/srv6.md "Configuration"
constexpr std::uint8_t kHopByHop = 0, kIpv4Inside = 4, kIpv6Inside = 41, kRouting = 43, kFragmentation = 44,
                       kIcmp6Inside = 58, kDestination = 60, kFrameInside = 143;
constexpr std::uint8_t kSrh = 4; // RFC 8754 2: its routing type

/// A frame of the domain side by RFC 8200, 8754, 8986, 9800, in the order of docs/srv6.md; nothing where it goes to no
/// SID of a service.
[[nodiscard]] std::optional<Judged> judge_srv6(const World& world, int port, View frame);

/// End.AM behind the SF, as docs/srv6.md "Behaviours" has it: the IPv6 packet gets its next segment, for one hop.
/// `kept` is what judge_srv6() has put behind the EtherType. Else it is sfc_from_sf or ttl, and the packet stays as it
/// is.
[[nodiscard]] sfc_reason unmask(std::span<std::uint8_t> packet, View kept);

/// Copies bits of `from`, counted from the front, to `to`.
void copy_bits(Address& to, unsigned to_at, const Address& from, unsigned from_at, unsigned count);

} // namespace sfc::test::oracle
