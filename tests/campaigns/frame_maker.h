// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <random>

#include "packet.h"

namespace sfc::test {

/// Makes frames that are nearly right: every field of a labelled packet drawn at random, then damaged now and then.
/// The same seed makes the same frames on every machine: only the generator's raw bits are used, since the library's
/// distributions may differ.
class FrameMaker {
public:
    explicit FrameMaker(std::uint64_t seed) : random_(seed) {}

    /// A number from 0 to `bound` - 1.
    std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
    bool one_in(std::uint32_t n) { return below(n) == 0; }

    /// Ethernet, a label stack, an IP packet, padding.
    Bytes labelled();
    /// Truncates, flips, overwrites, inserts: zero to three times.
    void damage(Bytes& frame);

private:
    std::mt19937_64 random_;

    void put_stack(Bytes& out);
    void put_ip(Bytes& out, const Bytes& l4, std::uint8_t proto);
    Bytes l4(std::uint8_t proto);
    void put_random(Bytes& out, std::size_t count);
};

} // namespace sfc::test
