// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Words that their bucket has no room for.
#include <algorithm>

#include "cache_races.h"

namespace sfc::test {
namespace {

/// One bucket with two overflow lines.
class Overflow : public Races {
protected:
    void SetUp() override {
        machine.constants.bucket_mask = 0;
        machine.constants.overflow_mask = 1;
    }
    sfc_bucket& line(std::uint32_t number) { return machine.map("buckets").at<sfc_bucket>(number); }
    /// Words in the overflow lines. The lock must say as many.
    unsigned more() {
        unsigned count = 0;
        for (const std::uint32_t number : {1, 2}) {
            count += SFC_WORDS - static_cast<unsigned>(std::ranges::count(line(number).word, 0U));
        }
        EXPECT_EQ(line(0).lock, count * SFC_LOCK_OVERFLOW);
        return count;
    }
    /// Packets 1 to `last`.
    void strip_all(std::uint16_t last) {
        for (std::uint16_t id = 1; id <= last; id++) {
            ASSERT_EQ(strip(id), SFC_OK);
        }
    }
    /// A packet whose word is in an overflow line.
    std::uint16_t in_overflow(std::uint16_t last) {
        for (std::uint16_t id = last; id > 0; id--) {
            runner.restore(kRight, plain_udp({.id = id}));
            const unsigned left = more();
            EXPECT_EQ(strip(id), SFC_OK);
            if (more() > left) {
                return id;
            }
        }
        return 0;
    }
};

TEST_F(Overflow, FullBucketGoesOn) {
    strip_all(SFC_WORDS + 8);
    EXPECT_EQ(more(), 8U);
    for (std::uint16_t id = SFC_WORDS + 8; id > 0; id--) {
        EXPECT_EQ(restore(id), SFC_OK);
        EXPECT_EQ(restore(id), SFC_REASON_miss);
    }
    EXPECT_EQ(more(), 0U);
    EXPECT_EQ(runner.totals().evicted, 0U);
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Overflow, BothLinesAreFull) {
    constexpr std::uint16_t kLast = 6 * SFC_WORDS;
    strip_all(kLast);
    EXPECT_EQ(more(), 2U * SFC_WORDS);
    EXPECT_EQ(runner.totals().evicted, 3U * SFC_WORDS);
    EXPECT_EQ(restore(kLast), SFC_OK);
    EXPECT_EQ(more(), 2U * SFC_WORDS - 1);
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Overflow, EqualKeysMeetThere) {
    strip_all(SFC_WORDS + 8);
    const std::uint16_t id = in_overflow(SFC_WORDS + 8);
    ASSERT_NE(id, 0U);
    EXPECT_EQ(strip(id), SFC_OK); // one more reference
    EXPECT_EQ(strip(id, 101), SFC_REASON_ambiguous);
    EXPECT_EQ(more(), 8U);
    EXPECT_EQ(restore(id), SFC_OK);
    EXPECT_EQ(restore(id), SFC_OK);
    EXPECT_EQ(restore(id), SFC_REASON_miss);
    EXPECT_EQ(more(), 7U);
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Overflow, StaleEntriesThereGiveWay) {
    strip_all(SFC_WORDS + 8);
    const std::uint16_t id = in_overflow(SFC_WORDS + 8);
    ASSERT_NE(id, 0U);
    runner.set_time(kHold + 1);
    EXPECT_EQ(strip(id, 101), SFC_OK);
    EXPECT_EQ(more(), 8U);
    EXPECT_EQ(runner.totals().expired, 1U);
    EXPECT_EQ(restore(id), SFC_OK);
    EXPECT_EQ(more(), 7U);
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Overflow, TheHandComesThereToo) {
    const auto quota = static_cast<std::uint16_t>(standard_plan().services[kOut].entry.quota);
    machine.constants.bucket_mask = 1;
    machine.constants.overflow_mask = 3; // buckets 0 and 1, lines 2 to 5
    strip_all(quota);
    for (std::uint16_t id = quota; id < 3 * quota; id++) {
        (void)strip(id + 1); // who finds its lines full makes room there
    }
    for (const std::uint32_t bucket : {0, 1}) {
        unsigned words = 0;
        for (const std::uint32_t number : {bucket + 2, bucket + 4}) {
            words += SFC_WORDS - static_cast<unsigned>(std::ranges::count(line(number).word, 0U));
        }
        EXPECT_EQ(line(bucket).lock, words * SFC_LOCK_OVERFLOW);
        EXPECT_GT(words, 0U);
    }
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Overflow, NothingMakesRoomThereWithoutTheLock) {
    const auto quota = static_cast<std::uint16_t>(standard_plan().services[kOut].entry.quota);
    machine.constants.bucket_mask = 1;
    machine.constants.overflow_mask = 3;
    for (std::uint16_t id = 1; id <= 2 * quota; id++) {
        (void)strip(id);
    }
    for (const std::uint32_t bucket : {0, 1}) {
        line(bucket).lock |= SFC_LOCK_TAKEN;
    }
    EXPECT_EQ(strip(2 * quota + 1), SFC_REASON_cache_full);
    for (const std::uint32_t bucket : {0, 1}) {
        line(bucket).lock &= ~static_cast<std::uint32_t>(SFC_LOCK_TAKEN);
    }
    EXPECT_EQ(strip(2 * quota + 1), SFC_OK);
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Overflow, TheLockIsTakenWithWordsThere) {
    strip_all(SFC_WORDS + 1);
    line(0).lock |= SFC_LOCK_TAKEN;
    machine.before_turn = [this] {
        line(0).lock &= ~static_cast<std::uint32_t>(SFC_LOCK_TAKEN);
        machine.before_turn = nullptr;
    };
    EXPECT_EQ(strip(100), SFC_OK);
    EXPECT_EQ(more(), 2U);
    EXPECT_EQ(restore(100), SFC_OK);
    EXPECT_EQ(more(), 1U);
}

} // namespace
} // namespace sfc::test
