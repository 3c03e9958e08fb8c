// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What another CPU can do to the cache at the worst moment, one thing at a time. All of it at once: `campaign race`.
#include "cache_races.h"

namespace sfc::test {
namespace {

TEST_F(Races, SomebodyElseClaimsIt) {
    ASSERT_EQ(strip(1), SFC_OK);
    before_swap([](std::uint32_t& word) { word = 0; });
    EXPECT_EQ(restore(1), SFC_REASON_miss);
}

TEST_F(Races, SharedBeforeItIsClaimed) {
    ASSERT_EQ(strip(1), SFC_OK);
    before_swap([this](std::uint32_t& word) {
        word |= static_cast<std::uint32_t>(SFC_WORD_SHARED);
        slot(word).header[1] |= std::uint64_t{2} << 48; // refs
    });
    EXPECT_EQ(restore(1), SFC_OK);
    EXPECT_EQ(restore(1), SFC_OK);
    EXPECT_EQ(restore(1), SFC_REASON_miss);
}

TEST_F(Races, ClaimedWhileItsTwinComesIn) {
    ASSERT_EQ(strip(1), SFC_OK);
    before_swap([](std::uint32_t& word) { word = 0; });
    EXPECT_EQ(strip(1), SFC_OK);
    EXPECT_EQ(runner.totals().live, 1U);
    EXPECT_EQ(restore(1), SFC_OK);
}

TEST_F(Races, ClaimedWhileAnotherHeaderComesIn) {
    ASSERT_EQ(strip(1), SFC_OK);
    before_lock([this] { clear_index(); });
    EXPECT_EQ(strip(1, 101), SFC_OK);
    const Ran ran = runner.restore(kRight, plain_udp({.id = 1}));
    EXPECT_EQ(without_ethernet(ran.bytes), without_ethernet(mpls_udp({{.label = 101, .ttl = 63}}, {.id = 1})));
}

TEST_F(Races, ClaimedWhenItIsStale) {
    ASSERT_EQ(strip(1), SFC_OK);
    runner.set_time(kHold + 1);
    before_swap([](std::uint32_t& word) { word = 0; });
    EXPECT_EQ(strip(1, 101), SFC_OK);
    EXPECT_EQ(runner.totals().expired, 0U); // the claim counts it
    EXPECT_EQ(restore(1), SFC_OK);
}

TEST_F(Races, AnotherPacketHasTheSlotAndAnEqualWord) {
    ASSERT_EQ(strip(1), SFC_OK);
    before_swap([this](std::uint32_t& word) { slot(word).key.f.sport++; });
    EXPECT_EQ(restore(1), SFC_REASON_miss);
    EXPECT_EQ(runner.totals().evicted, 1U); // lost by its name, and no packet got its header
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Races, SharedSlotIsThatOfAnotherPacketNow) {
    ASSERT_EQ(strip(1), SFC_OK);
    ASSERT_EQ(strip(1), SFC_OK);
    before_lock([this] { slot(*only_word()).key.f.sport++; });
    EXPECT_EQ(restore(1), SFC_REASON_miss);
    EXPECT_EQ(runner.totals().live, 2U);
}

TEST_F(Races, WordNamesAnotherSlotWhenTheLockIsTaken) {
    ASSERT_EQ(strip(1), SFC_OK);
    before_lock([this] { *only_word() ^= 1; });
    EXPECT_EQ(strip(1), SFC_OK);
    EXPECT_EQ(restore(1), SFC_OK);
}

TEST_F(Races, SharedSlotIsClaimedByOthersFirst) {
    ASSERT_EQ(strip(1), SFC_OK);
    ASSERT_EQ(strip(1), SFC_OK);
    before_lock([this] { clear_index(); });
    EXPECT_EQ(restore(1), SFC_REASON_miss);
}

/// Another CPU has the lock of the only bucket, and gives it back before this turn of who waits: 0 is never.
class Locked : public Races {
protected:
    void SetUp() override { machine.constants.bucket_mask = 0; }
    std::uint32_t& lock() { return machine.map("buckets").at<sfc_bucket>(0).lock; }
    void hold_until(unsigned turn) {
        lock() = 1;
        turns_ = 0;
        machine.before_turn = [this, turn] { lock() = ++turns_ == turn ? 0 : lock(); };
    }

private:
    unsigned turns_ = 0;
};

TEST_F(Locked, AllWaitForIt) {
    hold_until(3);
    EXPECT_EQ(strip(1), SFC_OK);
    hold_until(1000);
    EXPECT_EQ(strip(1), SFC_OK); // one more reference
    hold_until(2);
    EXPECT_EQ(restore(1), SFC_OK);
    EXPECT_EQ(restore(1), SFC_OK);
    EXPECT_EQ(lock(), 0U);
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Locked, SomebodyElseIsQuicker) {
    lock() = 1;
    machine.before_turn = [this] {
        lock() = 0;
        machine.before_turn = nullptr;
        before_lock([this] { lock() = 1; });
    };
    EXPECT_EQ(strip(1), SFC_REASON_cache_full);
}

TEST_F(Locked, NobodyWaitsForEver) {
    ASSERT_EQ(strip(1), SFC_OK);
    ASSERT_EQ(strip(1), SFC_OK);
    ASSERT_EQ(strip(2), SFC_OK);
    hold_until(0);
    EXPECT_EQ(strip(1), SFC_REASON_cache_full); // a reference
    EXPECT_EQ(strip(1, 101), SFC_REASON_cache_full);
    EXPECT_EQ(strip(3), SFC_REASON_cache_full); // a word
    EXPECT_EQ(restore(1), SFC_REASON_miss);     // it is shared
    EXPECT_EQ(restore(2), SFC_OK);              // needs no lock
    EXPECT_EQ(lock(), 1U);
    lock() = 0;
    EXPECT_EQ(restore(1), SFC_OK);
    EXPECT_EQ(restore(1), SFC_OK);
    EXPECT_EQ(restore(1), SFC_REASON_miss);
    EXPECT_EQ(runner.totals().live, 0U);
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Locked, NothingMakesRoomWithoutIt) {
    machine.constants.bucket_mask = 1;
    const auto quota = static_cast<std::uint16_t>(standard_plan().services[kOut].entry.quota);
    std::uint16_t id = 1;
    for (unsigned in = 0; in < quota; id++) {
        in += strip(id) == SFC_OK ? 1 : 0;
    }
    for (std::uint32_t bucket : {0, 1}) {
        machine.map("buckets").at<sfc_bucket>(bucket).lock = 1;
    }
    EXPECT_EQ(strip(id), SFC_REASON_cache_full);
}

TEST_F(Races, FullBucketMakesRoom) {
    machine.constants.bucket_mask = 0;
    for (std::uint16_t id = 1; id <= SFC_WORDS + 1; id++) {
        EXPECT_EQ(strip(id), SFC_OK);
    }
    EXPECT_EQ(runner.totals().evicted, 1U);
    EXPECT_EQ(restore(SFC_WORDS + 1), SFC_OK);
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Races, WhereStoresMayBeSeenInAnotherOrder) {
    machine.constants.weak_order = 1;
    ASSERT_EQ(strip(1), SFC_OK);
    EXPECT_EQ(restore(1), SFC_OK);
}

TEST_F(Races, SlotsThatNoListTakesAreFoundAgain) {
    const auto quota = static_cast<std::uint16_t>(standard_plan().services[kOut].entry.quota);
    for (std::uint16_t id = 1; id <= quota; id++) {
        ASSERT_EQ(strip(id), SFC_OK);
    }
    machine.before_atomic = [this](void* at) {
        if (at == &pool().head) {
            pool().head += std::uint64_t{1} << 32; // always one step ahead
        }
    };
    for (std::uint16_t id = 1; id <= quota; id++) {
        ASSERT_EQ(restore(id), SFC_OK);
    }
    EXPECT_GT(count_state(SFC_SLOT_ORPHAN), 0U);
    machine.before_atomic = [this](void* at) {
        if (*static_cast<std::uint32_t*>(at) == SFC_SLOT_ORPHAN) {
            *static_cast<std::uint32_t*>(at) = SFC_SLOT_FREE; // another CPU was quicker, the first time
            machine.before_atomic = nullptr;
        }
    };
    for (std::uint16_t id = 1; id <= 2 * quota; id++) {
        ASSERT_EQ(strip(id), SFC_OK);
    }
    EXPECT_EQ(count_state(SFC_SLOT_ORPHAN), 0U);
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Races, ChunkIsTakenByAnotherCpu) {
    const auto quota = static_cast<std::uint16_t>(standard_plan().services[kOut].entry.quota);
    for (std::uint16_t id = 1; id <= quota; id++) {
        ASSERT_EQ(strip(id), SFC_OK);
    }
    for (std::uint16_t id = 1; id <= quota; id++) {
        ASSERT_EQ(restore(id), SFC_OK);
    }
    for (std::uint16_t id = 1; id <= quota; id++) {
        machine.before_atomic = [this](void* at) {
            if (at == &pool().head) {
                pool().head += std::uint64_t{1} << 32;
                machine.before_atomic = nullptr;
            }
        };
        ASSERT_EQ(strip(id), SFC_OK);
    }
    machine.before_atomic = nullptr;
    EXPECT_LE(runner.totals().live, quota);
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Races, StaleSlotsMakeRoomBeforeLiveOnes) {
    const auto quota = static_cast<std::uint16_t>(standard_plan().services[kOut].entry.quota);
    for (std::uint16_t id = 1; id <= quota; id++) {
        runner.set_time(id <= quota / 8 || id > quota / 4 ? kHold : 0); // some are stale, behind some that are not
        ASSERT_EQ(strip(id), SFC_OK);
    }
    runner.set_time(kHold + 1);
    for (std::uint16_t id = 1; id <= quota / 8; id++) {
        ASSERT_EQ(strip(quota + id), SFC_OK);
    }
    EXPECT_EQ(runner.totals().expired, quota / 8U);
    EXPECT_EQ(runner.totals().evicted, 0U);
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Races, SlotsOfNoService) {
    ASSERT_EQ(strip(1), SFC_OK);
    machine.map("services").at<sfc_service>(kOut).quota =
        0; // no plan has that, but a remainder of 0 would end in a fault
    EXPECT_EQ(strip(2), SFC_REASON_cache_full);
}

TEST_F(Races, WhatShouldMakeRoomComesBack) {
    const auto quota = static_cast<std::uint16_t>(standard_plan().services[kOut].entry.quota);
    for (std::uint16_t id = 1; id <= quota; id++) {
        ASSERT_EQ(strip(id), SFC_OK);
    }
    before_swap([](std::uint32_t& word) { word = 0; }); // of the oldest: its claim was quicker
    EXPECT_EQ(strip(quota + 1), SFC_OK);                // and the next one makes room
    machine.before_lock = [this] { clear_index(); };
    EXPECT_EQ(strip(quota + 2), SFC_REASON_cache_full); // nothing does, and nothing is free
}

} // namespace
} // namespace sfc::test
