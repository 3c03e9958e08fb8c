// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sfc::bench {

using Bytes = std::vector<std::uint8_t>;

/// One kind of packet as it goes to the SF, with the offset (from the IP header) of four bytes that are in its key.
struct Kind {
    std::string name;
    Bytes ip;
    std::uint32_t number_off;
};

/// The kinds of docs/keys.md that are measured. The first ones are the common case.
[[nodiscard]] std::vector<Kind> kinds();

inline constexpr std::size_t kIpv4Bytes = 20, kIpv6Bytes = 40;

void put16(Bytes& out, unsigned value);
/// Documentation addresses, and no checksum.
[[nodiscard]] Bytes ipv4(std::uint8_t proto, const Bytes& l4, unsigned fragment = 0);
[[nodiscard]] Bytes ipv6(std::uint8_t next, const Bytes& l4);

} // namespace sfc::bench
