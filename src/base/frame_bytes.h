// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Frames of our own, byte by byte.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace sfc {

using Bytes = std::vector<std::uint8_t>;

template <class Range> void append(Bytes& to, const Range& from) {
    to.insert(to.end(), std::begin(from), std::end(from));
}

inline void append(Bytes& to, std::initializer_list<std::uint8_t> from) {
    to.insert(to.end(), from.begin(), from.end());
}

inline void append16(Bytes& to, std::size_t value) {
    append(to, {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)});
}

inline void set16(Bytes& bytes, std::size_t at, std::uint16_t value) {
    bytes[at] = value >> 8;
    bytes[at + 1] = value & 0xff;
}

inline std::uint16_t get16(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

/// RFC 1071. Of bytes with a right checksum among them it is 0.
[[nodiscard]] std::uint16_t checksum(std::span<const std::uint8_t> bytes);
/// With the pseudo header of RFC 768 or RFC 8200 8.1.
[[nodiscard]] std::uint16_t checksum(const Bytes& source, const Bytes& destination, std::uint8_t protocol,
                                     const Bytes& message);

} // namespace sfc
