// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "attach/location.h"
#include "config/plan.h"

namespace sfc {

/// Refuses an SF or a next hop that has an address of this host: no neighbour would ever answer. Throws Error{Kernel}.
void refuse_own_ips(const Plan& plan);
/// The same for the MAC of the port's own interface.
void refuse_own_mac(const Plan& plan, std::uint16_t id, const Link& link);

} // namespace sfc
