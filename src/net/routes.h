// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>

#include "net/netlink.h"

namespace sfc {

/// Whether any route in any table sends packets for other hosts out of the interface. The route to its link-local
/// addresses, which every interface has in IPv6, is none. Throws Error.
[[nodiscard]] bool any_route_by(Netlink& netlink, std::uint32_t ifindex, bool six);

} // namespace sfc
