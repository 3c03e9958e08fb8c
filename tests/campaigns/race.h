// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "encap.h"
#include "race_table.h"

namespace sfc::test {

struct RaceOptions {
    std::uint64_t events = 1'000'000; ///< runs of the proxy's programs in all, the planted bug's not among them
    std::uint64_t seed = 1;
    std::uint64_t seconds_naive = 10; ///< in which the planted bug must be noticed
    oracle::Encapsulations encaps = all_encaps();
};

/// One way of meeting: what it was and how the packets ended.
struct RacePart {
    std::string name;
    RaceSetup setup{};
    std::uint64_t events = 0;
    RaceCounts counts{};
    std::uint64_t evicted = 0, expired = 0, live = 0; ///< references
    bool balanced = false;
    std::vector<std::string> faults{}; ///< all that is not as it must be, in words
};

struct RaceResult {
    std::vector<RacePart> parts;
    std::optional<double> naive_caught_s; ///< nothing: the planted bug was not noticed
    RaceCounts naive{};
    std::vector<std::string> kernel_trouble;
};

/// Strip and restore of the same few packets on all CPUs at once. The process must be in a sandbox with
/// race_interfaces().
[[nodiscard]] RaceResult run_race(const RaceOptions& options);

} // namespace sfc::test
