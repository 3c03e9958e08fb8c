// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>
#include <vector>

#include "oracle_world.h"

namespace sfc::test::traffic {

constexpr std::uint64_t kTickNs = 1'562'500; ///< the clock's step
constexpr std::uint32_t kTicksMost = 64;     ///< of the longest hold time in the worlds below

/// Two SFs, one of them with half the hold time and with MACs of its own; five services through them, both ways, two of
/// them back to where their packets come from, two of them through the same ports of the same SF.
[[nodiscard]] oracle::World oracle_world();
/// Two services, each with an SF of its own.
[[nodiscard]] oracle::World flood_world();

[[nodiscard]] std::vector<std::string> interface_names(const oracle::World& world);
/// The hold time of each service.
[[nodiscard]] std::vector<std::uint64_t> holds(const oracle::World& world);

} // namespace sfc::test::traffic
