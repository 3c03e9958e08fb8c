// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Strip and restore on all CPUs at once, in few buckets. The label carries the packet's number, so a wrong header
// shows.
#include <thread>

#include <gtest/gtest.h>

#include "proxy.h"

namespace sfc::test {
namespace {

constexpr unsigned kRounds = 100'000;
constexpr unsigned kNumbers = 63; // distinct packets, few enough to meet; odd, so that rounds mix them

/// The number that the restored header carries: the label that is on top now.
unsigned number_of(std::span<const std::uint8_t> frame) {
    return static_cast<unsigned>(frame[14] << 12 | frame[15] << 4 | frame[16] >> 4);
}

struct Tally {
    unsigned restored = 0;
    unsigned wrong = 0;
};

/// Odd rounds of one thread return what even rounds of the other sent; nobody waits for anybody.
Tally work(Proxy& proxy, unsigned thread, int cpu) {
    TestRun run(proxy.programs, cpu);
    Tally tally;
    for (unsigned i = 0; i < kRounds; i++) {
        const auto id = static_cast<std::uint16_t>(1 + (i * 7 + thread) % kNumbers);
        if ((i + thread) % 2 == 0) {
            run.strip(mpls_udp({{.label = 16001}, {.label = id}}, {.id = id}), proxy.ifindex(kDomain));
            continue;
        }
        const auto outcome = run.restore(plain_udp({.id = id}), proxy.ifindex(kRight));
        if (outcome.result.verdict == SFC_VERDICT_RESTORED) {
            tally.restored++;
            tally.wrong += number_of(outcome.bytes) != id ? 1 : 0;
        }
    }
    return tally;
}

TEST(Race, NoWrongHeaderAndEveryPacketAccountedFor) {
    Proxy proxy;
    const unsigned threads = std::max(2U, std::thread::hardware_concurrency());
    std::vector<Tally> tallies(threads);
    std::vector<std::jthread> running;
    for (unsigned i = 0; i < threads; i++) {
        running.emplace_back(
            [&, i] { tallies[i] = work(proxy, i, static_cast<int>(i % std::thread::hardware_concurrency())); });
    }
    running.clear(); // joins
    for (const Tally& tally : tallies) {
        EXPECT_EQ(tally.wrong, 0U);
        EXPECT_GT(tally.restored, 0U);
    }
    EXPECT_TRUE(proxy.conservation().balanced());
}

} // namespace
} // namespace sfc::test
