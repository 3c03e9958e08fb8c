// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>

namespace sfc::test {

namespace model {
struct Result;
}
struct FloodOptions;
struct FloodResult;
struct MutateOptions;
struct MutateResult;
struct RaceOptions;
struct RacePart;
struct RaceResult;
struct TrafficOptions;
struct TrafficResult;

/// What --json prints, one line.
[[nodiscard]] std::string json_of(const MutateOptions& options, const MutateResult& result);
[[nodiscard]] std::string json_of(const TrafficOptions& options, const TrafficResult& result);
[[nodiscard]] std::string json_of(const FloodOptions& options, const FloodResult& result);
[[nodiscard]] std::string json_of(const RaceOptions& options, const RaceResult& result);
[[nodiscard]] std::string json_of(const model::Result& result);
/// The name in both kinds of output.
[[nodiscard]] std::string race_build_name(const RacePart& part);

} // namespace sfc::test
