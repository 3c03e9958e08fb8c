// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A packet that leaves the kernel of this host as a single frame gets its header at TC egress, without the hairpin.
#include <algorithm>

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include "kernel_setup.h"

namespace sfc::test {
namespace {

constexpr std::uint8_t kOurs = 0xaa; ///< in the MAC of each of our ports
constexpr std::uint8_t kShift = 5, kPartial = 3 << kShift, kUnnecessary = 1 << kShift;

class Push : public testing::Test {
protected:
    Plan plan = make_plan(parse_config(R"(
cache: {capacity: 64}
sfs:
  - {name: nat, stack: true}
services:
  - {name: one, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: nat}, egress: [e0], last_label: plain}
)",
                                       "push.yaml"));
    NativeRunner runner{plan};
    Machine& machine = runner.machine;

    void SetUp() override {
        for (std::uint32_t id = 1; id < plan.ports.size(); id++) {
            auto& port = machine.map("ports").at<sfc_port>(id);
            std::fill(std::begin(port.mac), std::end(port.mac), kOurs);
        }
        machine.constants.summed_at = 128;
        machine.constants.summed_shift = kShift;
        set_hairpins(machine, plan);
        runner.set_time(kSomeTime);
    }

    /// The metadata of a packet with that many labels below its top one.
    Bytes strip(std::uint32_t labels) {
        std::vector<Label> stack{{.label = 16001, .ttl = 10}};
        for (std::uint32_t i = 0; i < labels; i++) {
            stack.push_back({.label = 100 + i, .ttl = 64});
        }
        EXPECT_EQ(runner.strip(plan.port_id("d0"), mpls_udp(stack, {})).action, XDP_PASS);
        return machine.metadata();
    }
    int leave(const Bytes& ticket, std::uint32_t segments = 0, std::uint8_t summed = 0) {
        return machine.run(sfc_restore_tc, plain_udp({}),
                           {.ifindex = NativeRunner::ifindex(plan.port_id("e0")),
                            .ingress_ifindex = NativeRunner::ifindex(plan.port_id("d0")),
                            .segments = segments,
                            .metadata = ticket,
                            .summed = summed});
    }
    /// Whether the frame has the neighbour's MAC, ours, and behind them what `labels` labels make of it.
    testing::AssertionResult has_header(std::uint32_t labels) {
        std::vector<Label> stack;
        for (std::uint32_t i = 0; i < labels; i++) {
            stack.push_back({.label = 100 + i, .ttl = static_cast<std::uint8_t>(i == 0 ? 9 : 64)});
        }
        Bytes want = labels == 0 ? plain_udp({.ttl = 9}) : mpls_udp(stack, {});
        const Bytes bare = plain_udp({});
        std::copy(bare.begin(), bare.begin() + 6, want.begin());
        std::fill(want.begin() + 6, want.begin() + 12, kOurs);
        return machine.frame_bytes() == want ? testing::AssertionSuccess() : testing::AssertionFailure();
    }
    /// Every hash leads to this number.
    void lead_to(std::uint32_t number) {
        for (std::uint32_t position = 0; position < SFC_NUMBER_HINTS; position++) {
            machine.map("number_hints").set(position, sfc_number_hint{{number, number}});
        }
    }
    sfc_counters& counters() { return machine.map("service_counters").at<sfc_counters>(1); }
};

/// Also where other encapsulations of the configuration have longer ones: the words are written another way then.
TEST_F(Push, HeaderOfAnyLengthBesideLongerOnes) {
    machine.constants.header_room = SFC_HEADER_MAX;
    machine.map("arrival_numbers").set_key_size(sizeof(sfc_arrival_key));
    for (std::uint32_t labels = 0; labels < SFC_LABELS_MAX; labels++) {
        const Bytes ticket = strip(labels);
        ASSERT_EQ(leave(ticket, 0, kUnnecessary), TC_ACT_UNSPEC) << labels;
        EXPECT_TRUE(has_header(labels)) << labels;
        lead_to(~0U);
        EXPECT_EQ(strip(labels), ticket) << labels << ", found by the hash map";
    }
}

TEST_F(Push, HeaderOfAnyLength) {
    for (std::uint32_t labels = 0; labels < SFC_LABELS_MAX; labels++) {
        const Bytes ticket = strip(labels);
        ASSERT_EQ(leave(ticket, 0, kUnnecessary), TC_ACT_UNSPEC) << labels;
        EXPECT_FALSE(machine.redirected()) << labels;
        EXPECT_TRUE(has_header(labels)) << labels;
        EXPECT_EQ(counters().event[SFC_EVENT_RESTORED].packets, labels + 1);
        EXPECT_EQ(counters().event[SFC_EVENT_RESTORED].bytes, (labels + 1) * plain_udp({}).size());
    }
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(Push, OthersTakeTheHairpin) {
    const Bytes ticket = strip(2);
    EXPECT_EQ(leave(ticket, 3), TC_ACT_REDIRECT) << "merged";
    EXPECT_EQ(leave(ticket, 0, kPartial), TC_ACT_REDIRECT) << "the device is to write the checksum";
    EXPECT_EQ(machine.redirected(), kHairpinIn);
    machine.constants.summed_at = 0;
    EXPECT_EQ(leave(ticket), TC_ACT_REDIRECT) << "who is to write it is not known";
    EXPECT_EQ(counters().event[SFC_EVENT_RESTORED].packets, 0U);
}

TEST_F(Push, DropsWithAReason) {
    const Bytes ticket = strip(2);
    auto& port = machine.map("ports").at<sfc_port>(plan.port_id("e0"));
    port.mtu = static_cast<std::uint32_t>(plain_udp({}).size() - ETH_HLEN + 8);
    EXPECT_EQ(leave(ticket), TC_ACT_UNSPEC);
    port.mtu--;
    EXPECT_EQ(leave(ticket), TC_ACT_SHOT);
    EXPECT_EQ(counters().dropped_after_claim[SFC_REASON_too_big].packets, 1U);
    port.mtu = 0;
    machine.headroom = kXdpFrameSize;
    EXPECT_EQ(leave(ticket), TC_ACT_SHOT);
    EXPECT_EQ(counters().dropped_after_claim[SFC_REASON_no_room].packets, 1U);
}

/// Another CPU gives the number to another header while this one copies the old one.
TEST_F(Push, NumberThatGoesMeanwhile) {
    const Bytes ticket = strip(2);
    machine.before_head = [&] { machine.map("headers").at<sfc_interned>(0).generation += 2; };
    EXPECT_EQ(leave(ticket), TC_ACT_SHOT);
    EXPECT_EQ(counters().dropped_after_claim[SFC_REASON_late].packets, 1U);
    EXPECT_EQ(counters().event[SFC_EVENT_RESTORED].packets, 0U);
}

/// Each helper call fails once: with its header, by the hairpin, or not at all.
TEST_F(Push, EachHelperFailsOnce) {
    const Bytes ticket = strip(4);
    for (std::uint32_t call = 0; call < 16; call++) {
        machine.fault = {Fault::Refuse, call};
        const int action = leave(ticket);
        EXPECT_TRUE(action == TC_ACT_REDIRECT || action == TC_ACT_SHOT || has_header(4)) << call;
    }
}

/// Many headers, so that positions of the hints are shared, and whatever stands there.
TEST_F(Push, NumberHintsAreOnlyHints) {
    const Bytes one = strip(3), two = strip(4);
    for (const std::uint32_t number : {0U, 1U, 63U, 4000U, ~0U}) {
        lead_to(number);
        EXPECT_EQ(strip(3), one) << number;
        EXPECT_EQ(strip(4), two) << number;
        EXPECT_EQ(strip(3), one) << number << ", the right one by now";
    }
}

} // namespace
} // namespace sfc::test
