// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The programs' clock: the kernel's ticks since it started, in nanoseconds (bpf/base/clock.h).
#pragma once

#include <cstdint>

namespace sfc {

/// Nanoseconds from one tick of the kernel to the next: 4000000 at 250 Hz.
[[nodiscard]] std::uint64_t tick_ns();

/// A hold time in nanoseconds for the programs' clock, which moves by whole ticks of the kernel. It is rounded up to
/// ticks, and half a tick is added, so that the tick itself may be a little longer or shorter. No entry expires before
/// `hold_ns`. An entry whose hold time is a whole number of ticks is past it a tick later at the latest.
[[nodiscard]] std::uint64_t hold_in_ticks(std::uint64_t hold_ns);

/// Time of the programs' clock, ns: never behind it, and up to 10 ms before it, because times(2) tells the kernel's
/// ticks in hundredths of a second.
[[nodiscard]] std::uint64_t path_now_ns();

} // namespace sfc
