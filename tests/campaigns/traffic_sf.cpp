// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic_sf.h"

#include "traffic_world.h"

namespace sfc::test::traffic {

/// The two ticks about the end of the hold time are where a comparison can be off by one.
std::uint64_t SimulatedSf::delay(std::uint64_t hold_ticks) {
    const auto hold = static_cast<std::uint32_t>(hold_ticks);
    if (happens(behaviour_.slow_in)) {
        const std::uint32_t how = random_.below(4);
        return how < 2 ? hold + how : hold + 1 + random_.below(2 * hold - 1);
    }
    return 1 + random_.below(2 * behaviour_.mean_ticks * hold / kTicksMost);
}

bool SimulatedSf::take(std::uint64_t tick, std::uint64_t hold_ticks, const InSf& packet) {
    if (happens(behaviour_.lost_in)) {
        return false;
    }
    std::uint32_t index = static_cast<std::uint32_t>(pool_.size());
    if (free_.empty()) {
        pool_.push_back(packet);
    } else {
        index = free_.back();
        free_.pop_back();
        pool_[index] = packet;
    }
    pool_[index].returns = happens(behaviour_.twice_in) ? 2 : 1;
    to_come_ += pool_[index].returns;
    bool odd = pool_[index].returns > 1;
    for (std::uint8_t n = 0; n < pool_[index].returns; n++) {
        const std::uint64_t ticks = delay(hold_ticks);
        odd |= ticks > hold_ticks;
        due(tick + ticks).push_back(index);
    }
    return odd;
}

void SimulatedSf::returned(std::uint32_t index) {
    to_come_--;
    if (--pool_[index].returns == 0) {
        free_.push_back(index);
    }
}

} // namespace sfc::test::traffic
