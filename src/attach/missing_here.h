// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>
#include <vector>

#include "config/plan.h"

namespace sfc {

/// A sentence for each port whose interface is not on this host, and for each network namespace that is not. None where
/// this process may not look.
[[nodiscard]] std::vector<std::string> missing_here(const Plan& plan);

} // namespace sfc
