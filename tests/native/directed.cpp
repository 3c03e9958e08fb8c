// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What a kernel rarely or never does to the programs: entries that are gone, constants that nobody loads, no headroom.
#include <gtest/gtest.h>

#include "bpf_sources.h"
#include "native_runner.h"
#include "proxy.h"

namespace sfc::test {
namespace {

const Bytes kFrame = mpls_udp({{.label = 16001}, {.label = 100}, {.label = 200}}, {});
const Bytes kBare = plain_udp({});
constexpr std::size_t kHeader = 8; // two labels come back

struct Ending {
    unsigned action;
    unsigned reason;
    bool operator==(const Ending&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Ending& end) {
        return out << "action " << end.action << " reason " << end.reason;
    }
};

Ending ending(const Ran& ran) {
    return {ran.action, ran.result.reason};
}

class Native : public testing::Test {
protected:
    NativeRunner runner{standard_plan()};
    Ending strip(const Bytes& frame = kFrame) { return ending(runner.strip(kDomain, frame)); }
    Ending restore(const Bytes& frame = kBare) { return ending(runner.restore(kRight, frame)); }
    NativeMap& map(const char* name) { return runner.machine.map(name); }
};

constexpr Ending kSent = {XDP_REDIRECT, SFC_OK};
constexpr Ending kAborted = {XDP_ABORTED, SFC_OK};

TEST_F(Native, RestoresWhatItStripped) {
    EXPECT_EQ(strip(), kSent);
    EXPECT_EQ(runner.machine.redirected(), NativeRunner::ifindex(kLeft));
    const Ran ran = runner.restore(kRight, kBare);
    EXPECT_EQ(ending(ran), kSent);
    EXPECT_EQ(without_ethernet(ran.bytes), without_ethernet(mpls_udp({{.label = 100, .ttl = 63}, {.label = 200}}, {})));
    EXPECT_TRUE(runner.totals().balanced);
    EXPECT_EQ(runner.totals().live, 0U);
}

TEST_F(Native, JumboFrame) {
    const std::string payload(9000, 'x');
    EXPECT_EQ(strip(mpls_udp({{.label = 16001}, {.label = 100}}, {.payload = payload})), kSent);
    const Ran ran = runner.restore(kRight, plain_udp({.payload = payload}));
    EXPECT_EQ(ending(ran), kSent);
    EXPECT_EQ(without_ethernet(ran.bytes),
              without_ethernet(mpls_udp({{.label = 100, .ttl = 63}}, {.payload = payload})));
}

TEST_F(Native, WithoutAMapNothingIsGranted) {
    const struct {
        const char* map;
        Ending stripped, restored;
    } kCases[] = {
        {"scratch", kAborted, kAborted},
        {"port_id_array", kAborted, kSent}, // the SF port has a high number
        {"port_id_hash", kSent, kAborted},
        {"ports", kAborted, kAborted},
        {"port_counters", kAborted, kAborted},
        {"match_hints", kSent, kSent}, // all are in `matches` too
        {"matches", kSent, kSent},
        {"services", {XDP_PASS, SFC_REASON_unmatched}, {XDP_DROP, SFC_REASON_no_next_hop}},
        {"sfs", {XDP_PASS, SFC_REASON_unmatched}, {XDP_DROP, SFC_REASON_miss}},
        {"tunnels", kSent, kSent},       // no service has one
        {"fixed_headers", kSent, kSent}, // nor one of these
        {"last_headers", kSent, kSent},
        {"memory", kSent, kSent},        // nothing is remembered
        {"own_addresses", kSent, kSent}, // no encapsulation travels in UDP
        {"port_macs", kSent, kSent},     // each MAC is taken
        {"address_hints", kSent, kSent},
        {"handover", kSent, kSent}, // no route is asked for
        {"tx_ports", {XDP_DROP, SFC_REASON_no_next_hop}, {XDP_DROP, SFC_REASON_no_next_hop}},
        {"buckets", {XDP_DROP, SFC_REASON_cache_full}, {XDP_DROP, SFC_REASON_miss}},
        {"slots", {XDP_DROP, SFC_REASON_cache_full}, {XDP_DROP, SFC_REASON_miss}},
        {"tails", {XDP_DROP, SFC_REASON_cache_full}, {XDP_DROP, SFC_REASON_miss}},
        {"pools", kSent, kSent}, // the magazine has the slot that came back
        {"magazines", {XDP_DROP, SFC_REASON_cache_full}, kSent},
        {"service_counters", {XDP_DROP, SFC_REASON_no_next_hop}, kSent},
        {"icmp_ports", kSent, kSent}, // no sender is told anything
        {"set_clock", kSent, kSent},
        {"headers", kSent, kSent}, // no service goes through the kernel
        {"arrivals", kSent, kSent},
        {"arrival_numbers", kSent, kSent},
        {"number_hints", kSent, kSent},
        {"probes", kSent, kSent},
    };
    EXPECT_EQ(std::size(kCases), native_map_count);
    for (const auto& one : kCases) {
        NativeRunner fresh{standard_plan()};
        ASSERT_EQ(ending(fresh.strip(kDomain, kFrame)), kSent);
        fresh.machine.map(one.map).resize(0);
        EXPECT_EQ(ending(fresh.restore(kRight, kBare)), one.restored) << one.map;
        EXPECT_EQ(ending(fresh.strip(kDomain, kFrame)), one.stripped) << one.map;
    }
}

/// No verifier sees that they are never called so.
TEST_F(Native, WithoutWorkNothingIsGranted) {
    const int count = runner.machine.run(native_without_work, kBare, NativeRunner::ifindex(kDomain));
    ASSERT_GT(count, 0);
    for (const native_refusal& one : std::span(native_refusals).first(static_cast<std::size_t>(count))) {
        EXPECT_NE(one.refused, 0) << one.name;
    }
}

TEST_F(Native, HeadroomToTheByte) {
    for (const std::size_t room : {kHeader, kHeader - 1}) {
        ASSERT_EQ(strip(), kSent);
        runner.machine.headroom = kXdpFrameSize + room;
        EXPECT_EQ(restore(), room < kHeader ? (Ending{XDP_DROP, SFC_REASON_no_room}) : kSent);
        EXPECT_EQ(runner.machine.frame_bytes().size(), kBare.size() + (room < kHeader ? 0 : kHeader));
    }
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Native, FramesShorterThanEthernet) {
    const Ending runt = {XDP_DROP, SFC_REASON_runt};
    for (std::size_t size = 0; size < 14; size++) {
        EXPECT_EQ(strip(Bytes(size)), runt);
        EXPECT_EQ(restore(Bytes(size)), runt);
    }
}

TEST_F(Native, EveryLengthOfAFrame) {
    for (std::size_t size = 0; size < kFrame.size(); size++) {
        EXPECT_NE(strip({kFrame.begin(), kFrame.begin() + static_cast<std::ptrdiff_t>(size)}), kSent);
    }
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Native, HeaderOverTheLimit) {
    runner.machine.constants.header_limit = kHeader - 1;
    EXPECT_EQ(strip(), (Ending{XDP_DROP, SFC_REASON_header_too_long}));
}

TEST_F(Native, EqualTagsOfDifferentKeysAreToldApart) {
    runner.machine.constants.slot_mask = SFC_WORD_USED - 1; // no bits are left for a fingerprint ...
    runner.machine.constants.bucket_mask = 0;
    for (const std::uint16_t id : {1, 2, 3}) {
        EXPECT_EQ(strip(mpls_udp({{.label = 16001}, {.label = id}}, {.id = id})), kSent);
    }
    // A fourth one is refused: that is as many as an insert looks at.
    EXPECT_EQ(strip(mpls_udp({{.label = 16001}, {.label = 4}}, {.id = 4})), (Ending{XDP_DROP, SFC_REASON_cache_full}));
    EXPECT_EQ(restore(plain_udp({.id = 4})), (Ending{XDP_DROP, SFC_REASON_miss}));
    for (const std::uint16_t id : {2, 3, 1}) {
        const Ran ran = runner.restore(kRight, plain_udp({.id = id}));
        EXPECT_EQ(ending(ran), kSent);
        EXPECT_EQ(without_ethernet(ran.bytes), without_ethernet(mpls_udp({{.label = id, .ttl = 63}}, {.id = id})));
    }
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Native, KernelClock) {
    runner.machine.constants.clock = SFC_CLOCK_KERNEL;
    runner.machine.constants.tick_ns = 1000;
    runner.machine.ticks = 2;
    EXPECT_EQ(strip(), kSent);
    runner.machine.ticks = 1; // read before the lock: an equal packet may come in with an earlier time
    EXPECT_EQ(strip(), kSent);
    runner.machine.ticks = 2 + 100'000;
    EXPECT_EQ(restore(), kSent);
    runner.machine.ticks++;
    EXPECT_EQ(restore(), (Ending{XDP_DROP, SFC_REASON_late}));
    EXPECT_EQ(runner.totals().expired, 1U);
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Native, AsManyReferencesAsASlotCounts) {
    for (std::uint32_t n = 0; n < SFC_REFS_MAX; n++) {
        ASSERT_EQ(strip(), kSent);
    }
    EXPECT_EQ(strip(), (Ending{XDP_DROP, SFC_REASON_cache_full}));
    EXPECT_EQ(runner.totals().live, std::uint64_t{SFC_REFS_MAX});
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Native, PortsOfAnotherRole) {
    EXPECT_EQ(ending(runner.strip(kLeft, kFrame)), kAborted);
    EXPECT_EQ(ending(runner.restore(kDomain, kBare)), kAborted);
}

TEST_F(Native, PeerOfAVeth) {
    EXPECT_EQ(runner.machine.run(sfc_pass, kBare, 1), XDP_PASS);
    EXPECT_EQ(runner.machine.frame_bytes(), kBare);
}

} // namespace
} // namespace sfc::test
