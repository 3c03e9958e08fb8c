// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "random.h"

namespace sfc::test {

/// What follows an IP header, and the protocol that says so. Fields have few different values, so that keys meet.
struct Transport {
    std::uint8_t protocol = 0;
    Bytes bytes;
};

[[nodiscard]] Transport make_transport(Random& random, bool ipv6);
/// One of the tunnels that can carry SFC.
[[nodiscard]] Transport make_tunnel(Random& random);

} // namespace sfc::test
