// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "traffic_sf.h"

namespace sfc::test::traffic {

/// What an SF may change of its packet, a few of these each time: MACs, TTL, DSCP, flow label, checksums, TCP window
/// and flags, IP options and extension headers, padding. `frame` must be as the packet went to the SF. With End.AM
/// extension headers must stay, and a hop must be left.
void change_as_allowed(Frame& frame, const InSf& packet, Random& random);
/// With End.AM: makes another header of it, of the same key.
void change_header(Frame& frame, const InSf& packet, Random& random);
/// Makes a packet of it whose key no packet has: one field of the key, or the length.
void change_key(Frame& frame, const InSf& packet, Random& random);

} // namespace sfc::test::traffic
