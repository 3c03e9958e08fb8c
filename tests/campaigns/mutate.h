// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sfc::test {

struct MutateOptions {
    std::uint64_t frames = 1'000'000;
    std::uint64_t seed = 1;
};

struct MutateResult {
    std::map<std::string, std::uint64_t> outcomes; ///< "verdict reason": frames
    std::uint64_t wrong = 0;                       ///< frames that broke a rule
    std::vector<std::string> examples;             ///< the first few of them
    std::vector<std::string> kernel_trouble;
    bool balanced = false;
};

/// The process must be in its sandbox.
[[nodiscard]] MutateResult run_mutate(const MutateOptions& options);

} // namespace sfc::test
