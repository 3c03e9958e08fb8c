// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What strip remembers of label stacks that go through the stack of this host: it must come to the same as the whole
// way, for every packet, and notice all that changes.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "native_runner.h"

namespace sfc::test {
namespace {

constexpr std::uint64_t kHold = 100'000'000, kTick = 4'000'000;
constexpr std::size_t kEthernet = 14;
constexpr std::size_t kShortest = 40; ///< bytes behind Ethernet of a frame that is looked at

class NearStack : public testing::Test {
protected:
    Plan plan = make_plan(parse_config(R"(
cache: {capacity: 64}
sfs:
  - {name: nat, stack: true}
  - {name: fw, ports: {left: f0, right: f1}}
services:
  - {name: one, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: nat}, egress: [e0], last_label: plain}
  - {name: two, match: {encapsulation: mpls, label: 16001}, domain: d1, sf: {name: nat}, egress: [e0]}
  - {name: v4, match: {encapsulation: mpls, label: 16004}, inner: ipv4, domain: d0, sf: {name: nat}, egress: [e0]}
  - {name: user, match: {encapsulation: mpls, label: 16003}, domain: d0, sf: {name: fw, in: left},
     next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
)",
                                       "near_stack.yaml"));
    NativeRunner runner{plan};
    Machine& machine = runner.machine;
    std::uint64_t now = 10 * kHold;

    void SetUp() override { runner.set_time(now); }
    bool counts_lost = false; ///< a test takes counters away
    void TearDown() override { EXPECT_TRUE(counts_lost || runner.totals().balanced); }
    void wait(std::uint64_t time) { runner.set_time(now += time); }

    static Bytes frame(std::uint32_t labels, std::uint32_t top = 16001, std::uint32_t below = 100) {
        std::vector<Label> stack{{.label = top, .ttl = 10}};
        for (std::uint32_t i = 1; i < labels; i++) {
            stack.push_back({.label = below + i, .ttl = 64});
        }
        return mpls_udp(stack, {});
    }

    struct Outcome {
        std::uint32_t action;
        unsigned reason;
        Bytes ticket, bare;
        bool operator==(const Outcome&) const = default;
    };
    Outcome strip(const Bytes& bytes, const char* port = "d0") {
        const Ran ran = runner.strip(plan.port_id(port), bytes);
        if (ran.action == XDP_DROP) {
            return {ran.action, ran.result.reason, {}, {}};
        }
        return {ran.action, ran.result.reason, machine.metadata(), machine.frame_bytes()};
    }
    sfc_near_stack& place(std::uint32_t at) { return machine.map("near_stacks").at<sfc_near_stack>(at); }
    void forget() {
        for (std::uint32_t at = 0; at < SFC_NEAR_STACKS; at++) {
            place(at) = {};
        }
    }
    /// Where something is known.
    std::vector<std::uint32_t> known() {
        std::vector<std::uint32_t> found;
        for (std::uint32_t at = 0; at < SFC_NEAR_STACKS; at++) {
            if (place(at).header != 0) {
                found.push_back(at);
            }
        }
        return found;
    }
    /// What the packet comes to must be what the whole way makes of it.
    void expect_as_the_whole_way(const Bytes& bytes, const char* port = "d0") {
        const Outcome near = strip(bytes, port);
        forget();
        EXPECT_EQ(near, strip(bytes, port));
    }
};

TEST_F(NearStack, KnownStacksTakeTheShortWay) {
    for (std::uint32_t labels = 1; labels <= SFC_LABELS_MAX; labels++) {
        SCOPED_TRACE(labels);
        forget();
        const Outcome first = strip(frame(labels));
        ASSERT_EQ(first.action, std::uint32_t{XDP_PASS});
        const auto at = known();
        if (kEthernet + kShortest > frame(labels).size()) {
            continue; // too short to be looked at
        }
        ASSERT_EQ(at.size(), 1U);
        EXPECT_EQ(strip(frame(labels)), first);
        place(at[0]).check ^= 1;
        EXPECT_NE(strip(frame(labels)).ticket, first.ticket) << "the whole way was taken";
    }
}

TEST_F(NearStack, EveryBitOfTheStackCounts) {
    for (const std::uint32_t labels : {1U, 2U, 5U, 10U, 11U, 16U}) {
        const Bytes original = frame(labels);
        const std::size_t step = labels > 5 ? 3 : 1; // all of them take half a minute under the sanitizers
        for (std::size_t bit = 0; bit < std::size_t{32} * labels; bit += step) {
            SCOPED_TRACE(std::to_string(labels) + " labels, bit " + std::to_string(bit));
            forget();
            wait(3 * kHold); // or there are no numbers left
            ASSERT_EQ(strip(original).action, std::uint32_t{XDP_PASS});
            if (const auto at = known(); !at.empty()) { // the hash alone would hardly ever send the other one there
                const sfc_near_stack everywhere = place(at[0]);
                for (std::uint32_t other = 0; other < SFC_NEAR_STACKS; other++) {
                    place(other) = everywhere;
                }
            }
            Bytes altered = original;
            altered[kEthernet + bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
            expect_as_the_whole_way(altered);
        }
    }
}

TEST_F(NearStack, ThePortCounts) {
    const Outcome one = strip(frame(3)), two = strip(frame(3), "d1");
    EXPECT_NE(one.ticket, two.ticket) << "two services";
    for (int round = 0; round < 2; round++) {
        EXPECT_EQ(strip(frame(3)), one);
        EXPECT_EQ(strip(frame(3), "d1"), two);
    }
    strip(frame(1));
    EXPECT_EQ(strip(frame(1), "d1").reason, unsigned{SFC_REASON_last_label});
}

TEST_F(NearStack, ServicesOfOtherSfsDoNotTakeIt) {
    for (int round = 0; round < 3; round++) {
        EXPECT_EQ(strip(frame(4, 16003)).action, std::uint32_t{XDP_REDIRECT});
        wait(2 * kHold);
    }
    EXPECT_TRUE(known().empty());
}

TEST_F(NearStack, TheInnerPacketCounts) {
    Bytes odd = frame(4, 16004);
    ASSERT_EQ(strip(odd), strip(odd));
    odd[kEthernet + 16] = 0x60;
    EXPECT_EQ(strip(odd).reason, unsigned{SFC_REASON_bad_inner}) << "the service says IPv4";
    odd = frame(4);
    ASSERT_EQ(strip(odd), strip(odd));
    odd[kEthernet + 16] = 0x75;
    EXPECT_EQ(strip(odd).reason, unsigned{SFC_REASON_bad_inner});
    odd[kEthernet + 16] = 0x60;
    const Outcome six = strip(odd);
    EXPECT_EQ(six.action, std::uint32_t{XDP_PASS});
    EXPECT_EQ(six.bare[12], 0x86) << "IPv6's EtherType";
    expect_as_the_whole_way(odd);
}

TEST_F(NearStack, NoticesWaysOutThatGo) {
    const Bytes bytes = frame(4);
    strip(bytes);
    strip(bytes);
    auto& service = machine.map("services").at<sfc_service>(1);
    service.next_hop_ready = 0;
    wait(kTick);
    EXPECT_EQ(strip(bytes).reason, unsigned{SFC_REASON_no_next_hop});
    service.next_hop_ready = 1;
    EXPECT_EQ(strip(bytes).action, std::uint32_t{XDP_PASS});
    machine.map("tx_ports").resize(0);
    wait(kTick);
    EXPECT_EQ(strip(bytes).reason, unsigned{SFC_REASON_no_next_hop});
}

TEST_F(NearStack, NoticesANumberThatHasGone) {
    const Bytes bytes = frame(4);
    const Outcome first = strip(bytes);
    strip(bytes);
    wait(3 * kHold);
    for (std::uint32_t n = 0; n < plan.services[1].entry.quota; n++) { // all numbers of the service go to others
        strip(frame(2, 16001, 5000 + n));
    }
    const Outcome again = strip(bytes);
    EXPECT_NE(again.ticket, first.ticket);
    EXPECT_TRUE(again.reason == SFC_REASON_cache_full || again.action == XDP_PASS);
}

/// Packets of known stacks keep their number as others do.
TEST_F(NearStack, KeepsTheNumberInUse) {
    const Bytes bytes = frame(4);
    const Outcome first = strip(bytes);
    for (int n = 0; n < 50; n++) {
        wait(kHold / 2);
        EXPECT_EQ(strip(bytes), first);
        strip(frame(2, 16001, 5000 + static_cast<std::uint32_t>(n)));
        strip(frame(2, 16001, 9000 + static_cast<std::uint32_t>(n)));
    }
}

/// Two stacks that the hash sends to one place have both of a pair of places; with three, one of them goes the whole
/// way.
TEST_F(NearStack, StacksThatShareAPlace) {
    std::vector<std::pair<std::uint32_t, Bytes>> seen;
    std::vector<Bytes> shared;
    for (std::uint32_t n = 0; shared.size() < 3; n++) {
        forget();
        Bytes bytes = frame(3, 16001, 1000 + 4 * n);
        ASSERT_EQ(strip(bytes).action, std::uint32_t{XDP_PASS});
        const std::uint32_t at = known().at(0);
        seen.emplace_back(at, bytes);
        if (n % 16 == 15) {
            wait(3 * kHold); // or there are no numbers left
        }
        shared.clear();
        for (const auto& [place, other] : seen) {
            if (place == at) {
                shared.push_back(other);
            }
        }
    }
    forget();
    wait(3 * kHold);
    std::vector<Outcome> first;
    std::ranges::transform(shared, std::back_inserter(first), [this](const Bytes& bytes) { return strip(bytes); });
    EXPECT_EQ(known().size(), 2U);
    for (int round = 0; round < 3; round++) {
        for (std::size_t i = 0; i < shared.size(); i++) {
            EXPECT_EQ(strip(shared[i]), first[i]);
        }
    }
}

TEST_F(NearStack, AnyMixOfStacks) {
    std::mt19937 random(6);
    std::vector<Bytes> frames;
    for (std::uint32_t n = 0; n < 10; n++) { // no more than there are numbers
        frames.push_back(frame(1 + random() % 16, 16001, 100 + random() % 4));
    }
    std::vector<Outcome> first;
    std::ranges::transform(frames, std::back_inserter(first), [this](const Bytes& bytes) { return strip(bytes); });
    for (int n = 0; n < 2000; n++) {
        const std::size_t i = random() % frames.size();
        EXPECT_EQ(strip(frames[i]), first[i]);
        wait(random() % 3 == 0 ? kTick : 0);
    }
}

/// A frame that ends early, and a helper that fails, leave nothing half-known.
TEST_F(NearStack, EachHelperFailsOnce) {
    const Bytes bytes = frame(5);
    const Outcome first = strip(bytes);
    counts_lost = true;
    for (std::uint32_t call = 0; call < 24; call++) {
        for (const bool known : {true, false}) {
            if (!known) {
                forget();
            }
            wait(kTick);
            machine.fault = {Fault::Refuse, call};
            strip(bytes);
            machine.fault = {};
            EXPECT_EQ(strip(bytes), first) << call;
        }
    }
    for (std::size_t size = 0; size < bytes.size(); size++) {
        expect_as_the_whole_way(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    }
}

} // namespace
} // namespace sfc::test
