// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Where messages to senders come from when the configuration does not say so.
#pragma once

#include <string>
#include <vector>

#include "config/plan.h"

namespace sfc {

/// Gives ports without a source that of their interface, or of the first domain port that has one: a global address.
/// Ports without one stay as they are. The shape has the IP versions that have a source then. Throws Error.
void add_icmp_sources(Plan& plan);
/// A sentence for each IP version whose senders are told nothing, because no domain port has an address of it.
[[nodiscard]] std::vector<std::string> icmp_gaps(const Plan& plan);

} // namespace sfc
