// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sfc {

/// A whole number with us, ms or s, in nanoseconds; nothing where the text is anything else or does not fit 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_duration(std::string_view text);

} // namespace sfc
