// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "traffic/header.h"
#include "traffic/stamp.h"

namespace sfc {

/// What the sink counts of the packets of one `send`.
class Tally {
public:
    /// `expected`: the header that all should have; without it each says in its stamp which one it was sent with.
    /// `count`: how many should come; without it the stamps say that too.
    Tally(std::optional<HeaderPattern> expected, std::optional<std::uint64_t> count);

    /// Judges a frame; one that no `send` made, or another one, is ignored. Returns the first fault of a frame that has
    /// one.
    std::optional<std::string> take(std::span<const std::uint8_t> frame);

    [[nodiscard]] std::uint64_t received() const { return received_; }
    [[nodiscard]] std::uint64_t wrong() const { return wrong_; }
    [[nodiscard]] std::uint64_t lost() const;
    /// All are there, or the last one that was sent is.
    [[nodiscard]] bool last_seen() const;
    [[nodiscard]] bool passed() const;
    /// "RESULT pass received=... "
    [[nodiscard]] std::string result() const;

private:
    std::optional<HeaderPattern> expected_;
    std::optional<std::uint64_t> count_;
    std::optional<std::uint64_t> run_; ///< of the first packet; those of other runs are not counted
    std::vector<bool> seen_;           ///< by number
    std::uint64_t sent_ = 0;           ///< as the stamps say
    std::uint64_t received_ = 0, distinct_ = 0, wrong_ = 0, duplicate_ = 0, reordered_ = 0, highest_ = 0;

    [[nodiscard]] std::uint64_t wanted() const { return count_.value_or(sent_); }
    [[nodiscard]] std::optional<std::string> fault(std::span<const std::uint8_t> frame, const Stamp& stamp) const;
    std::optional<std::string> note_number(const Stamp& stamp);
};

} // namespace sfc
