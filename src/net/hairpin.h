// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>

#include "net/ethtool.h"
#include "net/link.h"

namespace sfc {

/// The offloads that must stay off where frames go into a hairpin. XDP at its peer sees a frame as it was handed over.
/// The checksum, or a VLAN tag beside the frame, would be left to a device that does not exist, and never get into it.
inline constexpr std::array kHairpinOffloads = {Offload::TxChecksum, Offload::TxVlan};

/// A pair of veth interfaces of our own: what is sent on `in` arrives at `out`, where an XDP program can take it.
struct Hairpin {
    Link in, out;
};

/// Makes the pair "sfc<for_index>a" (`in`) and "sfc<for_index>b" (`out`) in this thread's network namespace, both up.
/// Neither sends anything by itself, and what is sent on `in` arrives with its checksums and VLAN tags in the frame.
/// Interfaces of these names that a killed process has left are replaced. Throws Error{Kernel} where something else has
/// such a name, or where /proc/sys is read-only, as in many containers: IPv6 could not be kept quiet.
[[nodiscard]] Hairpin make_hairpin(std::uint32_t for_index, std::uint32_t mtu);
/// Nothing happens where it is gone already, or where the names are somebody else's. Throws Error.
void remove_hairpin(std::uint32_t for_index);
/// By its kind and name; the kernel keeps no note of who has made an interface.
[[nodiscard]] bool is_hairpin(const Link& link);

} // namespace sfc
