// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "loader/ticks.h"

#include <cerrno>

#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "loader/messages.h"

namespace sfc {

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

} // namespace

std::uint64_t tick_ns() {
    timespec step{};
    if (clock_getres(CLOCK_MONOTONIC_COARSE, &step) != 0) {
        throw system_error(msg::cannot_ask_tick(), errno);
    }
    return static_cast<std::uint64_t>(step.tv_sec) * kSecond + static_cast<std::uint64_t>(step.tv_nsec);
}

std::uint64_t hold_in_ticks(std::uint64_t hold_ns) {
    const std::uint64_t tick = tick_ns();
    return (hold_ns + tick - 1) / tick * tick + tick / 2;
}

std::uint64_t path_now_ns() {
    tms unused{};
    const auto hundredths = static_cast<std::uint64_t>(times(&unused));
    return (hundredths + 1) * (kSecond / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK)));
}

} // namespace sfc
