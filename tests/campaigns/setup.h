// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>
#include <vector>

#include "frame_maker.h"
#include "oracle_world.h"

namespace sfc::test {

/// Slots enough that nothing is ever evicted: the oracle's cache has no limit.
constexpr std::uint32_t kCampaignCapacity = 65536;

/// The configuration of the campaign: four SFs of all profiles and kinds, services of all policies over them.
[[nodiscard]] oracle::World campaign_world();
/// The interfaces that it names.
[[nodiscard]] std::vector<std::string> campaign_interfaces();
/// The part of it that the frame maker needs.
[[nodiscard]] std::vector<Chain> campaign_chains(const oracle::World& world);

} // namespace sfc::test
