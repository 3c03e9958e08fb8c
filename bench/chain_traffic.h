// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "chain.h"
#include "chain_variants.h"

struct chain_bpf;

namespace sfc::bench {

/// Packets that are alike, at a steady pace. `labels`: words of the header, of any encapsulation. `entries`: as many
/// labels as both ends are to have the work of. `stacks`: so many different ones, a power of two; 0 is one for each
/// packet. `rate` is in packets a second; 0 is as fast as it goes. `timed`: how long packets take is counted.
struct Stream {
    std::uint32_t sfc = CHAIN_MPLS, begun = 0, hops = 0, labels = 0, expected = 0, entries = 0, bare_len = 0, flows = 0,
                  services = 0, stacks = 0, batch = 0, timed = 0;
    std::uint64_t packets = 0;
    double rate = 0;
};

/// `rate` is what the generator came to: less than it was asked for where it, or this machine, is not fast enough.
struct Outcome {
    std::uint64_t sent = 0, right = 0, wrong = 0;
    double rate = 0;
};

/// The generator on one interface, and the sink on another.
class Traffic {
public:
    /// Packets go out of s0 of `sender`, with the MAC of `proxy`'s p0, and are counted at r0 of `receiver`.
    Traffic(const Netns& sender, const Netns& proxy, const Netns& receiver);
    ~Traffic();

    /// Returns when nothing arrives any more.
    Outcome send(const Stream& stream);
    /// Of the last stream that was timed: packets by the least nanoseconds of their bucket.
    [[nodiscard]] std::map<std::uint64_t, std::uint64_t> delays() const;

private:
    const Netns& sender_;
    std::uint32_t port_ = 0;
    Skeleton<chain_bpf> skeleton_;
    Fd sink_;
    chain_settings settings_{};

    void run(const Stream& stream, std::uint64_t packets);
    void forget_delays();
    [[nodiscard]] chain_arrived arrived() const;
};

} // namespace sfc::bench
