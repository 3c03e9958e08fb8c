// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Tickets on other ways than from a domain port's metadata to a hairpin: in the mark, and in the MACs that the peer of
// a kernel's own port gives a packet.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/pkt_cls.h>

#include "kernel_setup.h"

namespace sfc::test {
namespace {

constexpr std::uint32_t kOthers = 0x123; // somebody else's bits
const Bytes kNeighbour = {0x02, 0x42, 10, 0, 2, 2};

/// As the environment has it, for the long campaigns.
std::uint64_t campaign_size(const char* name, std::uint64_t usual) {
    const char* given = std::getenv(name);
    return given == nullptr ? usual : std::stoull(given);
}

/// Labels 16001 and 16002 through the kernel behind f0 and f1, 16003 through this host's, with a next hop.
Plan ports_plan() {
    return make_plan(parse_config(R"(
cache: {capacity: 64}
sfs:
  - {name: ports, stack: true, ports: {left: {interface: f0, mac: "02:00:00:00:00:01"}, right: {interface: f1, mac: "02:00:00:00:00:02"}}}
  - {name: nat, stack: true}
services:
  - {name: one, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: ports, in: left}, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: two, match: {encapsulation: mpls, label: 16002}, domain: d0, sf: {name: ports, in: right}, next_hop: ingress}
  - {name: three, match: {encapsulation: mpls, label: 16003}, domain: d0, sf: {name: nat}, egress: e0, next_hop: {interface: e1, mac: "02:00:00:00:00:98"}}
)",
                                  "ports.yaml"));
}

class SfKernel : public testing::Test {
protected:
    Plan plan = ports_plan();
    NativeRunner runner{plan};
    Machine& machine = runner.machine;

    void SetUp() override {
        runner.set_time(kSomeTime);
        split_mark(machine.constants);
        set_hairpins(machine, plan);
    }

    static std::uint32_t at(const Plan& plan, const char* port) { return NativeRunner::ifindex(plan.port_id(port)); }
    static Bytes labelled(std::uint32_t top, std::uint32_t second = 100) {
        return mpls_udp({{.label = top, .ttl = 10}, {.label = second, .ttl = 64}}, {});
    }
    /// The metadata of a packet that is on its way to the kernel.
    Bytes strip(std::uint32_t top, std::uint32_t second = 100) {
        const Ran ran = runner.strip(plan.port_id("d0"), labelled(top, second));
        EXPECT_EQ(ran.result.verdict, SFC_VERDICT_TO_KERNEL) << unsigned{ran.result.reason};
        return machine.metadata();
    }
    /// The frame that comes out of the other namespace, with that metadata or mark.
    Bytes ticketed(const Bytes& metadata, std::uint32_t mark = 0, std::uint16_t ethertype = ETH_P_IP,
                   Bytes frame = plain_udp({})) {
        std::copy(kNeighbour.begin(), kNeighbour.end(), frame.begin() + ETH_ALEN);
        EXPECT_EQ(machine.run(sfc_ticket_mac, frame,
                              {.ingress_ifindex = 5, .ethertype = ethertype, .metadata = metadata, .mark = mark}),
                  TC_ACT_UNSPEC);
        return machine.frame_bytes();
    }
    sfc_result restore_mac(const Bytes& frame, const char* port = "f1") {
        machine.run(sfc_restore_mac, frame, at(plan, port));
        const std::uint32_t zero = 0;
        sfc_result result{};
        std::memcpy(&result, machine.map("scratch").lookup(&zero), sizeof(result));
        return result;
    }
    /// The mark that a packet has behind TC ingress.
    std::uint32_t marked(const Bytes& metadata, std::uint32_t before = kOthers) {
        EXPECT_EQ(machine.run(sfc_ticket_mark, plain_udp({}), {.metadata = metadata, .mark = before}), TC_ACT_UNSPEC);
        return machine.mark();
    }
    int leave(std::uint32_t mark, const char* from = "d0") {
        return machine.run(
            sfc_restore_tc, plain_udp({}),
            {.ifindex = at(plan, "e0"), .ingress_ifindex = from != nullptr ? at(plan, from) : 0, .mark = mark});
    }
    std::uint64_t missed(const char* port) {
        return machine.map("port_counters").at<sfc_counters>(plan.port_id(port)).dropped[SFC_REASON_miss].packets;
    }
};

TEST_F(SfKernel, ComesBackWithItsHeader) {
    const Bytes one = ticketed(strip(16001, 70));
    const sfc_result result = restore_mac(one);
    EXPECT_EQ(result.verdict, SFC_VERDICT_RESTORED);
    EXPECT_EQ(result.egress, plan.port_id("e0"));
    const Bytes out = machine.frame_bytes(), want = mpls_udp({{.label = 70, .ttl = 9}}, {});
    EXPECT_TRUE(std::equal(out.begin() + 12, out.end(), want.begin() + 12, want.end()));
    const sfc_result back = restore_mac(ticketed(strip(16002)), "f0");
    EXPECT_EQ(back.verdict, SFC_VERDICT_RESTORED);
    EXPECT_EQ(back.egress, plan.port_id("d0"));
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_F(SfKernel, OnlyByThePortOfItsService) {
    const Bytes one = ticketed(strip(16001));
    EXPECT_EQ(restore_mac(one, "f0").reason, SFC_REASON_wrong_port);
    machine.map("services").at<sfc_service>(1).sf = 2;
    EXPECT_EQ(restore_mac(one).reason, SFC_REASON_wrong_port);
}

TEST_F(SfKernel, WithoutATicketItGoesNowhere) {
    for (const Bytes& metadata : {Bytes{}, Bytes(sizeof(sfc_ticket)), Bytes(8, 1)}) {
        const Bytes frame = ticketed(metadata);
        EXPECT_EQ(frame[ETH_ALEN], kNeighbour[0]) << "as it was";
        EXPECT_EQ(restore_mac(frame).reason, SFC_REASON_miss);
    }
    EXPECT_EQ(missed("f1"), 3U);
    const Bytes arp = ticketed({}, 0, ETH_P_ARP);
    EXPECT_EQ(arp[ETH_ALEN], kNeighbour[0]) << "not looked at";
}

/// An SF that may send any bytes as MACs, and knows the program: all but the secret. It takes the numbers and
/// generations that are in use, and guesses the check; or has seen checks of other tickets, in metadata and in marks
/// too.
TEST_F(SfKernel, NobodyGuessesATicket) {
    const std::uint64_t guesses = campaign_size("SFC_GUESSES", 200'000);
    std::vector<sfc_ticket> known;
    for (std::uint32_t label = 100; label < 108; label++) {
        sfc_ticket ticket{};
        const Bytes metadata = strip(16001, label);
        std::memcpy(&ticket, metadata.data(), sizeof(ticket));
        known.push_back(ticket);
    }
    Bytes frame = plain_udp({});
    const auto passes = [&](sfc_ticket ticket) {
        std::memcpy(frame.data(), &ticket, SFC_TICKET_MACS);
        return restore_mac(frame).reason != SFC_REASON_miss;
    };
    std::mt19937_64 random(1);
    std::uint64_t passed = 0;
    for (std::uint64_t i = 0; i < guesses; i++) {
        sfc_ticket guess = known[i % known.size()];
        guess.check = static_cast<std::uint32_t>(random());
        passed += passes(guess) ? 1 : 0;
    }
    EXPECT_EQ(passed, 0U) << "of " << guesses;
    for (std::uint32_t number = 0; number < plan.capacity; number++) { // those that nobody has used have generation 0
        EXPECT_TRUE(!passes({.header = number + 1})) << number;
    }
    for (const sfc_ticket& one : known) { // of another ticket, and of this one in another carrier
        EXPECT_TRUE(!passes(one)) << "its check in metadata";
        for (const sfc_ticket& other : known) {
            const auto& entry = machine.map("headers").at<sfc_interned>(other.header - 1);
            for (const std::uint32_t check : {entry.check, entry.macs_check, std::uint32_t{entry.mark_check}}) {
                sfc_ticket guess = one;
                guess.check = check;
                EXPECT_EQ(passes(guess), one.header == other.header && check == entry.macs_check);
            }
        }
        sfc_ticket next = one;
        next.check = machine.map("headers").at<sfc_interned>(one.header - 1).macs_check;
        next.generation += 2;
        EXPECT_TRUE(!passes(next)) << "its check for the next generation";
    }
}

/// The same with metadata and with marks.
TEST_F(SfKernel, NobodyGuessesMetadataOrMarks) {
    const Bytes seen = strip(16003);
    std::mt19937_64 random(2);
    const auto leaves = [&](const Bytes& metadata, std::uint32_t mark) {
        return machine.run(sfc_restore_tc, plain_udp({}),
                           {.ifindex = at(plan, "e0"),
                            .ingress_ifindex = at(plan, "d0"),
                            .metadata = metadata,
                            .mark = mark}) != TC_ACT_SHOT;
    };
    EXPECT_TRUE(leaves(seen, 0));
    Bytes guess = seen;
    for (std::uint64_t i = 0; i < campaign_size("SFC_GUESSES", 200'000); i++) {
        const auto check = static_cast<std::uint32_t>(random());
        std::memcpy(guess.data() + offsetof(sfc_ticket, check), &check, sizeof(check));
        ASSERT_FALSE(leaves(guess, 0));
    }
    const sfc_ticket unused = {.header = 9};
    std::memcpy(guess.data(), &unused, sizeof(unused));
    EXPECT_FALSE(leaves(guess, 0)) << "a number that nobody has used";
    machine.constants.mark_mask = kMark;
    const std::uint32_t right = marked(seen);
    std::uint32_t passed = 0;
    for (std::uint32_t check = 0; check < 1U << 10; check++) {
        passed += leaves({}, (right & ~(0x3ffU << 22)) | check << 22) ? 1 : 0;
    }
    EXPECT_EQ(passed, 1U) << "of all 1024 checks";
}

TEST_F(SfKernel, NumberThatHasGone) {
    const Bytes ticket = strip(16001);
    auto& entry = machine.map("headers").at<sfc_interned>(0);
    entry.generation += 2;
    EXPECT_EQ(restore_mac(ticketed(ticket)).reason, SFC_REASON_late);
    entry.generation -= 2;
    const Bytes frame = ticketed(ticket);
    entry.generation += 2;
    EXPECT_EQ(restore_mac(frame).reason, SFC_REASON_late);
    EXPECT_EQ(restore_mac(Bytes(frame.begin(), frame.begin() + 13)).reason, SFC_REASON_runt);
}

/// While another CPU writes the number's entry, whatever is in it is nobody's header.
TEST_F(SfKernel, NumberThatIsBeingWritten) {
    const Bytes ticket = strip(16001);
    auto& entry = machine.map("headers").at<sfc_interned>(0);
    entry.generation += 2;
    const Bytes late = ticketed(ticket); // out of date
    entry.generation -= 1;
    EXPECT_EQ(restore_mac(late).reason, SFC_REASON_late);
    machine.constants.mark_mask = kMark;
    const std::uint32_t mark = marked(strip(16003));
    machine.map("headers").at<sfc_interned>((mark >> 11 & 0x7f) - 1).generation |= 1;
    EXPECT_EQ(leave(mark), TC_ACT_SHOT);
}

/// Neighbour discovery (hop limit 255) and listener discovery (1, behind an option) are control packets.
TEST_F(SfKernel, TheLinksOwn) {
    const Packet no_ticket(Packet::Kind::Ethernet, Bytes(ETH_HLEN)); // what ethernet() has would be an old one
    struct Row {
        std::uint8_t hops, next, type;
        bool option;
        unsigned reason;
    };
    for (const Row& row :
         {Row{255, IPPROTO_ICMPV6, 135, false, SFC_REASON_control},
          Row{1, IPPROTO_ICMPV6, 143, true, SFC_REASON_control}, Row{64, IPPROTO_ICMPV6, 135, false, SFC_REASON_miss},
          Row{255, IPPROTO_ICMPV6, 128, false, SFC_REASON_miss}, Row{255, IPPROTO_UDP, 135, false, SFC_REASON_miss}}) {
        const Packet ip = no_ticket / ipv6({.hops = row.hops, .next = row.option ? 0 : row.next});
        Bytes frame = (row.option ? ip / options(row.next) : ip) / icmp6(row.type);
        EXPECT_EQ(restore_mac(ticketed({}, 0, ETH_P_IPV6, frame)).reason, row.reason) << unsigned{row.type};
        frame.resize(ETH_HLEN + 40);
        EXPECT_EQ(restore_mac(frame).reason, SFC_REASON_miss) << "cut";
    }
    Bytes longer = no_ticket / ipv6({.hops = 1}) / options() / payload(std::size_t{12});
    longer[ETH_HLEN + 41] = 1; // sixteen bytes
    EXPECT_EQ(restore_mac(longer).reason, SFC_REASON_miss) << "more options than there are";
}

TEST_F(SfKernel, Mark) {
    machine.constants.mark_mask = kMark;
    const std::uint32_t mark = marked(strip(16003));
    EXPECT_EQ(mark & ~kMark, kOthers);
    EXPECT_NE(mark & kMark, 0U);
    EXPECT_EQ(leave(mark), TC_ACT_REDIRECT);
    EXPECT_EQ(machine.mark(), kOthers) << "what follows sees no ticket";
    EXPECT_EQ(leave(mark, nullptr), TC_ACT_UNSPEC) << "this host's own packets have none";
    EXPECT_EQ(leave(kOthers), TC_ACT_SHOT) << "no ticket";
    EXPECT_EQ(leave(marked(Bytes{})), TC_ACT_SHOT) << "nor from here";
    EXPECT_EQ(leave(kOthers | 0x7fU << 11), TC_ACT_SHOT) << "no such number";
    EXPECT_EQ(leave(kOthers | 5U << 18), TC_ACT_SHOT) << "of none";
    EXPECT_EQ(leave(kOthers | 9U << 11), TC_ACT_SHOT) << "of a number that nobody has used";
    machine.map("headers").at<sfc_interned>((mark >> 11 & 0x7f) - 1).generation += 2;
    EXPECT_EQ(leave(mark), TC_ACT_SHOT) << "of a number that has gone";
    EXPECT_EQ(runner.strip(plan.port_id("d0"), plain_udp({})).action, XDP_PASS);
    EXPECT_EQ(leave(marked(machine.metadata())), TC_ACT_UNSPEC) << "came in without a header";
    const Bytes plain = ticketed(machine.metadata());
    EXPECT_EQ(plain[ETH_ALEN], kNeighbour[0]) << "and its MACs carry no ticket";
    const Bytes stale = strip(16003);
    machine.map("headers").at<sfc_interned>((mark >> 11 & 0x7f) - 1).generation += 2;
    EXPECT_EQ(leave(marked(stale)), TC_ACT_SHOT) << "out of date at TC ingress";
}

/// Each helper call fails once, and each map has nothing: the packet ends, or is as it must be.
TEST_F(SfKernel, Faults) {
    const Bytes ticket = strip(16001, 70), right = ticketed(ticket);
    for (const auto kind : {Fault::Refuse, Fault::Cut}) {
        for (std::uint32_t call = 0; call < 24; call++) {
            machine.fault = {kind, call};
            const int action = machine.run(sfc_ticket_mac, plain_udp({}), {.ingress_ifindex = 5, .metadata = ticket});
            machine.fault = {};
            if (action != TC_ACT_SHOT) {
                EXPECT_NE(restore_mac(machine.frame_bytes()).verdict, SFC_VERDICT_PASSED) << call;
            }
            machine.fault = {kind, call};
            machine.run(sfc_ticket_mac, plain_udp({}), {.ingress_ifindex = 5});
            machine.fault = {kind, call};
            EXPECT_NE(machine.run(sfc_restore_mac, right, at(plan, "f1")), XDP_PASS) << call;
        }
    }
    machine.fault = {};
}

/// An interface that is no port: nothing with a header leaves there, nor what has lost one; the rest does.
TEST_F(SfKernel, LeakGuard) {
    const auto through = [&](const Bytes& metadata, std::uint32_t from) {
        return machine.run(sfc_restore_tc, plain_udp({}),
                           {.ifindex = 4000, .ingress_ifindex = from, .metadata = metadata});
    };
    const std::uint32_t d0 = at(plan, "d0");
    const Bytes ticket = strip(16003);
    EXPECT_EQ(through(ticket, d0), TC_ACT_SHOT);
    EXPECT_EQ(machine.map("service_counters").at<sfc_counters>(3).dropped_after_claim[SFC_REASON_wrong_port].packets,
              1U);
    EXPECT_EQ(through({}, d0), TC_ACT_SHOT);
    const auto& dropped = machine.map("port_counters").at<sfc_counters>(plan.port_id("d0")).dropped_after_claim;
    EXPECT_EQ(dropped[SFC_REASON_miss].packets, 1U);
    EXPECT_EQ(through({}, 0), TC_ACT_UNSPEC);
    EXPECT_EQ(through({}, 4001), TC_ACT_UNSPEC);
}

/// A header has no position between Ethernet and a tag.
TEST_F(SfKernel, Tags) {
    EXPECT_EQ(
        machine.run(
            sfc_restore_tc, plain_udp({}),
            {.ifindex = at(plan, "e0"), .ingress_ifindex = at(plan, "d0"), .metadata = strip(16003), .vlan = true}),
        TC_ACT_SHOT);
    EXPECT_EQ(machine.map("service_counters").at<sfc_counters>(3).dropped_after_claim[SFC_REASON_wrong_port].packets,
              1U);
    Bytes frame = ticketed(strip(16001));
    const Bytes tag = {0x81, 0, 0, 7};
    frame.insert(frame.begin() + 12, tag.begin(), tag.end());
    EXPECT_EQ(restore_mac(frame).reason, SFC_REASON_miss);
}

TEST_F(SfKernel, NextHopOfAService) {
    machine.map("port_id_array").set(901U, std::uint32_t{plan.port_id("e0")});
    const Bytes ticket = strip(16003);
    ASSERT_EQ(machine.run(sfc_restore_tc, plain_udp({}),
                          {.ifindex = at(plan, "e0"), .ingress_ifindex = at(plan, "d0"), .metadata = ticket}),
              TC_ACT_REDIRECT);
    const Bytes caught = machine.frame_bytes();
    machine.run(sfc_hairpin, caught, 901);
    EXPECT_EQ(machine.redirected(), at(plan, "e1"));
    EXPECT_EQ(machine.frame_bytes()[5], 0x98);
    const std::uint32_t gone = plan.port_id("e1");
    machine.map("tx_ports").erase(&gone);
    runner.set_time(1'004'000'000); // ways out are looked at once a tick
    EXPECT_EQ(runner.strip(plan.port_id("d0"), labelled(16003)).result.reason, SFC_REASON_no_next_hop);
    machine.map("services").at<sfc_service>(3).next_hop_ready = 0;
    EXPECT_EQ(runner.strip(plan.port_id("d0"), labelled(16003)).result.reason, SFC_REASON_no_next_hop);
}

/// If a helper fails on the way in, the packet is on its way with a ticket, or dropped for a reason and counted.
TEST_F(SfKernel, EachHelperFailsOnceOnTheWayIn) {
    for (const std::uint32_t top : {16001U, 16002U}) {
        for (std::uint32_t call = 0; call < 24; call++) {
            machine.fault = {Fault::Refuse, call};
            const Ran ran = runner.strip(plan.port_id("d0"), labelled(top, 200 + call));
            EXPECT_TRUE(ran.result.verdict == SFC_VERDICT_TO_KERNEL || ran.action == XDP_ABORTED ||
                        ran.result.reason != SFC_OK)
                << top << " " << call;
        }
    }
}

TEST_F(SfKernel, NextHopThatIsNotKnown) {
    machine.map("services").at<sfc_service>(1).next_hop_ready = 0;
    EXPECT_EQ(runner.strip(plan.port_id("d0"), labelled(16001)).result.reason, SFC_REASON_no_next_hop);
}

} // namespace
} // namespace sfc::test
