// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An SF that is the kernel of this host: what is in front of a packet on its way through, and who gets which header
// back.
#include <algorithm>
#include <array>
#include <cstring>

#include <gtest/gtest.h>
#include <linux/pkt_cls.h>

#include "kernel_setup.h"

namespace sfc::test {
namespace {

constexpr std::uint64_t kHold = 100'000'000;
constexpr std::uint8_t kOurs = 0xaa; ///< in the MAC of each of our ports

/// Labels 16001 and 16002 on d0 through the kernel; the one leaves by e0, the other by e1. 16003 has a process as its
/// SF.
Plan kernel_plan() {
    return make_plan(parse_config(R"(
cache: {capacity: 64}
sfs:
  - {name: nat, stack: true}
  - {name: fw, ports: {left: f0, right: f1}}
services:
  - {name: one, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: nat}, egress: [e0, d0]}
  - {name: two, match: {encapsulation: mpls, label: 16002}, domain: d0, sf: {name: nat}, egress: e1, last_label: plain}
  - {name: three, match: {encapsulation: mpls, label: 16003}, domain: d1, sf: {name: fw, in: left},
     next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
)",
                                  "stack.yaml"));
}

class KernelMode : public testing::Test {
protected:
    Plan plan = kernel_plan();
    NativeRunner runner{plan};
    Machine& machine = runner.machine;

    void SetUp() override {
        for (std::uint32_t id = 1; id < plan.ports.size(); id++) {
            auto& port = machine.map("ports").at<sfc_port>(id);
            std::fill(std::begin(port.mac), std::end(port.mac), kOurs);
        }
        set_hairpins(machine, plan);
        runner.set_time(10 * kHold);
    }
    bool counts_lost = false; ///< a test takes counters away
    void TearDown() override { EXPECT_TRUE(counts_lost || runner.totals().balanced); }

    std::uint16_t id(const char* port) { return plan.port_id(port); }
    static Bytes labelled(std::uint32_t second, std::uint32_t top = 16001, const Udp& udp = {}) {
        return mpls_udp({{.label = top, .ttl = 10}, {.label = second, .ttl = 64}}, udp);
    }

    /// The metadata of a packet that went to the kernel.
    Bytes strip(const Bytes& frame) {
        const Ran ran = runner.strip(id("d0"), frame);
        EXPECT_EQ(ran.result.verdict, SFC_VERDICT_TO_KERNEL) << unsigned{ran.result.reason};
        EXPECT_EQ(ran.action, XDP_PASS);
        return machine.metadata();
    }
    unsigned strip_reason(const Bytes& frame) {
        const Ran ran = runner.strip(id("d0"), frame);
        EXPECT_EQ(ran.result.verdict, SFC_VERDICT_DROPPED);
        return ran.result.reason;
    }
    /// The TC action for a packet that leaves the kernel.
    int leave(const Bytes& ticket, const char* port = "e0", const char* from = "d0", std::uint32_t segments = 0) {
        return machine.run(sfc_restore_tc, plain_udp({}),
                           {.ifindex = NativeRunner::ifindex(id(port)),
                            .ingress_ifindex = from != nullptr ? NativeRunner::ifindex(id(from)) : 0,
                            .segments = segments,
                            .metadata = ticket});
    }
    /// A frame that arrives at the hairpin's peer: what was caught, as it is then.
    unsigned come_back(const Bytes& caught) {
        machine.run(sfc_hairpin, caught, kHairpinOut);
        const std::uint32_t zero = 0;
        sfc_result result{};
        std::memcpy(&result, machine.map("scratch").lookup(&zero), sizeof(result));
        return result.reason;
    }
    sfc_counters& of_service(std::uint32_t service) {
        return machine.map("service_counters").at<sfc_counters>(service);
    }
    sfc_counters& of_port(const char* port) { return machine.map("port_counters").at<sfc_counters>(id(port)); }
};

TEST_F(KernelMode, HeaderComesBackWhereThePacketLeaves) {
    const Bytes ticket = strip(labelled(100));
    ASSERT_EQ(ticket.size(), sizeof(sfc_ticket));
    const Bytes bare = machine.frame_bytes();
    const Bytes inner = plain_udp({});
    EXPECT_TRUE(std::all_of(bare.begin(), bare.begin() + 6, [](std::uint8_t byte) { return byte == kOurs; }));
    EXPECT_TRUE(std::equal(bare.begin() + 12, bare.end(), inner.begin() + 12, inner.end()));
    ASSERT_EQ(leave(ticket), TC_ACT_REDIRECT);
    EXPECT_EQ(machine.redirected(), kHairpinIn);
    ASSERT_EQ(come_back(machine.frame_bytes()), SFC_OK);
    EXPECT_EQ(machine.redirected(), NativeRunner::ifindex(id("e0")));
    const Bytes back = machine.frame_bytes(), want = mpls_udp({{.label = 100, .ttl = 9}}, {});
    EXPECT_TRUE(std::equal(back.begin(), back.begin() + 6, inner.begin()))
        << "the neighbour's MAC is the kernel's work";
    EXPECT_TRUE(std::all_of(back.begin() + 6, back.begin() + 12, [](std::uint8_t byte) { return byte == kOurs; }));
    EXPECT_TRUE(std::equal(back.begin() + 12, back.end(), want.begin() + 12, want.end()));
    EXPECT_EQ(of_service(1).event[SFC_EVENT_TO_KERNEL].packets, 1U);
    EXPECT_EQ(of_service(1).event[SFC_EVENT_RESTORED].packets, 1U);
}

TEST_F(KernelMode, EqualHeadersHaveEqualTickets) {
    const Bytes first = strip(labelled(100)), other = strip(labelled(101));
    EXPECT_NE(first, other);
    EXPECT_EQ(strip(labelled(100, 16001, {.id = 7})), first) << "or GRO would merge nothing";
    EXPECT_NE(strip(labelled(100, 16002)), first) << "the same bytes, and another service";
}

TEST_F(KernelMode, AlteredTicketIsNone) {
    const Bytes ticket = strip(labelled(100));
    for (std::size_t byte = 0; byte < 12; byte++) { // the last four are nothing's
        for (const std::uint8_t bit : {0x01, 0x80}) {
            Bytes altered = ticket;
            altered[byte] ^= bit;
            EXPECT_EQ(leave(altered, "e0", "d0", 3), TC_ACT_SHOT) << byte;
        }
    }
    EXPECT_EQ(of_port("e0").dropped_after_claim[SFC_REASON_miss].packets, 3 * 24U);
}

TEST_F(KernelMode, WithoutATicketOnlyWhatNeverHadOneLeaves) {
    EXPECT_EQ(leave({}), TC_ACT_SHOT);
    EXPECT_EQ(leave({}, "e0", nullptr), TC_ACT_UNSPEC) << "this host's own";
    EXPECT_EQ(leave({}, "e0", "f0"), TC_ACT_UNSPEC) << "from a port without such a service";
    EXPECT_EQ(leave({}, "e0", "d1"), TC_ACT_UNSPEC);
    const Bytes plain = plain_udp({});
    EXPECT_EQ(runner.strip(id("d0"), plain).result.reason, SFC_REASON_not_sfc);
    EXPECT_EQ(machine.frame_bytes(), plain);
    EXPECT_EQ(leave(machine.metadata()), TC_ACT_UNSPEC) << "came in without labels";
    EXPECT_EQ(machine.run(sfc_restore_tc, plain, {.ifindex = 4000, .ingress_ifindex = NativeRunner::ifindex(id("d0"))}),
              TC_ACT_SHOT)
        << "on an interface that no map knows";
    EXPECT_EQ(of_port("e0").dropped_after_claim[SFC_REASON_miss].packets, 1U);
}

TEST_F(KernelMode, LeavesByTheServicesPortsOnly) {
    const Bytes one = strip(labelled(100)), two = strip(labelled(100, 16002));
    EXPECT_EQ(leave(one, "d0"), TC_ACT_REDIRECT);
    EXPECT_EQ(leave(one, "e1"), TC_ACT_SHOT);
    EXPECT_EQ(leave(two, "e1"), TC_ACT_REDIRECT);
    EXPECT_EQ(leave(two, "e0"), TC_ACT_SHOT);
    EXPECT_EQ(of_service(1).dropped_after_claim[SFC_REASON_wrong_port].packets, 1U);
    EXPECT_EQ(of_service(2).dropped_after_claim[SFC_REASON_wrong_port].packets, 1U);
    machine.map("ports").at<sfc_port>(id("e0")).hairpin = 0;
    EXPECT_EQ(strip(labelled(100)), one);
    EXPECT_EQ(leave(one), TC_ACT_SHOT);
    EXPECT_EQ(of_service(1).dropped_after_claim[SFC_REASON_no_next_hop].packets, 1U);
}

TEST_F(KernelMode, NothingIsStrippedThatCouldNotLeave) {
    const std::uint32_t gone = id("e0");
    machine.map("tx_ports").erase(&gone);
    EXPECT_EQ(strip_reason(labelled(100)), SFC_REASON_no_next_hop);
    strip(labelled(100, 16002)); // does not leave by it
}

TEST_F(KernelMode, LastLabelLeavesPlain) {
    const Bytes ticket = strip(mpls_udp({{.label = 16002, .ttl = 10}}, {}));
    ASSERT_EQ(leave(ticket, "e1"), TC_ACT_REDIRECT);
    ASSERT_EQ(come_back(machine.frame_bytes()), SFC_OK);
    const Bytes back = machine.frame_bytes(), inner = plain_udp({.ttl = 9});
    EXPECT_TRUE(std::equal(back.begin() + 12, back.end(), inner.begin() + 12, inner.end()));
}

TEST_F(KernelMode, NumberOfAnIdleHeaderIsUsedAgainAndItsTicketIsWorthless) {
    const Bytes old = strip(labelled(100));
    const std::uint32_t quota = plan.services[1].entry.quota;
    for (std::uint32_t n = 1; n < quota; n++) {
        strip(labelled(200 + n));
    }
    EXPECT_EQ(strip_reason(labelled(300)), SFC_REASON_cache_full) << "all are in use";
    runner.set_time(10 * kHold + 5 * kHold / 4);
    EXPECT_EQ(strip_reason(labelled(300)), SFC_REASON_cache_full) << "not idle for long enough";
    runner.set_time(10 * kHold + 5 * kHold / 4 + 1);
    ASSERT_EQ(leave(old), TC_ACT_REDIRECT) << "nobody has taken its number yet";
    const Bytes caught = machine.frame_bytes();
    for (std::uint32_t n = 0; n < quota; n++) {
        strip(labelled(300 + n));
    }
    EXPECT_EQ(leave(old, "e0", "d0", 5), TC_ACT_SHOT);
    EXPECT_EQ(of_port("e0").dropped_after_claim[SFC_REASON_late].packets, 5U);
    EXPECT_EQ(come_back(caught), SFC_REASON_late) << "taken while it was on the hairpin";
    runner.set_time(13 * kHold);
    EXPECT_NE(strip(labelled(100)), old);
}

TEST_F(KernelMode, HeaderInUseKeepsItsNumber) {
    const Bytes ticket = strip(labelled(100));
    for (unsigned step = 1; step < 20; step++) {
        runner.set_time(10 * kHold + step * kHold / 2);
        EXPECT_EQ(strip(labelled(100)), ticket);
        strip(labelled(1000 + step));
    }
}

/// Another CPU enters the same header at the worst moment: when this one has just taken a number for it.
TEST_F(KernelMode, TwoCpusEnterOneHeader) {
    NativeMap &numbers = machine.map("arrival_numbers"), &arrivals = machine.map("arrivals");
    strip(labelled(100));
    const sfc_arrival entry = arrivals.at<sfc_arrival>(0);
    numbers.erase(&entry.key);
    arrivals.at<sfc_arrival>(0) = {};
    bool once = true;
    machine.before_atomic = [&](void*) {
        if (std::exchange(once, false)) {
            arrivals.at<sfc_arrival>(9) = entry;
            const std::uint32_t number = 9;
            numbers.update(&entry.key, &number);
        }
    };
    const Bytes ticket = strip(labelled(100));
    sfc_ticket mine{};
    std::memcpy(&mine, ticket.data(), sizeof(mine));
    EXPECT_EQ(mine.header, 10U) << "the other CPU's";
    EXPECT_EQ(strip(labelled(100)), ticket);
}

/// Another CPU takes the number that this one is about to take.
TEST_F(KernelMode, TwoCpusTakeOneNumber) {
    bool once = true;
    machine.before_atomic = [&](void* at) {
        if (std::exchange(once, false)) {
            *static_cast<__u32*>(at) = 1; // and is still writing
        }
    };
    sfc_ticket mine{};
    const Bytes ticket = strip(labelled(100));
    std::memcpy(&mine, ticket.data(), sizeof(mine));
    EXPECT_EQ(mine.header, 2U) << "the next one";
}

/// A header has no position between Ethernet and a tag, also at the port that most packets leave by.
TEST_F(KernelMode, TagBesideTheFrame) {
    const Bytes ticket = strip(labelled(100));
    EXPECT_EQ(machine.run(sfc_restore_tc, plain_udp({}),
                          {.ifindex = NativeRunner::ifindex(id("e0")),
                           .ingress_ifindex = NativeRunner::ifindex(id("d0")),
                           .metadata = ticket,
                           .vlan = true}),
              TC_ACT_SHOT);
    EXPECT_EQ(of_service(1).dropped_after_claim[SFC_REASON_wrong_port].packets, 1U);
}

TEST_F(KernelMode, FramesOnTheHairpinThatAreNotOurs) {
    const Bytes ticket = strip(labelled(100));
    EXPECT_EQ(strip(labelled(100)), ticket);
    ASSERT_EQ(leave(ticket), TC_ACT_REDIRECT);
    const Bytes caught = machine.frame_bytes();
    for (std::size_t byte = 6; byte < 12; byte++) {
        Bytes altered = caught;
        altered[byte] ^= 0x40;
        const unsigned reason = come_back(altered);
        EXPECT_TRUE(reason == SFC_REASON_miss || reason == SFC_REASON_late) << reason;
    }
    EXPECT_EQ(come_back(Bytes(caught.begin(), caught.begin() + 13)), SFC_REASON_runt);
    EXPECT_EQ(machine.run(sfc_hairpin, caught, kHairpinOut + 1), XDP_ABORTED);
    sfc_ticket one{};
    std::memcpy(&one, ticket.data(), sizeof(one));
    auto& entry = machine.map("headers").at<sfc_interned>(one.header - 1);
    Bytes odd = caught;
    odd[9] ^= 1U << (SFC_HAIRPIN_NUMBER_BITS + 8 - 3 * 8); // the lowest bit of the generation
    entry.generation |= 1;
    EXPECT_EQ(come_back(odd), SFC_REASON_late) << "a header that is being written";
    entry.generation &= ~1U;
    Bytes unused = caught;
    const std::array<std::uint8_t, 6> ninth = {SFC_HAIRPIN_MARKER, 9, 0, 0, 0, 0};
    std::copy(ninth.begin(), ninth.end(), unused.begin() + 6);
    EXPECT_EQ(come_back(unused), SFC_REASON_miss) << "a number that nobody has used";
    machine.map("ports").at<sfc_port>(id("e0")).mtu = 20;
    EXPECT_EQ(come_back(caught), SFC_REASON_too_big);
}

/// Processors that may show stores to each other in another order take the way with atomics.
TEST_F(KernelMode, OnAnyProcessor) {
    machine.constants.weak_order = 1;
    const Bytes ticket = strip(labelled(100));
    EXPECT_EQ(strip(labelled(100)), ticket);
    ASSERT_EQ(leave(ticket), TC_ACT_REDIRECT);
    EXPECT_EQ(come_back(machine.frame_bytes()), SFC_OK);
}

TEST_F(KernelMode, NumberThatAnotherCpuIsWriting) {
    auto& first = machine.map("arrivals").at<sfc_arrival>(0);
    strip(labelled(100));
    first.generation |= 1;
    EXPECT_EQ(strip_reason(labelled(100)), SFC_REASON_cache_full) << "the header has a number, and no entry yet";
    const std::uint32_t quota = plan.services[1].entry.quota;
    for (std::uint32_t n = 0; n + 3 < quota; n++) { // the two that were tried for it are not used again yet
        strip(labelled(200 + n));
    }
    EXPECT_EQ(first.generation & 1, 1U) << "nobody else takes it";
}

TEST_F(KernelMode, NumberOfAnotherHeader) {
    strip(labelled(100));
    const sfc_arrival_key key = machine.map("arrivals").at<sfc_arrival>(0).key;
    strip(labelled(101));
    const std::uint32_t number = 1;
    machine.map("arrival_numbers").update(&key, &number); // as long as the headers that the plan has room for
    for (std::uint32_t position = 0; position < SFC_NUMBER_HINTS; position++) {
        machine.map("number_hints").set(position, sfc_number_hint{{1, 1}});
    }
    EXPECT_EQ(strip_reason(labelled(100)), SFC_REASON_cache_full) << "rather nothing than the other's ticket";
}

TEST_F(KernelMode, ServiceWithoutNumbersOrPorts) {
    auto& service = machine.map("services").at<sfc_service>(1);
    service.quota = 0;
    EXPECT_EQ(strip_reason(labelled(100)), SFC_REASON_cache_full);
    service.egress[0] = service.egress[1] = SFC_NONE;
    EXPECT_EQ(strip_reason(labelled(100)), SFC_REASON_no_next_hop);
}

TEST_F(KernelMode, FromAnInterfaceThatNoMapKnows) {
    EXPECT_EQ(machine.run(sfc_restore_tc, plain_udp({}),
                          {.ifindex = NativeRunner::ifindex(id("e0")), .ingress_ifindex = SFC_PORT_ARRAY + 500}),
              TC_ACT_UNSPEC);
}

/// Each helper call fails once: never a packet with labels to the kernel as if it had none, never one without a reason.
TEST_F(KernelMode, EachHelperFailsOnce) {
    counts_lost = true;
    strip(labelled(100));
    const Bytes ticket = machine.metadata();
    const std::uint32_t calls = machine.calls();
    for (std::uint32_t call = 0; call < calls; call++) {
        for (const std::uint32_t label : {100U, 5000 + call}) {
            machine.fault = {Fault::Refuse, call};
            const Ran ran = runner.strip(id("d0"), labelled(label));
            const bool sent = ran.action == XDP_PASS && ran.result.verdict == SFC_VERDICT_TO_KERNEL;
            EXPECT_TRUE(sent || ran.action == XDP_DROP || ran.action == XDP_ABORTED ||
                        ran.result.verdict == SFC_VERDICT_PASSED)
                << call;
            EXPECT_EQ(machine.metadata().size(), sent ? sizeof(sfc_ticket) : machine.metadata().size());
        }
    }
    machine.fault = {};
    for (std::uint32_t call = 0; call < 16; call++) {
        machine.fault = {};
        strip(labelled(100));
        strip(labelled(100));
        machine.fault = {Fault::Refuse, call};
        const int action = leave(ticket);
        EXPECT_TRUE(action == TC_ACT_REDIRECT || action == TC_ACT_SHOT) << call;
        machine.fault = {};
        ASSERT_EQ(leave(ticket), TC_ACT_REDIRECT);
        const Bytes caught = machine.frame_bytes();
        machine.fault = {Fault::Refuse, call};
        come_back(caught);
        machine.fault = {};
    }
}

/// A domain port of user mode beside one of kernel mode: no tickets, and what is no SFC gets no mark that it was seen.
TEST_F(KernelMode, PortOfUserModeBesideIt) {
    EXPECT_EQ(runner.strip(id("d1"), labelled(100, 16003)).result.verdict, SFC_VERDICT_TO_SF);
    EXPECT_EQ(runner.strip(id("d1"), plain_udp({})).action, XDP_PASS);
    EXPECT_TRUE(machine.metadata().empty());
    EXPECT_EQ(runner.restore(id("f1"), plain_udp({})).result.verdict, SFC_VERDICT_RESTORED);
}

} // namespace
} // namespace sfc::test
