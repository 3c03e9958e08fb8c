// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>

namespace sfc {

/// A hold time in nanoseconds for the programs' clock, which moves by whole ticks of the kernel. It is rounded up to
/// ticks, and half a tick is added, so that the tick itself may be a little longer or shorter. No entry expires before
/// `hold_ns`. An entry whose hold time is a whole number of ticks is past it a tick later at the latest.
[[nodiscard]] std::uint64_t hold_in_ticks(std::uint64_t hold_ns);

} // namespace sfc
