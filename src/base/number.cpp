// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/number.h"

#include <charconv>

namespace sfc {

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || rest != end || number < least || number > most) {
        return std::nullopt;
    }
    return number;
}

} // namespace sfc
