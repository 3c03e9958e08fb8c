// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>

namespace sfc {

class Ethtool;
struct Link;

/// Frames that the kernel lost behind our verdict, as an interface counts them.
struct LostFrames {
    std::uint64_t not_redirected = 0; ///< came in here, and the target refused them: down, or too small an MTU
    std::uint64_t not_sent = 0;       ///< were to leave here, and the peer was down, its queue full, or it did not poll

    std::uint64_t unknown = 0; ///< at most so many more: were to leave here just before the interface vanished

    /// Of those that are known.
    [[nodiscard]] std::uint64_t total() const { return not_redirected + not_sent; }
};

/// Since the interface was made.
[[nodiscard]] LostFrames lost_frames(const Ethtool& ethtool, const Link& link, bool generic);

/// What came to `before` until `now`. The differences are modulo 2^64, so `before` may stand for less than nothing. A
/// counter that has gone back, because the interface was made anew unnoticed, has lost nothing.
[[nodiscard]] LostFrames lost_since(const LostFrames& before, const LostFrames& now);

} // namespace sfc
