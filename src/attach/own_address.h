// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <vector>

#include "attach/location.h"
#include "config/plan.h"
#include "net/neighbours.h"

namespace sfc {

/// Those of this host. Throws Error.
[[nodiscard]] std::vector<OwnAddress> own_addresses();
[[nodiscard]] sfc_address to_address(const IpBytes& ip);
/// Refuses an SF or a next hop that has an address of this host: no neighbour would ever answer. Throws Error{Kernel}.
void refuse_own_ips(const Plan& plan);
/// The same for the MAC of the port's own interface.
void refuse_own_mac(const Plan& plan, std::uint16_t id, const Link& link);

} // namespace sfc
