// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Keys that are remembered for their hold time, with a hash of their header (docs/cache.md).
#include <gtest/gtest.h>

#include "native_runner.h"
#include "proxy.h"

namespace sfc::test {
namespace {

constexpr std::uint64_t kHold = 100'000'000;
constexpr std::uint32_t kCapacity = 64;

Plan remembering() {
    Plan plan = standard_plan();
    plan.capacity = kCapacity;
    plan.services.at(kOut).entry.quota = kCapacity;
    plan.memory_lines = kCapacity;
    return plan;
}

class Remembered : public testing::Test {
protected:
    NativeRunner runner{remembering()};

    void SetUp() override { runner.set_time(10 * kHold); }
    void TearDown() override { EXPECT_TRUE(runner.totals().balanced); }
    unsigned strip(std::uint32_t label, std::uint16_t id = 1) {
        return runner.strip(kDomain, mpls_udp({{.label = 16001}, {.label = label}}, {.id = id})).result.reason;
    }
    unsigned restore(std::uint16_t id = 1) { return runner.restore(kRight, plain_udp({.id = id})).result.reason; }
    std::uint64_t forgotten() { return runner.service_counters(kOut).event[SFC_EVENT_FORGOTTEN].packets; }
};

TEST_F(Remembered, AnotherHeaderWaitsForTheHoldTime) {
    EXPECT_EQ(strip(100), SFC_OK);
    EXPECT_EQ(restore(), SFC_OK);
    EXPECT_EQ(strip(101), SFC_REASON_ambiguous);
    EXPECT_EQ(strip(100), SFC_OK) << "an equal one need not";
    EXPECT_EQ(restore(), SFC_OK);
    runner.set_time(12 * kHold);
    EXPECT_EQ(strip(101), SFC_OK);
}

TEST_F(Remembered, AnEarlierClockShortensNothing) {
    runner.set_time(11 * kHold);
    EXPECT_EQ(strip(100), SFC_OK);
    EXPECT_EQ(restore(), SFC_OK);
    runner.set_time(10 * kHold + kHold / 2);
    EXPECT_EQ(strip(100), SFC_OK);
    EXPECT_EQ(restore(), SFC_OK);
    runner.set_time(11 * kHold + kHold * 9 / 10);
    EXPECT_EQ(strip(101), SFC_REASON_ambiguous);
}

TEST_F(Remembered, TooManyKeysAreCounted) {
    constexpr std::uint16_t kMore = 2 * SFC_MEMORY_KEYS + 1;
    runner.machine.constants.memory_mask = 1; // two lines
    for (std::uint16_t id = 1; id <= kMore; id++) {
        EXPECT_EQ(strip(100, id), SFC_OK);
        EXPECT_EQ(restore(id), SFC_OK);
    }
    EXPECT_GT(forgotten(), 0U);
}

/// `cache: last`: a copy of a packet is none that the SF sends on its own.
TEST_F(Remembered, ACopyDoesNotGetTheLastHeader) {
    runner.machine.constants.last = 1;
    runner.machine.map("last_headers").resize(kOut + 1);
    runner.machine.map("services").at<sfc_service>(kOut).options |= SFC_OPTION_LAST;
    runner.machine.map("ports").at<sfc_port>(kRight).last_service = kOut;
    EXPECT_EQ(strip(100, 1), SFC_OK);
    EXPECT_EQ(restore(1), SFC_OK);
    EXPECT_EQ(strip(101, 2), SFC_OK);
    EXPECT_EQ(restore(1), SFC_REASON_miss);
    EXPECT_EQ(restore(3), SFC_OK) << "of the SF's own";
    EXPECT_EQ(restore(2), SFC_OK);
}

/// No packet gives way for one that is refused anyway.
TEST_F(Remembered, WithoutAFreeSlot) {
    EXPECT_EQ(strip(100), SFC_OK);
    EXPECT_EQ(restore(), SFC_OK);
    for (std::uint16_t id = 2; runner.totals().evicted == 0 && id < 4 * kCapacity; id++) {
        strip(100, id);
    }
    const std::uint64_t evicted = runner.totals().evicted;
    EXPECT_EQ(strip(101), SFC_REASON_ambiguous);
    EXPECT_EQ(runner.totals().evicted, evicted);
}

TEST_F(Remembered, WithoutMemory) {
    runner.machine.map("memory").resize(0);
    EXPECT_EQ(strip(100), SFC_OK);
    EXPECT_EQ(restore(), SFC_OK);
    EXPECT_EQ(strip(101), SFC_OK);
}

} // namespace
} // namespace sfc::test
