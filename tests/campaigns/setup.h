// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>

#include "oracle_world.h"

namespace sfc::test {

/// Slots enough that nothing is ever evicted: the oracle's cache has no limit.
constexpr std::uint32_t kCampaignCapacity = 65536;

/// The ports on the domain side.
constexpr std::array<int, 2> kDomainPorts = {7, 8};

/// The configuration of the campaign: four SFs of all profiles and kinds, with SRv6 one of End.AM, services of all
/// policies and of these encapsulations over them.
[[nodiscard]] oracle::World campaign_world(const oracle::Encapsulations& encaps);

} // namespace sfc::test
