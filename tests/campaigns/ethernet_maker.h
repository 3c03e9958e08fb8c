// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "ip_maker.h"

namespace sfc::test {

/// An Ethernet frame as the payload of a label stack: IP, ARP, LLC, SFC, anything, behind up to three VLAN tags.
[[nodiscard]] Bytes make_ethernet(Random& random);
/// A frame that an SF makes up: something behind up to six wrappers that may hide it.
[[nodiscard]] Bytes make_forged(Random& random);

} // namespace sfc::test
