// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfc {

/// A whole number with us, ms or s, in nanoseconds; nothing where the text is anything else or does not fit 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_duration(std::string_view text);
/// As it is written in a configuration: "100ms", in the largest unit that gives a whole number.
[[nodiscard]] std::string format_duration(std::uint64_t ns);
/// "216 bytes", "704 KiB", "12.5 MiB".
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

} // namespace sfc
