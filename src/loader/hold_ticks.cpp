// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "loader/hold_ticks.h"

#include <cerrno>

#include <time.h>

#include "base/error.h"
#include "loader/messages.h"

namespace sfc {

std::uint64_t hold_in_ticks(std::uint64_t hold_ns) {
    timespec step{};
    if (clock_getres(CLOCK_MONOTONIC_COARSE, &step) != 0) {
        throw system_error(msg::cannot_ask_tick(), errno);
    }
    const auto tick =
        static_cast<std::uint64_t>(step.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(step.tv_nsec);
    return (hold_ns + tick - 1) / tick * tick + tick / 2;
}

} // namespace sfc
