// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "build.h"
#include "encap.h"

namespace sfc::test {

struct MutateOptions {
    Build build = Build::Kernel;
    std::uint64_t frames = 1'000'000; ///< of the domain side
    std::uint64_t seed = 1;
    oracle::Encapsulations encaps = all_encaps(); ///< of the services
};

struct MutateResult {
    std::map<std::string, std::uint64_t> outcomes;    ///< "verdict reason": frames of both sides; "restored header"
    std::map<std::string, std::uint64_t> restored;    ///< kind of packet: frames
    std::map<std::string, std::uint64_t> differences; ///< from the oracle, by what it expected and what came
    std::vector<std::string> untried;                 ///< kinds and reasons that should have occurred
    std::uint64_t wrong = 0;                          ///< frames that ended otherwise than the oracle says
    std::uint64_t reaped = 0;                         ///< late packets whose entry had made room for another one
    std::vector<std::string> examples;                ///< the first of each difference
    std::vector<std::string> kernel_trouble;
    std::string not_comparable; ///< why the oracle's answers do not hold; empty where they do
    bool balanced = false;
};

/// The process must be in its sandbox, but for Build::Native.
[[nodiscard]] MutateResult run_mutate(const MutateOptions& options);

} // namespace sfc::test
