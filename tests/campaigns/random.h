// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <span>

#include "packet.h"

namespace sfc::test {

/// The same seed gives the same numbers on every machine: only the generator's raw bits are used, since the library's
/// distributions may differ.
class Random {
public:
    explicit Random(std::uint64_t seed) : bits_(seed) {}

    /// A number from 0 to `bound` - 1.
    std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(bits_() % bound); }
    bool one_in(std::uint32_t n) { return below(n) == 0; }
    std::uint8_t byte() { return static_cast<std::uint8_t>(bits_()); }
    template <class T, std::size_t N> T pick(const std::array<T, N>& from) {
        return from[below(static_cast<std::uint32_t>(N))];
    }
    void append(Bytes& out, std::size_t count) {
        for (std::size_t i = 0; i < count; i++) {
            out.push_back(byte());
        }
    }

private:
    std::mt19937_64 bits_;
};

/// Byte by byte: the compiler sees overflows that are not there in what insert() comes to.
inline void put(Bytes& out, std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) {
        out.push_back(byte);
    }
}

inline void put16(Bytes& out, std::size_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}

inline void put32(Bytes& out, std::uint32_t value) {
    put16(out, value >> 16);
    put16(out, value & 0xffff);
}

} // namespace sfc::test
