// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// ICMP errors to senders: those about the frame's own IPv6 packet, which no encapsulation asks for yet, what goes wrong
// on the way, and kernel mode. tests/wire/test_icmp.py has the bytes of the others.
#include <algorithm>

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include "bpf_sources.h"
#include "faults.h"
#include "messages.h"

namespace sfc::test {
namespace {

constexpr std::uint32_t kHairpin = 900;
constexpr std::size_t kMacs = 12;
const Bytes kOurMac = {0x02, 0, 0, 0, 0, 0x01};

/// One service through an SF that has ports, one through this host's kernel, one through a kernel behind ports.
Plan icmp_plan(const std::string& icmp) {
    return make_plan(parse_config("cache: {capacity: 64}\nicmp: " + icmp + R"(
sfs:
  - {name: fw, ports: {left: f0, right: f1}}
  - {name: nat, stack: true}
  - {name: box, stack: true, ports: {left: {interface: g0, mac: "02:00:00:00:00:01"}, right: {interface: g1, mac: "02:00:00:00:00:02"}}}
services:
  - {name: out, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: fw, in: left}, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: host, match: {encapsulation: mpls, label: 16002}, domain: d0, sf: {name: nat}, egress: e1}
  - {name: behind, match: {encapsulation: mpls, label: 16003}, domain: d0, sf: {name: box, in: left}, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
)",
                                  "icmp.yaml"));
}

class Icmp : public testing::Test {
protected:
    explicit Icmp(const std::string& icmp = R"({source: [203.0.113.1, "2001:db8:a::1"]})") : plan(icmp_plan(icmp)) {}
    Plan plan;
    NativeRunner runner{plan};
    Machine& machine = runner.machine;

    void SetUp() override {
        runner.set_time(1'000'000'000);
        std::copy(kOurMac.begin(), kOurMac.end(), port("d0").mac);
        port("e1").hairpin = kHairpin;
        machine.map("port_id_array").set(kHairpin, std::uint32_t{plan.port_id("e1")});
    }
    sfc_port& port(const char* name) { return machine.map("ports").at<sfc_port>(plan.port_id(name)); }
    sfc_counters service(std::uint16_t id) { return runner.service_counters(id); }
    std::uint64_t at_port(sfc_event event) {
        return machine.map("port_counters").at<sfc_counters>(plan.port_id("d0")).event[event].packets;
    }

    int outer(const Bytes& frame, std::uint32_t type, std::uint32_t code, std::uint32_t word, std::size_t tags = 0) {
        native_outer = {static_cast<std::uint32_t>(ETH_HLEN + 4 * tags), type << 8 | code, word};
        return machine.run(native_outer_answer, frame, NativeRunner::ifindex(plan.port_id("d0")));
    }
    /// The message about that frame, with the MACs turned and the tags as they were.
    static Bytes about(const Bytes& frame, std::uint8_t type, std::uint8_t code, std::uint32_t word, std::size_t tags) {
        const auto link = static_cast<std::ptrdiff_t>(ETH_HLEN + 4 * tags);
        Bytes all(frame.begin() + 6, frame.begin() + kMacs);
        all.insert(all.end(), kOurMac.begin(), kOurMac.end());
        all.insert(all.end(), frame.begin() + kMacs, frame.begin() + link);
        const Bytes error = error_about(Bytes(frame.begin() + link, frame.end()), {type, code, word});
        all.insert(all.end(), error.begin(), error.end());
        return all;
    }
};

Bytes tagged(Bytes frame, std::size_t tags) {
    for (std::size_t n = 0; n < tags; n++) {
        const Bytes tag = {0x81, 0, 0, 40};
        frame.insert(frame.begin() + kMacs, tag.begin(), tag.end());
    }
    return frame;
}

Bytes six(std::size_t size, const Ipv6& fields = {}) {
    return ethernet() / ipv6(fields) / udp() / payload(size);
}

TEST_F(Icmp, AboutTheOuterPacket) {
    struct Case {
        std::uint8_t type, code;
        std::uint32_t word;
        sfc_event event;
    };
    constexpr Case kCases[] = {{3, 0, 0, SFC_EVENT_ICMP_TIME_EXCEEDED},
                               {4, 0, 43, SFC_EVENT_ICMP_PARAMETER_PROBLEM},
                               {4, 4, 0x10203, SFC_EVENT_ICMP_PARAMETER_PROBLEM},
                               {2, 0, 1400, SFC_EVENT_ICMP_PACKET_TOO_BIG}};
    for (const Case& one : kCases) {
        for (std::size_t tags = 0; tags <= 2; tags++) {
            for (const std::size_t size : {0U, 1U, 255U, 1183U, 1184U, 1185U, 4000U}) {
                const Bytes frame = tagged(six(size), tags);
                const std::uint64_t before = at_port(one.event);
                ASSERT_EQ(outer(frame, one.type, one.code, one.word, tags), XDP_REDIRECT) << size;
                EXPECT_EQ(machine.frame_bytes(), about(frame, one.type, one.code, one.word, tags))
                    << size << ' ' << tags;
                EXPECT_EQ(machine.redirected(), NativeRunner::ifindex(plan.port_id("d0")));
                EXPECT_EQ(at_port(one.event), before + 1);
            }
        }
    }
    EXPECT_EQ(at_port(SFC_EVENT_ICMP_LIMITED), 0U);
}

TEST_F(Icmp, OuterPacketsThatAreNotAnswered) {
    Bytes to_many = six(10), to_all = six(10);
    to_many[0] = 0x33;
    to_all[ETH_HLEN + 24] = 0xff;
    for (const Bytes& frame : {to_many, to_all}) { // RFC 4443 2.4 (e.3) and (e.4)
        EXPECT_EQ(outer(frame, 3, 0, 0), XDP_DROP);
        EXPECT_EQ(outer(frame, 4, 0, 40), XDP_DROP);
        EXPECT_EQ(outer(frame, 4, 2, 40), XDP_REDIRECT);
        EXPECT_EQ(outer(frame, 2, 0, 1280), XDP_REDIRECT);
    }
    for (const std::uint8_t type : {1, 2, 3, 4, 127, 137}) {
        EXPECT_EQ(outer(ethernet() / ipv6() / icmp6(type) / payload("it"), 4, 0, 40), XDP_DROP) << +type;
        EXPECT_EQ(outer(ethernet() / ipv6({.next = 60}) / options(43) / options(58) / icmp6(type), 4, 0, 40), XDP_DROP);
    }
    EXPECT_EQ(outer(ethernet() / ipv6() / icmp6(128) / payload("it"), 4, 0, 40), XDP_REDIRECT);
    EXPECT_EQ(outer(ethernet() / ipv4() / udp(), 4, 0, 40), XDP_DROP) << "it has no address that is ours";
    machine.constants.icmp = SFC_ICMP_IPV4;
    EXPECT_EQ(outer(six(10), 4, 0, 40), XDP_DROP);
    machine.constants.icmp = SFC_ICMP_IPV6;
    machine.map("icmp_ports").at<sfc_icmp>(plan.port_id("d0")).source[1] = {};
    EXPECT_EQ(outer(six(10), 4, 0, 40), XDP_DROP) << "the port has lost its address";
}

/// Headers that go on for longer than is read, or end with the frame: nothing says that it is an error.
TEST_F(Icmp, AboutBrokenHeaders) {
    Bytes cut = ethernet() / ipv6({.next = 43}) / options(58);
    cut.resize(cut.size() - 5);
    EXPECT_EQ(outer(cut, 4, 0, 40), XDP_REDIRECT);
    Packet long_way = ethernet() / ipv6({.next = 60});
    for (int n = 0; n < 9; n++) {
        long_way = long_way / options(60);
    }
    EXPECT_EQ(outer(long_way / icmp6(1), 4, 0, 40), XDP_REDIRECT);
    const Bytes only_ethernet = ethernet() / payload("it");
    EXPECT_EQ(outer(only_ethernet, 4, 0, 40), XDP_DROP);
    Bytes half = six(0);
    half.resize(ETH_HLEN + 30);
    EXPECT_EQ(outer(half, 4, 0, 40), XDP_DROP);
}

class IcmpRate : public Icmp {
protected:
    IcmpRate() : Icmp(R"({source: "2001:db8:a::1", rate: 2})") {}
};

/// The bucket has ten tokens, or what comes in a tenth of a second; another CPU may take one meanwhile.
TEST_F(IcmpRate, TenAtOnce) {
    int messages = 0;
    for (int n = 0; n < 20; n++) {
        messages += outer(six(10), 3, 0, 0) == XDP_REDIRECT ? 1 : 0;
    }
    EXPECT_EQ(messages, 10);
    EXPECT_EQ(at_port(SFC_EVENT_ICMP_LIMITED), 10U);
    runner.set_time(1'499'999'999);
    EXPECT_EQ(outer(six(10), 3, 0, 0), XDP_DROP);
    runner.set_time(1'500'000'000);
    EXPECT_EQ(outer(six(10), 3, 0, 0), XDP_REDIRECT);
    runner.set_time(9'000'000'000);
    machine.before_atomic = [](void* at) { *static_cast<std::uint64_t*>(at) += 1; };
    EXPECT_EQ(outer(six(10), 3, 0, 0), XDP_DROP);
}

TEST_F(Icmp, EachHelperFailsOnce) {
    Random random{1};
    port("e0").mtu = 200;
    const Bytes frame = ethernet() / mpls({{16001}, {100}}) / ipv6() / udp() / payload(600);
    const auto strip = [&] { return runner.strip(plan.port_id("d0"), frame); };
    const auto full = [&] { runner.set_time(machine.map("set_clock").at<std::uint64_t>(0) + 1'000'000'000); };
    each_fault(machine, random, frame, strip, full);
    ASSERT_NE(strip().result.answered, 0);
    native_outer = {ETH_HLEN, 3 << 8, 0};
    const Bytes whole = six(600);
    (void)outer(whole, 3, 0, 0);
    const std::uint32_t calls = machine.calls();
    for (std::uint32_t call = 0; call < calls; call++) {
        for (const Fault fault :
             {Fault{Fault::Refuse, call}, Fault{Fault::Cut, call, 14}, Fault{Fault::Cut, call, 40}}) {
            full();
            machine.fault = fault;
            (void)outer(whole, 3, 0, 0);
            machine.fault = {};
        }
    }
}

/// A packet that is too big for the SF's link with a label stack that has come before, by a kernel behind ports.
TEST_F(Icmp, KnownHeader) {
    const Bytes small = ethernet() / mpls({{16003}, {100}}) / ipv6() / udp() / payload(100);
    const Bytes big = ethernet() / mpls({{16003}, {100}}) / ipv6() / udp() / payload(600);
    port("g0").mtu = 500;
    ASSERT_EQ(runner.strip(plan.port_id("d0"), small).result.verdict, SFC_VERDICT_TO_KERNEL);
    ASSERT_EQ(runner.strip(plan.port_id("d0"), small).result.verdict, SFC_VERDICT_TO_KERNEL);
    const Ran ran = runner.strip(plan.port_id("d0"), big);
    EXPECT_EQ(ran.action, unsigned{XDP_REDIRECT});
    EXPECT_EQ(machine.redirected(), NativeRunner::ifindex(plan.port_id("e0")));
    EXPECT_EQ(service(3).dropped[SFC_REASON_too_big].packets, 1U);
    EXPECT_EQ(service(3).event[SFC_EVENT_ICMP_PACKET_TOO_BIG].packets, 1U);
}

/// A single frame that does not fit behind this host's kernel takes the hairpin, and is answered there.
TEST_F(Icmp, BehindThisHostsKernel) {
    machine.constants.summed_at = 128;
    const Bytes bare = ethernet() / ipv6() / udp() / payload(600);
    const Bytes frame = ethernet() / mpls({{16002}, {100}}) / ipv6() / udp() / payload(600);
    ASSERT_EQ(runner.strip(plan.port_id("d0"), frame).action, unsigned{XDP_PASS});
    const Machine::Packet packet{.ifindex = NativeRunner::ifindex(plan.port_id("e1")),
                                 .ingress_ifindex = NativeRunner::ifindex(plan.port_id("d0")),
                                 .ethertype = 0x86dd,
                                 .metadata = machine.metadata()};
    port("e1").mtu = static_cast<std::uint32_t>(bare.size() - ETH_HLEN + 4);
    EXPECT_EQ(machine.run(sfc_restore_tc, bare, packet), TC_ACT_UNSPEC);
    port("e1").mtu--;
    ASSERT_EQ(machine.run(sfc_restore_tc, bare, packet), TC_ACT_REDIRECT);
    ASSERT_EQ(machine.redirected(), kHairpin);
    const Bytes caught = machine.frame_bytes();
    EXPECT_EQ(machine.run(sfc_hairpin, caught, kHairpin), XDP_REDIRECT);
    EXPECT_EQ(machine.redirected(), NativeRunner::ifindex(plan.port_id("e1")));
    EXPECT_EQ(service(2).dropped_after_claim[SFC_REASON_too_big].packets, 1U);
    EXPECT_EQ(service(2).event[SFC_EVENT_ICMP_PACKET_TOO_BIG].packets, 1U);
}

} // namespace
} // namespace sfc::test
