// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/duration.h"

#include <array>
#include <charconv>
#include <limits>

namespace sfc {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t ns;
};
constexpr std::array kUnits = {Unit{"us", 1'000}, Unit{"ms", 1'000'000}, Unit{"s", 1'000'000'000}};

} // namespace

std::optional<std::uint64_t> parse_duration(std::string_view text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    for (const Unit& unit : kUnits) {
        if (unit.name == std::string_view(rest, end) && number <= std::numeric_limits<std::uint64_t>::max() / unit.ns) {
            return number * unit.ns;
        }
    }
    return std::nullopt;
}

} // namespace sfc
