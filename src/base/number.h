// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sfc {

/// A whole number in decimal digits within these bounds; nothing where the text is anything else.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most);

} // namespace sfc
