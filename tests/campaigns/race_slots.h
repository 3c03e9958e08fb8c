// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>
#include <vector>

#include "config/plan.h"
#include "loader/maps.h"

namespace sfc::test {

/// While no program runs, each slot of each service is at one position: a word of the index names it, or a magazine, or
/// a chunk of the pool, or it is an orphan, or was never used. One line for each that is not, and for words with equal
/// keys in one bucket. A lock must not be taken, and must say how many words are in overflow lines. `index`: as the
/// programs had it.
[[nodiscard]] std::vector<std::string> slot_faults(const Maps& maps, const Plan& plan, const IndexSize& index);

} // namespace sfc::test
