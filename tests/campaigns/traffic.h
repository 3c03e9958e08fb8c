// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "build.h"
#include "encap.h"

namespace sfc::test {

struct TrafficOptions {
    Build build = Build::Kernel;
    std::uint64_t events = 1'000'000; ///< program runs; what is in the SFs then still comes back
    std::uint64_t seed = 1;
    std::uint32_t capacity = 4096; ///< slots of the cache, rounded up to a power of two
    std::uint32_t remember = 0;    ///< keys that are remembered; none may be forgotten
    /// Early evictions that are allowed, per million of packets to the SFs. Close to its quota a service may lose a
    /// live entry while a stale one is out of the hand's reach, and some free slots are in other CPUs' magazines.
    std::uint64_t early_limit = 35'000;
    oracle::Encapsulations encaps = all_encaps(); ///< of the services
};

struct TrafficResult {
    std::uint64_t events = 0;                         ///< program runs
    std::map<std::string, std::uint64_t> classes;     ///< what became of them, by the model
    std::map<std::string, std::uint64_t> counters;    ///< of the cache, of all services
    std::map<std::string, std::uint64_t> differences; ///< from the model, by kind
    std::vector<std::string> examples;                ///< the first of each
    std::vector<std::string> untried;                 ///< what should have occurred and did not
    std::vector<std::string> kernel_trouble;
    std::uint64_t quota = 0; ///< slots of the cache for each service
    std::uint64_t to_sf = 0;
    std::uint64_t wrong = 0; ///< runs that ended otherwise than they may, and counters that do not add up
    std::uint64_t limit = 0; ///< the stated limit of I2: a packet got an equal one's header, as its own was gone
    std::uint64_t early = 0; ///< evicted references of services that had less in flight than their quota
    bool balanced = false;
};

/// Packets that all can be told apart by the campaign, but not all by their keys, through strip, simulated SFs and
/// restore; a model says what may become of each. The process must be in its sandbox, but for Build::Native.
[[nodiscard]] TrafficResult run_traffic(const TrafficOptions& options);
/// The interfaces that the sandbox must have.
[[nodiscard]] std::vector<std::string> traffic_interfaces(const TrafficOptions& options);

} // namespace sfc::test
