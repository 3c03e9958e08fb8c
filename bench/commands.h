// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/plan.h"

namespace sfc::bench {

struct KeysOptions {
    unsigned rounds = 31;
    std::uint32_t in_flight = 1000;
    unsigned labels = 5;
    bool json = false;
};

struct CpusOptions {
    unsigned rounds = 31;
    std::uint32_t in_flight = 1000; ///< of each CPU
    unsigned labels = 5;
    bool json = false;
};

struct MicroOptions {
    unsigned rounds = 7;
    std::uint64_t packets = 120'000;
    std::vector<std::string> sfc = {"mpls"}; ///< encapsulations
    std::vector<unsigned> labels = {1, 5, 10, 16};
    std::vector<std::string> kinds = {"tcp ipv4", "udp ipv6"};
    std::vector<std::uint32_t> in_flight = {64, 1000, 10000, 60000};
    std::vector<std::uint32_t> capacities = {4096, 65536};
    std::vector<std::uint32_t> remembers = {0};
    bool json = false;
};

struct LoadsOptions {
    unsigned rounds = 7;
    bool json = false;
};

/// Each measures, prints it all, and returns the exit code.
[[nodiscard]] int run_keys(const KeysOptions& options);
[[nodiscard]] int run_cpus(const CpusOptions& options);
[[nodiscard]] int run_micro(const MicroOptions& options);
[[nodiscard]] int run_loads(const LoadsOptions& options);
/// How services share the positions of hints, with the configuration in that file. Measures nothing.
[[nodiscard]] int run_hints(const std::string& path);

/// One service from d0 through an SF behind left and right; `service` is the rest of it (headers.h). `remember`: keys,
/// for the usual hold time.
[[nodiscard]] Plan bench_plan(const std::string& service, std::uint32_t capacity, std::uint32_t remember = 0);

} // namespace sfc::bench
