// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <span>
#include <vector>

#include "ethernet_maker.h"

namespace sfc::test {

/// Which kinds of packet a service takes, as far as the maker minds.
struct Chain {
    std::uint32_t label = 0;
    bool ipv4 = true;
    bool ipv6 = true;
    bool ethernet = false;
};

/// Makes frames that are nearly right: every field of a labelled packet drawn at random, then damaged now and then.
class FrameMaker {
public:
    FrameMaker(Random& random, std::vector<Chain> chains) : random_(random), chains_(std::move(chains)) {}

    /// Ethernet, a label stack, a packet, padding. Some frames and some packets come again.
    Bytes labelled();
    /// Truncates, flips, overwrites, inserts: mostly nothing, at most three times.
    void damage(Bytes& frame);

private:
    static constexpr std::size_t kKept = 64;

    struct Kept {
        Bytes frame;
        Bytes packet;
        Chain chain;
    };

    Random& random_;
    std::vector<Chain> chains_;
    std::vector<Kept> kept_; ///< lately made

    void put_stack(Bytes& out, std::uint32_t label);
    Bytes packet(const Chain& chain);
    void damage_once(Bytes& frame);
};

} // namespace sfc::test
