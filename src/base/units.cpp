// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

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

std::string format_duration(std::uint64_t ns) {
    const auto unit =
        std::find_if(kUnits.rbegin(), kUnits.rend(), [ns](const Unit& one) { return ns != 0 && ns % one.ns == 0; });
    return unit == kUnits.rend() ? fmt::format("{}ns", ns) : fmt::format("{}{}", ns / unit->ns, unit->name);
}

std::string format_bytes(std::uint64_t bytes) {
    constexpr std::uint64_t kKi = 1024;
    if (bytes < kKi) {
        return fmt::format("{} bytes", bytes);
    }
    const bool mega = bytes >= kKi * kKi;
    const double value = static_cast<double>(bytes) / static_cast<double>(mega ? kKi * kKi : kKi);
    return fmt::format("{} {}", std::round(value * 10) / 10, mega ? "MiB" : "KiB");
}

} // namespace sfc
