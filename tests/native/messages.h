// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// ICMP errors by hand: RFC 792, 1191, 1812, 4443.
#pragma once

#include <algorithm>

#include "packet.h"

namespace sfc::test {

struct Error {
    std::uint8_t type, code;
    std::uint32_t word = 0;   ///< MTU or pointer
    std::size_t most = 65535; ///< bytes that a link has room for
};

/// The packet with an error about this one: from 203.0.113.1 or 2001:db8:a::1, with as much of it as fits into 576
/// bytes (RFC 1812 4.3.2.3) or 1280 (RFC 4443 2.4 c).
inline Bytes error_about(const Bytes& packet, const Error& error) {
    const bool six = packet[0] >> 4 == 6;
    const std::size_t header = six ? 48 : 28, most = std::min<std::size_t>(error.most, six ? 1280 : 576);
    const auto at = [&packet](std::size_t n) { return packet.begin() + static_cast<std::ptrdiff_t>(n); };
    const auto high = [](std::size_t n) { return static_cast<std::uint8_t>(n >> 8); };
    const auto low = [](std::size_t n) { return static_cast<std::uint8_t>(n); };
    Bytes icmp = {
        error.type,     error.code, 0, 0, low(error.word >> 24), low(error.word >> 16), high(error.word & 0xffff),
        low(error.word)};
    icmp.insert(icmp.end(), at(0), at(std::min(packet.size(), most - header)));
    Bytes addresses =
        six ? Bytes{0x20, 0x01, 0x0d, 0xb8, 0, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1} : Bytes{203, 0, 113, 1};
    addresses.insert(addresses.end(), at(six ? 8 : 12), at(six ? 24 : 16));
    Bytes summed = six ? addresses : Bytes{}; // RFC 8200 8.1: the pseudo header
    if (six) {
        summed.insert(summed.end(), {0, 0, high(icmp.size()), low(icmp.size()), 0, 0, 0, 58});
    }
    summed.insert(summed.end(), icmp.begin(), icmp.end());
    const std::uint16_t sum = internet_checksum(summed);
    icmp[2] = high(sum);
    icmp[3] = low(sum);
    const std::size_t size = icmp.size() + (six ? 0 : 20);
    Bytes all = six ? Bytes{0x60, 0, 0, 0, high(size), low(size), 58, 64}
                    : Bytes{0x45, 0xc0, high(size), low(size), 0, 0, 0x40, 0, 64, 1, 0, 0};
    all.insert(all.end(), addresses.begin(), addresses.end());
    if (!six) {
        const std::uint16_t check = internet_checksum(all);
        all[10] = high(check);
        all[11] = low(check);
    }
    all.insert(all.end(), icmp.begin(), icmp.end());
    return all;
}

} // namespace sfc::test
