// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the cache promises (docs/DESIGN.md, promises I1 to I3), where a capture cannot show it.
#include <thread>

#include <gtest/gtest.h>

#include "loader/ticks.h"
#include "proxy.h"

namespace sfc::test {
namespace {

const std::vector<Label> kStack = {{.label = 16001}, {.label = 100}, {.label = 200}};
const std::vector<Label> kOtherKernel = {{.label = 16001}, {.label = 100}, {.label = 201}};
constexpr std::uint64_t kHold = 100'000'000;

TEST(Cache, RestoresTheHeaderOfThePacket) {
    Proxy proxy;
    EXPECT_EQ(proxy.strip(mpls_udp(kStack, {})).result.verdict, SFC_VERDICT_TO_SF);
    const auto outcome = proxy.restore(plain_udp({}));
    EXPECT_EQ(outcome.result.verdict, SFC_VERDICT_RESTORED);
    EXPECT_EQ(outcome.action, 4U); // XDP_REDIRECT
    const Bytes expected = without_ethernet(mpls_udp({{.label = 100, .ttl = 63}, {.label = 200}}, {}));
    EXPECT_EQ(without_ethernet(outcome.bytes), expected);
    EXPECT_TRUE(proxy.conservation().balanced());
}

TEST(Cache, TellsPacketsApartByEveryFieldOfTheKey) {
    Proxy proxy;
    proxy.strip(mpls_udp(kStack, {.id = 1}));
    for (const Udp& other : {Udp{.id = 2}, Udp{.sport = 1001}, Udp{.dport = 54}, Udp{.payload = "Payload"}}) {
        EXPECT_EQ(proxy.restore(plain_udp(other)).result.reason, SFC_REASON_miss);
    }
    EXPECT_EQ(proxy.restore(plain_udp({.id = 1})).result.verdict, SFC_VERDICT_RESTORED);
}

TEST(Cache, EntryOfAnOlderEpochIsOutOfReach) {
    Proxy proxy;
    proxy.strip(mpls_udp(kStack, {}));
    sfc_sf sf = standard_plan().sfs[kFw].entry;
    sf.epoch++;
    proxy.programs.maps().set_sf(kFw, sf);
    EXPECT_EQ(proxy.restore(plain_udp({})).result.reason, SFC_REASON_miss);
    EXPECT_EQ(proxy.conservation().cache.live, 1U);
}

TEST(Cache, NewEpochIsNotAmbiguousWithTheOldOne) {
    Proxy proxy;
    proxy.strip(mpls_udp(kStack, {}));
    sfc_sf sf = standard_plan().sfs[kFw].entry;
    sf.epoch++;
    proxy.programs.maps().set_sf(kFw, sf);
    EXPECT_EQ(proxy.strip(mpls_udp(kOtherKernel, {})).result.verdict, SFC_VERDICT_TO_SF);
    const auto outcome = proxy.restore(plain_udp({}));
    EXPECT_EQ(outcome.result.verdict, SFC_VERDICT_RESTORED);
    EXPECT_EQ(outcome.bytes[14 + 4 + 1], 201 >> 4 & 0xff); // second label, bits 4 to 11
}

TEST(Cache, ExpiredMeansOlderThanHoldAndNotAsOld) {
    Proxy proxy;
    proxy.strip(mpls_udp(kStack, {.id = 1}));
    proxy.strip(mpls_udp(kStack, {.id = 2}));
    proxy.programs.maps().set_time(kHold);
    EXPECT_EQ(proxy.restore(plain_udp({.id = 1})).result.verdict, SFC_VERDICT_RESTORED);
    proxy.programs.maps().set_time(kHold + 1);
    EXPECT_EQ(proxy.restore(plain_udp({.id = 2})).result.reason, SFC_REASON_late);
    EXPECT_EQ(proxy.conservation(kHold + 1).cache.expired, 1U);
    EXPECT_TRUE(proxy.conservation(kHold + 1).balanced());
}

TEST(Cache, StaleEntryMakesRoomForAnotherHeader) {
    Proxy proxy;
    proxy.strip(mpls_udp(kStack, {}));
    proxy.programs.maps().set_time(kHold + 1);
    EXPECT_EQ(proxy.conservation(kHold + 1).cache.stale, 1U);
    EXPECT_EQ(proxy.strip(mpls_udp(kOtherKernel, {})).result.verdict, SFC_VERDICT_TO_SF);
    EXPECT_EQ(proxy.conservation(kHold + 1).cache.expired, 1U);
    EXPECT_EQ(proxy.restore(plain_udp({})).result.verdict, SFC_VERDICT_RESTORED);
}

TEST(Cache, RefusesWhenTheReferenceCountIsUsedUp) {
    Proxy proxy;
    const Bytes frame = mpls_udp(kStack, {});
    for (unsigned i = 0; i < SFC_REFS_MAX; i++) {
        ASSERT_EQ(proxy.strip(frame).result.verdict, SFC_VERDICT_TO_SF);
    }
    EXPECT_EQ(proxy.strip(frame).result.reason, SFC_REASON_cache_full);
    EXPECT_EQ(proxy.conservation().cache.live, +SFC_REFS_MAX);
    EXPECT_TRUE(proxy.conservation().balanced());
}

TEST(Cache, EvictsTheOldestFirst) {
    Plan plan = standard_plan();
    const auto quota = static_cast<std::uint16_t>(plan.services[kOut].entry.quota);
    Proxy proxy(plan);
    for (std::uint16_t id = 1; id <= quota + 2; id++) {
        proxy.programs.maps().set_time(id);
        proxy.strip(mpls_udp(kStack, {.id = id}));
    }
    EXPECT_EQ(proxy.restore(plain_udp({.id = 1})).result.reason, SFC_REASON_miss);
    EXPECT_EQ(proxy.restore(plain_udp({.id = 2})).result.reason, SFC_REASON_miss);
    for (std::uint16_t id = 3; id <= quota + 2; id++) {
        EXPECT_EQ(proxy.restore(plain_udp({.id = id})).result.verdict, SFC_VERDICT_RESTORED) << id;
    }
    EXPECT_EQ(proxy.conservation().cache.evicted, 2U);
    EXPECT_TRUE(proxy.conservation().balanced());
}

TEST(Cache, LargeIndexGoesOnInOverflowLines) {
    constexpr std::uint16_t kPackets = 40000;
    const Plan plan = standard_plan(65536);
    Proxy proxy(plan);
    for (std::uint16_t id = 1; id <= kPackets; id++) {
        ASSERT_EQ(proxy.strip(mpls_udp(kStack, {.id = id})).result.verdict, SFC_VERDICT_TO_SF) << id;
    }
    unsigned overflow = 0;
    proxy.programs.maps().each_entry([&](const sfc_slot& slot, unsigned /*references*/) {
        overflow += slot.bucket >= plan.index_size().buckets ? 1 : 0;
    });
    EXPECT_GT(overflow, 0U);
    for (std::uint16_t id = 1; id <= kPackets; id++) {
        ASSERT_EQ(proxy.restore(plain_udp({.id = id})).result.verdict, SFC_VERDICT_RESTORED) << id;
    }
    EXPECT_EQ(proxy.conservation().cache.evicted, 0U);
    EXPECT_TRUE(proxy.conservation().balanced());
}

Plan remembering_plan() {
    Plan plan = standard_plan();
    plan.memory_lines = plan.index_size().buckets;
    return plan;
}

TEST(Cache, SecondCopyOfAPacketTakesNoHeaderOfAnotherOne) {
    Proxy proxy(remembering_plan());
    proxy.strip(mpls_udp(kStack, {}));
    EXPECT_EQ(proxy.restore(plain_udp({})).result.verdict, SFC_VERDICT_RESTORED);
    proxy.programs.maps().set_time(kHold);
    EXPECT_EQ(proxy.strip(mpls_udp(kOtherKernel, {})).result.reason, SFC_REASON_ambiguous);
    EXPECT_EQ(proxy.restore(plain_udp({})).result.reason, SFC_REASON_miss);
    EXPECT_TRUE(proxy.conservation(kHold).balanced());
}

TEST(Cache, RememberedKeyTakesAnEqualHeaderAndItsHoldTimeStartsAgain) {
    Proxy proxy(remembering_plan());
    for (unsigned i = 0; i < 3; i++) {
        proxy.programs.maps().set_time(i * kHold);
        EXPECT_EQ(proxy.strip(mpls_udp(kStack, {})).result.verdict, SFC_VERDICT_TO_SF);
        EXPECT_EQ(proxy.restore(plain_udp({})).result.verdict, SFC_VERDICT_RESTORED);
    }
    proxy.programs.maps().set_time(3 * kHold);
    EXPECT_EQ(proxy.strip(mpls_udp(kOtherKernel, {})).result.reason, SFC_REASON_ambiguous);
    proxy.programs.maps().set_time(3 * kHold + (2U << 20)); // the memory's clock goes in steps of a millisecond
    EXPECT_EQ(proxy.strip(mpls_udp(kOtherKernel, {})).result.verdict, SFC_VERDICT_TO_SF);
}

TEST(Cache, SharedPacketsAreRememberedToo) {
    Proxy proxy(remembering_plan());
    proxy.strip(mpls_udp(kStack, {}));
    proxy.programs.maps().set_time(kHold / 2);
    proxy.strip(mpls_udp(kStack, {}));
    proxy.restore(plain_udp({}));
    proxy.restore(plain_udp({}));
    proxy.programs.maps().set_time(kHold + kHold / 2);
    EXPECT_EQ(proxy.strip(mpls_udp(kOtherKernel, {})).result.reason, SFC_REASON_ambiguous);
}

TEST(Cache, ForgottenKeysAreCounted) {
    const Plan plan = remembering_plan();
    Proxy proxy(plan);
    const unsigned room = plan.memory_lines * SFC_MEMORY_KEYS;
    for (std::uint16_t id = 1; id <= 2 * room; id++) {
        proxy.strip(mpls_udp(kStack, {.id = id}));
        EXPECT_EQ(proxy.restore(plain_udp({.id = id})).result.verdict, SFC_VERDICT_RESTORED);
    }
    const auto counters = proxy.programs.maps().service_counters(kOut);
    EXPECT_GE(counters.event[SFC_EVENT_FORGOTTEN].packets, room);
    EXPECT_LT(counters.event[SFC_EVENT_FORGOTTEN].packets, 2 * room);
}

TEST(Cache, NothingIsRememberedUnlessItIsConfigured) {
    Proxy proxy;
    proxy.strip(mpls_udp(kStack, {}));
    EXPECT_EQ(proxy.restore(plain_udp({})).result.verdict, SFC_VERDICT_RESTORED);
    EXPECT_EQ(proxy.strip(mpls_udp(kOtherKernel, {})).result.verdict, SFC_VERDICT_TO_SF);
}

TEST(Cache, KernelClockExpiresTheHoldTime) {
    Plan plan = standard_plan();
    plan.sfs[kFw].entry.hold_ns = 1;
    Proxy proxy(plan, {.clock = SFC_CLOCK_KERNEL});
    proxy.strip(mpls_udp(kStack, {}));
    std::this_thread::sleep_for(std::chrono::milliseconds(50)); // a hold time is a whole tick at least: 10 ms at 100 Hz
    EXPECT_EQ(proxy.restore(plain_udp({})).result.reason, SFC_REASON_late);
}

/// User space tells the programs' time without asking them: not behind it, and 10 ms and a tick before it at most.
TEST(Cache, UserSpaceKnowsTheProgramsClock) {
    Proxy proxy(standard_plan(), {.clock = SFC_CLOCK_KERNEL});
    for (std::uint16_t id = 0; id < 20; id++) {
        const std::uint64_t before = path_now_ns();
        proxy.strip(mpls_udp(kStack, {.id = id}));
        const std::uint64_t then = proxy.programs.maps().service_counters(kOut).last_to_sf, after = path_now_ns();
        EXPECT_GE(then + 10'000'000 + tick_ns(), before);
        EXPECT_LE(then, after);
        std::this_thread::sleep_for(std::chrono::milliseconds(7));
    }
}

} // namespace
} // namespace sfc::test
