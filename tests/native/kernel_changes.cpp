// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A kernel gives back another packet than it got: fragments, another IP version, fewer hops.
#include <algorithm>

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/pkt_cls.h>

#include "kernel_setup.h"

namespace sfc::test {
namespace {

constexpr std::uint16_t kMore = 0x2000, kLater = 0x0010; // RFC 791: more fragments; an offset
constexpr std::uint8_t kLast = 20;                       ///< TTL of the label that is popped

/// Services through this host's kernel and through one behind ports, by their labels.
enum : std::uint32_t { kHost = 16001, kPipe, kPorts };

class Changes : public testing::Test {
protected:
    Plan plan = make_plan(parse_config(R"(
cache: {capacity: 64}
sfs:
  - {name: nat, stack: true}
  - {name: ports, stack: true, ports: {left: {interface: f0, mac: "02:00:00:00:00:01"}, right: {interface: f1, mac: "02:00:00:00:00:02"}}}
services:
  - {name: host, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: nat}, egress: [e0], last_label: plain}
  - {name: pipe, match: {encapsulation: mpls, label: 16002}, domain: d0, sf: {name: nat}, egress: [e0], last_label: plain, ttl: pipe}
  - {name: ports, match: {encapsulation: mpls, label: 16003}, domain: d0, sf: {name: ports, in: left}, next_hop: {interface: e1, mac: "02:00:00:00:00:99"}, last_label: plain}
)",
                                       "changes.yaml"));
    NativeRunner runner{plan};
    Machine& machine = runner.machine;

    void SetUp() override {
        runner.set_time(kSomeTime);
        split_mark(machine.constants);
        machine.constants.summed_at = 128;
        set_hairpins(machine, plan);
    }
    [[nodiscard]] std::uint32_t at(const char* port) const { return NativeRunner::ifindex(plan.port_id(port)); }
    sfc_counters& service(std::uint32_t label) {
        return machine.map("service_counters").at<sfc_counters>(label - kHost + 1);
    }
    std::uint64_t dropped(const char* port, sfc_reason reason) {
        const auto& counters = machine.map("port_counters").at<sfc_counters>(plan.port_id(port));
        return counters.dropped[reason].packets + counters.dropped_after_claim[reason].packets;
    }
    /// The metadata of a packet on its way to the kernel: `below` is under its top label, or there is nothing.
    Bytes strip(std::uint32_t label, const std::vector<Label>& below = {}) {
        std::vector<Label> stack{{.label = label, .ttl = kLast}};
        stack.insert(stack.end(), below.begin(), below.end());
        EXPECT_EQ(runner.strip(plan.port_id("d0"), mpls_udp(stack, {})).result.verdict, SFC_VERDICT_TO_KERNEL);
        return machine.metadata();
    }
    std::uint32_t marked(const Bytes& metadata, const Bytes& frame = plain_udp({})) {
        machine.run(sfc_ticket_mark, frame, {.ethertype = type_of(frame), .metadata = metadata});
        return machine.mark();
    }
    static std::uint16_t type_of(const Bytes& frame) { return static_cast<std::uint16_t>(frame[12] << 8 | frame[13]); }
    int leave(const Bytes& frame, const Bytes& metadata, std::uint32_t mark = 0) {
        return machine.run(sfc_restore_tc, frame,
                           {.ifindex = at("e0"),
                            .ingress_ifindex = at("d0"),
                            .ethertype = type_of(frame),
                            .metadata = metadata,
                            .mark = mark});
    }
    /// Out of this host's kernel, by the hairpin where it must.
    Bytes left(const Bytes& frame, const Bytes& metadata) {
        if (leave(frame, metadata) == TC_ACT_REDIRECT) {
            machine.run(sfc_hairpin, Bytes(machine.frame_bytes()), kHairpinOut);
        }
        return machine.frame_bytes();
    }
    /// Out of the kernel behind ports.
    Bytes came_back(const Bytes& frame, const Bytes& metadata, std::uint32_t mark = 0) {
        machine.run(sfc_ticket_mac, frame,
                    {.ingress_ifindex = 5, .ethertype = type_of(frame), .metadata = metadata, .mark = mark});
        machine.run(sfc_restore_mac, Bytes(machine.frame_bytes()), at("f1"));
        return machine.frame_bytes();
    }
    static Bytes behind(const Bytes& frame, std::size_t at = 12) {
        return {frame.begin() + static_cast<std::ptrdiff_t>(at), frame.end()};
    }
    static Bytes six(std::uint8_t hops = 64) { return ethernet() / ipv6({.hops = hops}) / udp(); }
    static Bytes four(std::uint8_t ttl = 64) { return ethernet() / ipv4({.ttl = ttl}) / udp(); }
    static Bytes piece(std::uint16_t fragment) { return ethernet() / ipv4({.fragment = fragment}) / udp(); }
    /// `more`: RFC 8200 4.5, offset and flag.
    static Bytes piece6(std::uint16_t more) {
        Bytes frame = ethernet() / ipv6({.next = IPPROTO_FRAGMENT}) / payload(std::size_t{8});
        frame[ETH_HLEN + 42] = static_cast<std::uint8_t>(more >> 8);
        frame[ETH_HLEN + 43] = static_cast<std::uint8_t>(more);
        return frame;
    }
};

/// The kernel copies a packet's mark to the fragments that it makes, and no metadata.
TEST_F(Changes, FragmentsOfAPacketHaveItsMark) {
    machine.constants.mark_mask = kMark;
    const std::uint32_t mark = marked(strip(kHost, {{.label = 70}}));
    ASSERT_NE(mark, 0U);
    for (const Bytes& frame : {piece(kMore), piece(kMore | kLater), piece(kLater), piece6(1), piece6(8)}) {
        EXPECT_EQ(leave(frame, {}, mark), TC_ACT_UNSPEC);
        const Bytes want = mpls({{.label = 70, .ttl = kLast - 1}});
        EXPECT_TRUE(std::equal(want.begin(), want.end(), machine.frame_bytes().begin() + ETH_HLEN));
    }
    EXPECT_EQ(service(kHost).event[SFC_EVENT_RESTORED].packets, 5U);
    EXPECT_EQ(service(kHost).event[SFC_EVENT_FRAGMENTS].packets, 3U) << "all but the first of each packet";
    came_back(piece(kLater), {}, marked(strip(kPorts)));
    EXPECT_EQ(service(kPorts).event[SFC_EVENT_FRAGMENTS].packets, 1U);
    EXPECT_EQ(service(kPorts).event[SFC_EVENT_RESTORED].packets, 1U);
}

/// A fragment that came in as one has its ticket in its metadata alone: reassembled with others that came with other
/// headers, and fragmented again, all would have one mark.
TEST_F(Changes, FragmentsThatComeInHaveNoMark) {
    machine.constants.mark_mask = kMark;
    const Bytes ticket = strip(kHost, {{.label = 70}});
    for (const Bytes& frame : {piece(kMore), piece(kLater), piece6(1), piece6(8)}) {
        EXPECT_EQ(marked(ticket, frame), 0U);
        EXPECT_EQ(leave(frame, ticket), TC_ACT_UNSPEC);
    }
    EXPECT_NE(marked(ticket, piece6(0)), 0U) << "an atomic fragment (RFC 6946) is a whole packet";
    EXPECT_EQ(service(kHost).event[SFC_EVENT_FRAGMENTS].packets, 0U);
}

TEST_F(Changes, FragmentsWithoutATicketHaveAReason) {
    for (const Bytes& frame : {piece(kMore), piece(kLater), piece6(1)}) {
        EXPECT_EQ(leave(frame, {}), TC_ACT_SHOT);
        came_back(frame, {});
    }
    EXPECT_EQ(leave(four(), {}), TC_ACT_SHOT);
    came_back(four(), {});
    EXPECT_EQ(dropped("e0", SFC_REASON_fragment), 3U);
    EXPECT_EQ(dropped("e0", SFC_REASON_miss), 1U);
    EXPECT_EQ(dropped("f1", SFC_REASON_fragment), 3U);
    EXPECT_EQ(dropped("f1", SFC_REASON_miss), 1U);
}

/// Without a label the EtherType is the packet's own: here IPv4 went in, and IPv6 comes out (NAT64, or a wrapper).
TEST_F(Changes, EtherTypeOfThePacketThatLeaves) {
    EXPECT_EQ(behind(left(six(9), strip(kHost))), behind(six(9)));
    machine.constants.summed_at = 0; // the way by the hairpin
    EXPECT_EQ(behind(left(six(9), strip(kHost))), behind(six(9)));
    EXPECT_EQ(behind(came_back(six(9), strip(kPorts))), behind(six(9)));
}

/// RFC 3443 3.1: the packet gets the hop count of the last label where that is lower.
TEST_F(Changes, HopsOfTheLastLabel) {
    for (const std::uint16_t summed_at : {128, 0}) { // 0: by the hairpin
        machine.constants.summed_at = summed_at;
        EXPECT_EQ(behind(left(four(64), strip(kHost))), behind(four(kLast - 1)));
        EXPECT_EQ(behind(left(four(kLast - 1), strip(kHost))), behind(four(kLast - 1)));
        EXPECT_EQ(behind(left(four(3), strip(kHost))), behind(four(3)));
        EXPECT_EQ(behind(left(six(64), strip(kHost))), behind(six(kLast - 1)));
        EXPECT_EQ(behind(left(six(3), strip(kHost))), behind(six(3)));
        EXPECT_EQ(behind(left(four(64), strip(kPipe))), behind(four(64)));
    }
    EXPECT_EQ(behind(came_back(four(64), strip(kPorts))), behind(four(kLast - 1)));
    EXPECT_EQ(behind(came_back(six(64), strip(kPorts))), behind(six(kLast - 1)));
}

/// RFC 3032 2.1: an explicit null at the bottom says what is behind it.
TEST_F(Changes, ExplicitNullOfThePacketThatLeaves) {
    const Label null4{.label = 0, .ttl = 9}, null6{.label = 2, .ttl = 9}, other{.label = 70, .ttl = 9};
    const auto with = [](std::vector<Label> stack, const Bytes& frame) {
        Bytes want = mpls(std::move(stack));
        want.insert(want.begin(), {0x88, 0x47});
        want.insert(want.end(), frame.begin() + ETH_HLEN, frame.end());
        return want;
    };
    EXPECT_EQ(behind(left(six(), strip(kHost, {null4}))), with({null6}, six()));
    EXPECT_EQ(behind(left(four(), strip(kHost, {null6}))), with({null4}, four()));
    EXPECT_EQ(behind(left(four(), strip(kHost, {null4}))), with({null4}, four()));
    EXPECT_EQ(behind(left(six(), strip(kHost, {null4, other}))), with({null4, other}, six())) << "not at the bottom";
    EXPECT_EQ(behind(left(six(), strip(kHost, {other, null4}))), with({other, null6}, six()));
    EXPECT_EQ(behind(came_back(six(), strip(kPorts, {null4}))), with({null6}, six()));
}

/// A frame with nothing behind Ethernet says no version, and is no fragment.
TEST_F(Changes, FramesWithoutAPacket) {
    const Bytes ticket = strip(kPorts, {{.label = 0}});
    machine.run(sfc_ticket_mac, four(), {.ingress_ifindex = 5, .metadata = ticket});
    Bytes empty = machine.frame_bytes();
    empty.resize(ETH_HLEN);
    EXPECT_EQ(machine.run(sfc_restore_mac, empty, at("f1")), XDP_DROP);
    EXPECT_EQ(service(kPorts).dropped_after_claim[SFC_REASON_truncated].packets, 1U);
    Bytes without = four();
    without.resize(ETH_HLEN + 10);
    came_back(without, {});
    EXPECT_EQ(dropped("f1", SFC_REASON_miss), 1U);
}

} // namespace
} // namespace sfc::test
