// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/mac.h"

#include <charconv>

#include <fmt/format.h>

namespace sfc {

std::optional<Mac> parse_mac(std::string_view text) {
    Mac mac{};
    if (text.size() != 17) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < mac.size(); i++) {
        const char* pair = text.data() + 3 * i;
        if (i > 0 && pair[-1] != ':') {
            return std::nullopt;
        }
        const auto [end, error] = std::from_chars(pair, pair + 2, mac[i], 16);
        if (error != std::errc{} || end != pair + 2) {
            return std::nullopt;
        }
    }
    return mac;
}

Mac to_mac(const std::uint8_t (&bytes)[6]) {
    return std::to_array(bytes);
}

std::string format_mac(const Mac& mac) {
    return fmt::format("{:02x}", fmt::join(mac, ":"));
}

} // namespace sfc
