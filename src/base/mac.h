// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfc {

using Mac = std::array<std::uint8_t, 6>;

/// "02:00:00:00:00:0b", any case; nothing where the text is not six pairs of hex digits.
[[nodiscard]] std::optional<Mac> parse_mac(std::string_view text);
[[nodiscard]] std::string format_mac(const Mac& mac);
/// As the maps hold it.
[[nodiscard]] Mac to_mac(const std::uint8_t (&bytes)[6]);

} // namespace sfc
