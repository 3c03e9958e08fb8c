// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Kernel mode, headers that have arrived before: the short way must come to the same as the whole one, for every
// packet, and notice all that changes.
#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include <gtest/gtest.h>

#include "native_runner.h"

namespace sfc::test {
namespace {

constexpr std::uint64_t kHold = 100'000'000, kTick = 4'000'000;
constexpr std::uint32_t kNone = 5000; ///< no header has this number
constexpr std::uint16_t kOther = 3;   ///< the service v4
constexpr std::size_t kEthernet = 14;
constexpr std::size_t kShortest = 40; ///< bytes behind Ethernet of a frame that is looked at

class Known : public testing::Test {
protected:
    Plan plan = make_plan(parse_config(R"(
cache: {capacity: 128}
sfs:
  - {name: nat, stack: true}
  - {name: fw, ports: {left: f0, right: f1}}
  - {name: ports, stack: true, ports: {left: {interface: g0, mac: "02:00:00:00:00:01"}, right: {interface: g1, mac: "02:00:00:00:00:02"}}}
services:
  - {name: one, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: nat}, egress: [e0], last_label: plain}
  - {name: two, match: {encapsulation: mpls, label: 16001}, domain: d1, sf: {name: nat}, egress: [e0]}
  - {name: v4, match: {encapsulation: mpls, label: 16004}, inner: ipv4, domain: d0, sf: {name: nat}, egress: [e0]}
  - {name: user, match: {encapsulation: mpls, label: 16003}, domain: d0, sf: {name: fw, in: left},
     next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: ports, match: {encapsulation: mpls, label: 16005}, domain: d0, sf: {name: ports, in: left},
     next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: back, match: {encapsulation: mpls, label: 16006}, domain: d0, sf: {name: ports, in: left}, next_hop: ingress}
  - {name: v6, match: {encapsulation: mpls, label: 16007}, inner: ipv6, domain: d0, sf: {name: nat}, egress: [e0]}
)",
                                       "known.yaml"));
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
    sfc_arrival& arrival(std::uint32_t number) { return machine.map("arrivals").at<sfc_arrival>(number); }
    sfc_number_hint& position(std::uint32_t at) { return machine.map("number_hints").at<sfc_number_hint>(at); }
    /// Every hash leads to these numbers.
    void lead_to(std::uint32_t first, std::uint32_t second) {
        for (std::uint32_t at = 0; at < SFC_NUMBER_HINTS; at++) {
            position(at) = {{first, second}};
        }
    }
    void forget() { lead_to(kNone, kNone); }
    /// Where something is known.
    std::vector<std::uint32_t> known() {
        std::vector<std::uint32_t> found;
        for (std::uint32_t at = 0; at < SFC_NUMBER_HINTS; at++) {
            if (position(at).number[0] != kNone) {
                found.push_back(at);
            }
        }
        return found;
    }
    static std::uint32_t number_of(const Outcome& outcome) {
        sfc_ticket ticket{};
        std::memcpy(&ticket, outcome.ticket.data(), sizeof(ticket));
        return ticket.header - 1;
    }
    /// Whether the packet, whose number is that, goes the short way: there alone the number says which service it is.
    bool takes_short_way(const Bytes& bytes, std::uint32_t number, const char* port = "d0") {
        sfc_arrival& entry = arrival(number);
        const std::uint16_t right = std::exchange(entry.service, std::uint16_t{kOther});
        const Ran ran = runner.strip(plan.port_id(port), bytes);
        entry.service = right;
        return ran.result.service == kOther;
    }
    /// The outcome must be the same as that of the whole way.
    void expect_as_the_whole_way(const Bytes& bytes, const char* port = "d0") {
        const Outcome first = strip(bytes, port);
        forget();
        EXPECT_EQ(first, strip(bytes, port));
    }
};

TEST_F(Known, HeadersThatCameBeforeTakeTheShortWay) {
    for (std::uint32_t labels = 1; labels <= SFC_LABELS_MAX; labels++) {
        SCOPED_TRACE(labels);
        forget();
        const Bytes bytes = frame(labels);
        const Outcome first = strip(bytes);
        ASSERT_EQ(first.action, std::uint32_t{XDP_PASS});
        EXPECT_EQ(known().size(), 1U);
        EXPECT_EQ(strip(bytes), first);
        EXPECT_EQ(takes_short_way(bytes, number_of(first)), bytes.size() >= kEthernet + kShortest);
    }
}

/// The hash alone would hardly ever send the altered one to the entry of the other: so every hash does, by both ways.
TEST_F(Known, EveryBitOfTheHeaderCounts) {
    for (const std::uint32_t labels : {1U, 2U, 5U, 10U, 11U, 16U}) {
        const Bytes original = frame(labels);
        const std::size_t step = labels > 5 ? 3 : 1; // all of them take half a minute under the sanitizers
        for (std::size_t bit = 0; bit < std::size_t{32} * labels; bit += step) {
            SCOPED_TRACE(std::to_string(labels) + " labels, bit " + std::to_string(bit));
            wait(3 * kHold); // or there are no numbers left
            const Outcome right = strip(original);
            ASSERT_EQ(right.action, std::uint32_t{XDP_PASS});
            const std::uint32_t number = number_of(right);
            Bytes altered = original;
            altered[kEthernet + bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
            lead_to(bit % 2 == 0 ? number : kNone, bit % 2 == 0 ? kNone : number);
            expect_as_the_whole_way(altered);
            if (original.size() >= kEthernet + kShortest) { // in shorter ones the header that leaves decides
                EXPECT_NE(strip(altered).ticket, right.ticket);
            }
        }
    }
}

/// A stack in the namespace behind ports, with a next hop of the service's, or back where the packet came from.
TEST_F(Known, KernelBehindPorts) {
    for (const std::uint32_t top : {16005U, 16006U}) {
        const Bytes bytes = frame(4, top);
        const Outcome first = strip(bytes);
        ASSERT_EQ(first.action, std::uint32_t{XDP_REDIRECT});
        expect_as_the_whole_way(bytes);
        EXPECT_TRUE(takes_short_way(bytes, number_of(first)));
        auto& port = machine.map("ports").at<sfc_port>(plan.port_id("g0"));
        port.unready = 1;
        EXPECT_TRUE(takes_short_way(bytes, number_of(first))) << "within the tick";
        wait(kTick);
        EXPECT_EQ(strip(bytes).reason, unsigned{SFC_REASON_no_next_hop});
        port.unready = 0;
        wait(kTick);
        EXPECT_TRUE(takes_short_way(bytes, number_of(first)));
        port.mtu = 20;
        EXPECT_EQ(strip(bytes).reason, unsigned{SFC_REASON_too_big});
        port.mtu = 0;
        const std::uint32_t there =
            std::exchange(machine.map("services").at<sfc_service>(arrival(number_of(first)).service).sf, 900);
        EXPECT_EQ(strip(bytes).action, std::uint32_t{XDP_DROP});
        machine.map("services").at<sfc_service>(arrival(number_of(first)).service).sf = there;
        EXPECT_EQ(strip(bytes), first);
    }
}

/// Within the tick in which all was looked at.
TEST_F(Known, SettingsThatAreNotThere) {
    const Bytes here = frame(4), ports = frame(4, 16005);
    const Outcome first = strip(here);
    strip(ports);
    machine.map("services").resize(0);
    EXPECT_EQ(strip(ports).reason, unsigned{SFC_REASON_unmatched});
    EXPECT_EQ(strip(here), first) << "needs none";
    counts_lost = true;
}

/// All numbers of the service are being written by other CPUs.
TEST_F(Known, NoNumberIsFree) {
    const sfc_service& service = plan.services[1].entry;
    for (std::uint32_t n = 0; n < service.quota; n++) {
        arrival(service.first_slot + n).generation = 1;
    }
    EXPECT_EQ(strip(frame(4)).reason, unsigned{SFC_REASON_cache_full});
}

/// With `next_hop: ingress` the sender is part of what decides the header; else it is not.
TEST_F(Known, TheSenderCountsWhereItGoesBack) {
    const auto from = [](Bytes bytes, std::uint8_t last) {
        std::fill(bytes.begin() + 6, bytes.begin() + 12, std::uint8_t{0});
        bytes[11] = last;
        return bytes;
    };
    const Bytes bytes = frame(4, 16006);
    const Outcome zero = strip(from(bytes, 0)), one = strip(from(bytes, 1));
    EXPECT_NE(zero.ticket, one.ticket);
    for (int round = 0; round < 2; round++) {
        EXPECT_EQ(strip(from(bytes, 0)).ticket, zero.ticket);
        EXPECT_EQ(strip(from(bytes, 1)).ticket, one.ticket);
    }
    EXPECT_TRUE(takes_short_way(from(bytes, 0), number_of(zero)));
    EXPECT_TRUE(takes_short_way(from(bytes, 1), number_of(one)));
    EXPECT_EQ(strip(from(frame(4), 0)).ticket, strip(from(frame(4), 1)).ticket);
}

TEST_F(Known, ThePortCounts) {
    const Outcome one = strip(frame(3)), two = strip(frame(3), "d1");
    EXPECT_NE(one.ticket, two.ticket) << "two services";
    for (int round = 0; round < 2; round++) {
        EXPECT_EQ(strip(frame(3)), one);
        EXPECT_EQ(strip(frame(3), "d1"), two);
    }
    strip(frame(1));
    EXPECT_EQ(strip(frame(1), "d1").reason, unsigned{SFC_REASON_last_label});
}

TEST_F(Known, ServicesOfOtherSfsDoNotTakeIt) {
    forget();
    for (int round = 0; round < 3; round++) {
        EXPECT_EQ(strip(frame(4, 16003)).action, std::uint32_t{XDP_REDIRECT});
        wait(2 * kHold);
    }
    for (const std::uint32_t at : known()) {
        ADD_FAILURE() << at;
    }
}

TEST_F(Known, TheInnerPacketCounts) {
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
    odd = frame(4, 16007);
    EXPECT_EQ(strip(odd).reason, unsigned{SFC_REASON_bad_inner}) << "the service says IPv6";
    odd[kEthernet + 16] = 0x60;
    ASSERT_EQ(strip(odd).action, std::uint32_t{XDP_PASS});
    odd[kEthernet + 16] = 0x45;
    EXPECT_EQ(strip(odd).reason, unsigned{SFC_REASON_bad_inner});
}

TEST_F(Known, NoticesWaysOutThatGo) {
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

TEST_F(Known, NoticesANumberThatHasGone) {
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
TEST_F(Known, KeepsTheNumberInUse) {
    const Bytes bytes = frame(4);
    const Outcome first = strip(bytes);
    for (int n = 0; n < 50; n++) {
        wait(kHold / 2);
        EXPECT_EQ(strip(bytes), first);
        strip(frame(2, 16001, 5000 + static_cast<std::uint32_t>(n)));
        strip(frame(2, 16001, 9000 + static_cast<std::uint32_t>(n)));
    }
}

/// Of those that the hash sends to one position, the last two take the short way.
TEST_F(Known, HeadersThatShareAHint) {
    std::vector<Bytes> frames;
    std::vector<Outcome> first;
    for (std::uint32_t n = 0; n < 3; n++) {
        frames.push_back(frame(3, 16001, 1000 + 4 * n));
        first.push_back(strip(frames.back()));
    }
    lead_to(number_of(first[0]), number_of(first[1]));
    EXPECT_TRUE(takes_short_way(frames[0], number_of(first[0])));
    EXPECT_TRUE(takes_short_way(frames[1], number_of(first[1])));
    EXPECT_FALSE(takes_short_way(frames[2], number_of(first[2])));
    EXPECT_TRUE(takes_short_way(frames[2], number_of(first[2]))) << "it has the position now";
    for (int round = 0; round < 3; round++) {
        for (std::size_t i = 0; i < frames.size(); i++) {
            EXPECT_EQ(strip(frames[i]), first[i]);
        }
    }
}

/// Another CPU is writing the entry, or has written it, or has taken the number away, while this one compares.
TEST_F(Known, NumberThatIsBeingWritten) {
    const Bytes bytes = frame(4);
    const Outcome first = strip(bytes);
    sfc_arrival& entry = arrival(number_of(first));
    ASSERT_TRUE(takes_short_way(bytes, number_of(first)));
    entry.generation |= 1;
    EXPECT_FALSE(takes_short_way(bytes, number_of(first)));
    EXPECT_NE(strip(bytes).ticket, first.ticket);
    entry.generation = (entry.generation & ~1U) + 2;
    EXPECT_NE(strip(bytes).ticket, first.ticket);
}

TEST_F(Known, AnyMixOfHeaders) {
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
TEST_F(Known, EachHelperFailsOnce) {
    counts_lost = true;
    for (const std::uint32_t top : {16001U, 16005U, 16006U}) {
        const Bytes bytes = frame(5, top);
        const Outcome first = strip(bytes);
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
}

} // namespace
} // namespace sfc::test
