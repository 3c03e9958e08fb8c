// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "l4_maker.h"

namespace sfc::test {

/// An IP packet with any of the transports: options, fragments, chains of extension headers.
[[nodiscard]] Bytes make_ip(Random& random, bool ipv6);
[[nodiscard]] Bytes make_ip(Random& random, bool ipv6, const Transport& transport);
/// IPv6 with a segment routing header.
[[nodiscard]] Bytes make_steered(Random& random);

} // namespace sfc::test
