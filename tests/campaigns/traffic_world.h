// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>
#include <vector>

#include "oracle_world.h"

namespace sfc::test::traffic {

constexpr std::uint64_t kTickNs = 1'562'500; ///< the clock's step
constexpr std::uint32_t kTicksMost = 64;     ///< of the longest hold time in the worlds below

/// Two SFs, one of them with half the hold time and with MACs of its own; five services of each encapsulation through
/// them, both ways, some back to where their packets come from, some through the same ports of the same SF. With SRv6 a
/// third SF, of End.AM, and three services through it.
[[nodiscard]] oracle::World oracle_world(const oracle::Encapsulations& encaps);
/// Two services of each encapsulation, the first of them through one SF and the second through another one. With SRv6
/// the second one is End.AM.
[[nodiscard]] oracle::World flood_world(const oracle::Encapsulations& encaps);

/// The hold time of each service.
[[nodiscard]] std::vector<std::uint64_t> holds(const oracle::World& world);

} // namespace sfc::test::traffic
