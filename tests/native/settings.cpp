// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The settings of ports, SFs and services one by one, and what time does to the cache: what random frames rarely meet.
#include <cstring>

#include <gtest/gtest.h>
#include <linux/if_ether.h>

#include "native_runner.h"
#include "proxy.h"

namespace sfc::test {
namespace {

constexpr std::uint64_t kHold = 100'000'000;

Bytes labelled(const Udp& udp = {}) {
    return mpls_udp({{.label = 16001}, {.label = 100}}, udp);
}

class Settings : public testing::Test {
protected:
    NativeRunner runner{standard_plan()};

    unsigned strip(const Bytes& frame = labelled()) { return runner.strip(kDomain, frame).result.reason; }
    unsigned restore(const Bytes& frame = plain_udp({})) { return runner.restore(kRight, frame).result.reason; }
    sfc_service& service() { return runner.machine.map("services").at<sfc_service>(kOut); }
    sfc_port& port(std::uint32_t id) { return runner.machine.map("ports").at<sfc_port>(id); }
    /// The slot of the only entry.
    std::uint32_t slot_number() {
        NativeMap& buckets = runner.machine.map("buckets");
        for (std::uint32_t index = 0; index < buckets.entries(); index++) {
            for (const std::uint32_t word : buckets.at<sfc_bucket>(index).word) {
                if (word != 0) {
                    return word & runner.machine.constants.slot_mask;
                }
            }
        }
        throw std::logic_error("the cache is empty");
    }
    sfc_slot& slot() { return runner.machine.map("slots").at<sfc_slot>(slot_number()); }
    void TearDown() override { EXPECT_TRUE(runner.totals().balanced); }
};

TEST_F(Settings, NotReady) {
    port(kLeft).unready = 1;
    EXPECT_EQ(strip(), SFC_REASON_no_next_hop);
    port(kLeft).unready = 0;
    service().next_hop_ready = 0;
    EXPECT_EQ(strip(), SFC_REASON_no_next_hop);
    service().next_hop_ready = 1;
    EXPECT_EQ(strip(), SFC_OK);
    service().next_hop_ready = 0;
    EXPECT_EQ(restore(), SFC_REASON_no_next_hop);
}

TEST_F(Settings, MtuOfTheSfPortToTheByte) {
    port(kLeft).mtu = static_cast<std::uint32_t>(plain_udp({}).size() - 14);
    EXPECT_EQ(strip(), SFC_OK);
    port(kLeft).mtu--;
    EXPECT_EQ(strip(), SFC_REASON_too_big);
}

TEST_F(Settings, MtuOfTheNextHopIsJudgedTwice) {
    const auto size = static_cast<std::uint32_t>(labelled().size() - 14 - 4);
    port(kEgress).mtu = size;
    EXPECT_EQ(strip(), SFC_OK);
    port(kEgress).mtu = size - 1;
    EXPECT_EQ(restore(), SFC_REASON_too_big);
    runner.set_time(kHold);
    EXPECT_EQ(strip(), SFC_REASON_too_big);
}

TEST_F(Settings, HopsThatTheSfUsedUp) {
    service().inner_ttl = SFC_INNER_TTL_DECREMENT;
    EXPECT_EQ(strip(labelled({.ttl = 1})), SFC_REASON_ttl);
    EXPECT_EQ(strip(), SFC_OK);
    EXPECT_EQ(restore(plain_udp({.ttl = 1})), SFC_REASON_ttl);
}

TEST_F(Settings, UnmatchedIsDroppedWhereThePortSaysSo) {
    const Bytes unknown = mpls_udp({{.label = 999}}, {});
    EXPECT_EQ(runner.strip(kDomain, unknown).action, XDP_PASS);
    port(kDomain).unmatched = SFC_UNMATCHED_DROP;
    EXPECT_EQ(runner.strip(kDomain, unknown).action, XDP_DROP);
}

TEST_F(Settings, EveryKindOfSfcFromAnSf) {
    for (const auto& [high, low] : {std::pair{0x88, 0x47}, {0x88, 0x48}, {0x89, 0x4f}}) {
        Bytes frame = plain_udp({});
        frame[12] = static_cast<std::uint8_t>(high);
        frame[13] = static_cast<std::uint8_t>(low);
        EXPECT_EQ(restore(frame), SFC_REASON_sfc_from_sf);
    }
}

TEST_F(Settings, NshMatchesNoService) {
    Bytes frame = plain_udp({});
    frame[12] = 0x89;
    frame[13] = 0x4f;
    EXPECT_EQ(strip(frame), SFC_REASON_unmatched);
}

TEST_F(Settings, DuplicateProlongsTheHold) {
    EXPECT_EQ(strip(), SFC_OK);
    runner.set_time(kHold);
    EXPECT_EQ(strip(), SFC_OK);
    runner.set_time(2 * kHold);
    EXPECT_EQ(restore(), SFC_OK);
}

TEST_F(Settings, ExpiredEntryOfTheSamePacketIsReplaced) {
    EXPECT_EQ(strip(), SFC_OK);
    runner.set_time(kHold + 1);
    EXPECT_EQ(strip(mpls_udp({{.label = 16001}, {.label = 101}}, {})), SFC_OK); // else it would be ambiguous
    EXPECT_EQ(runner.totals().expired, 1U);
    EXPECT_EQ(restore(), SFC_OK);
}

TEST_F(Settings, HeaderLongerThanAnyIsNotPushed) {
    EXPECT_EQ(strip(), SFC_OK);
    sfc_header_fields header{};
    std::memcpy(&header, slot().header, sizeof(slot().header));
    header.len = SFC_HEADER_MAX + 1; // memory gone bad: no strip writes that
    std::memcpy(slot().header, &header, sizeof(slot().header));
    EXPECT_EQ(restore(), SFC_REASON_no_room);
}

/// Labels make no such header, so it is written into the slot and its tail by hand.
TEST_F(Settings, LongHeaderComesBackWhole) {
    constexpr std::uint16_t kLong = 200;
    runner.machine.constants.header_room = SFC_HEADER_MAX;
    EXPECT_EQ(strip(), SFC_OK);
    EXPECT_EQ(strip(), SFC_OK); // equal, all words of it
    EXPECT_EQ(restore(), SFC_OK);
    sfc_header_fields header{};
    std::memcpy(&header, slot().header, sizeof(slot().header));
    header.len = kLong;
    std::memcpy(slot().header, &header, sizeof(slot().header));
    auto& tail = runner.machine.map("tails").at<sfc_tail>(slot_number());
    for (std::size_t i = 0; i < std::size(tail.header); i++) {
        tail.header[i] = 0x0101010101010101 * (i + 1);
    }
    const Ran ran = runner.restore(kRight, plain_udp({}));
    ASSERT_EQ(ran.result.reason, SFC_OK);
    const std::size_t in_tail = kLong - SFC_HEADER_INLINE;
    ASSERT_EQ(ran.bytes.size(), plain_udp({}).size() + kLong);
    EXPECT_EQ(std::memcmp(ran.bytes.data() + ETH_HLEN + SFC_HEADER_INLINE, tail.header, in_tail), 0);
}

TEST(SettingsUncounted, LostReferencesOfAServiceWithoutCounters) {
    NativeRunner runner{standard_plan()};
    EXPECT_EQ(runner.strip(kDomain, labelled()).result.reason, SFC_OK);
    runner.machine.map("service_counters").resize(0);
    runner.set_time(kHold + 1);
    EXPECT_EQ(runner.restore(kRight, plain_udp({})).result.reason, SFC_REASON_late);
}

} // namespace
} // namespace sfc::test
