// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "encap.h"

namespace sfc::test {

struct FloodOptions {
    std::uint64_t seconds = 1;                    ///< of the flood, by the cache's clock
    std::uint64_t packets = 0;                    ///< of the flood; 0: as `seconds` says
    std::uint64_t seed = 1;                       ///< of the normal traffic
    std::uint32_t capacity = 4096;                ///< slots of the cache, rounded up to a power of two
    oracle::Encapsulations encaps = all_encaps(); ///< of the services
};

/// Packets of normal traffic, all of which come back in time.
struct Served {
    std::uint64_t to_sf = 0;
    std::uint64_t restored = 0;
    [[nodiscard]] double rate() const {
        return to_sf == 0 ? 0 : static_cast<double>(restored) / static_cast<double>(to_sf);
    }
};

struct FloodResult {
    std::uint64_t flooded = 0;  ///< packets that never came back
    Served beside;              ///< of the other service, while the flood lasts
    Served after;               ///< of the flooded service, from one hold time after the flood on
    std::uint64_t live_max = 0; ///< references in the cache
    std::uint64_t memory_before = 0, memory_after = 0; ///< bytes charged for the maps
    std::uint64_t capacity = 0;                        ///< slots of the cache
    std::map<std::string, std::uint64_t> classes;      ///< what became of all frames, by the model
    std::vector<std::string> examples;                 ///< of what was wrong
    std::vector<std::string> kernel_trouble;
    std::uint64_t wrong = 0;
    bool balanced = false;
};

/// One service of each encapsulation gets packets that never come back, all together ten times the cache's capacity a
/// hold time; another one of each has normal traffic. The process must be in its sandbox.
[[nodiscard]] FloodResult run_flood(const FloodOptions& options);
/// The interfaces that the sandbox must have.
[[nodiscard]] std::vector<std::string> flood_interfaces(const FloodOptions& options);

} // namespace sfc::test
