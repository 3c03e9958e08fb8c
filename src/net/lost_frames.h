// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>

namespace sfc {

class Ethtool;
struct Link;

/// Frames that the kernel lost behind our verdict, as an interface counts them.
struct LostFrames {
    std::uint64_t not_redirected = 0; ///< came in here, and the target refused them: down, or too small an MTU
    std::uint64_t not_sent = 0;       ///< were to leave here, and the peer's queue was full or it did not poll

    [[nodiscard]] std::uint64_t total() const { return not_redirected + not_sent; }
};

/// Since the interface was made.
[[nodiscard]] LostFrames lost_frames(const Ethtool& ethtool, const Link& link, bool generic);

} // namespace sfc
