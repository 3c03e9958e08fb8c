// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sfc::test {

struct FloodOptions;
struct MutateOptions;
struct RaceOptions;
struct TrafficOptions;

/// The subcommands. Each prints its result, "RESULT pass|fail key=value ..." in the last line, and returns the exit
/// code, 0 or 1.
[[nodiscard]] int mutate_command(const MutateOptions& options, bool json);
[[nodiscard]] int oracle_command(const TrafficOptions& options, bool json);
[[nodiscard]] int flood_command(const FloodOptions& options, bool json);
[[nodiscard]] int race_command(const RaceOptions& options, bool json);
[[nodiscard]] int model_command(bool ways, bool json);

/// Names and numbers, one a line.
void print_counts(const std::string& title, const std::map<std::string, std::uint64_t>& counts);

} // namespace sfc::test
