// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "random.h"

namespace sfc::test {

/// Changes what an SF may change: TTL, DSCP, checksums, IPv4 options, extension headers, TCP options, padding. `frame`
/// must hold a whole IP packet behind the Ethernet header and at most two VLAN tags; others are left alone.
void change_as_allowed(Bytes& frame, Random& random);
/// Changes one byte of the headers, which mostly makes another packet of it.
void change_a_field(Bytes& frame, Random& random);

} // namespace sfc::test
