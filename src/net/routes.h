// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>

#include <libmnl/libmnl.h>

#include "net/neighbours.h"
#include "net/netlink.h"

namespace sfc {

/// Whether it tells of a route.
[[nodiscard]] bool is_route(const nlmsghdr& message);

/// The neighbour that the kernel's route to `destination` leads to where a packet leaves by the interface: a gateway,
/// or the destination itself. Empty where no route leads there. Without any by the interface, IPv4 takes the
/// destination for one on the link, as it does for sockets that are bound to an interface.
[[nodiscard]] IpBytes first_hop(Netlink& netlink, std::uint32_t ifindex, const IpBytes& destination);

/// Whether any route in any table sends packets for other hosts out of the interface. The route to its link-local
/// addresses, which every interface has in IPv6, is none. Throws Error.
[[nodiscard]] bool any_route_by(Netlink& netlink, std::uint32_t ifindex, bool six);

} // namespace sfc
