// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "traffic_inner.h"

namespace sfc::test::traffic {

/// What an SF may change of its packet, a few of these each time: MACs, TTL, DSCP, flow label, checksums, TCP window
/// and flags, IP options and extension headers, padding. `frame` must be as it went to the SF.
void change_as_allowed(Frame& frame, std::uint32_t number, Random& random);
/// Makes a packet of it whose key no packet has: one field of the key, or the length.
void change_key(Frame& frame, std::uint32_t number, Random& random);

} // namespace sfc::test::traffic
