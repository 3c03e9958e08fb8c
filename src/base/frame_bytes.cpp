// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/frame_bytes.h"

namespace sfc {
namespace {

constexpr std::size_t kRoom = 64; // for a pseudo header

} // namespace

std::uint16_t checksum(std::span<const std::uint8_t> bytes) {
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
        sum += get16(bytes, at);
    }
    if (bytes.size() % 2 != 0) {
        sum += static_cast<std::uint32_t>(bytes.back()) << 8;
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

std::uint16_t checksum(const Bytes& source, const Bytes& destination, std::uint8_t protocol, const Bytes& message) {
    Bytes all;
    all.reserve(kRoom + message.size()); // also keeps g++ 12 from seeing an overflow in the growing vector
    append(all, source);
    append(all, destination);
    append16(all, message.size());
    append16(all, protocol);
    append(all, message);
    return checksum(all);
}

} // namespace sfc
