// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// `next_hop: {fib: [...]}` in user space: what the kernel is asked, and what becomes of a packet by each answer.
#include <cstring>

#include <linux/bpf.h>
#include <netinet/in.h>

#include "faults.h"
#include "nsh_packets.h"

namespace sfc::test {
namespace {

constexpr int kInet = 2, kInet6 = 10;
const Bytes kNext = {0x02, 0, 0, 0, 0, 0x99}, kOut = {0x02, 0, 0, 0, 0, 0xe1}, kHere = {0x02, 0, 0, 0, 0, 0xf1};

Plan fib_plan() {
    return make_plan(parse_config(R"(
cache: {capacity: 256}
sfs:
  - {name: fw, ports: {left: f0, right: f1}}
  - {name: nat, stack: true, ports: {left: {interface: n0, mac: "02:00:00:00:00:01"}, right: {interface: n1, mac: "02:00:00:00:00:02"}}}
services:
  - {name: four, match: {encapsulation: nsh, spi: 4, si: 7}, domain: d0, sf: {name: fw, in: left}, next_hop: {tunnel: {remote: 192.0.2.9, local: 192.0.2.1}, fib: [e0, e1]}}
  - {name: six, match: {encapsulation: nsh, spi: 5, si: 7}, domain: d0, sf: {name: fw, in: left}, next_hop: {tunnel: {remote: "2001:db8::9", local: "2001:db8::1"}, fib: [e0, e1]}}
  - {name: kernel, match: {encapsulation: nsh, spi: 6, si: 7}, domain: d0, sf: {name: nat, in: left}, next_hop: {tunnel: {remote: 192.0.2.9, local: 192.0.2.1}, fib: e1}}
  - {name: other, match: {encapsulation: nsh, spi: 7, si: 7}, domain: d0, sf: {name: fw, in: left}, next_hop: {interface: e2, mac: "02:00:00:00:00:98"}}
)",
                                  "fib.yaml"));
}

class Fib : public testing::Test {
protected:
    Plan plan = fib_plan();
    NativeRunner runner{plan};
    Machine& machine = runner.machine;
    struct bpf_fib_lookup asked {};
    long answer = BPF_FIB_LKUP_RET_SUCCESS;
    std::uint32_t leads_to = at("e1");

    void SetUp() override {
        machine.constants.any_address = 1;
        machine.map("ports").at<sfc_port>(id("e0")).mac[5] = 0xe0;
        for (const char* port : {"f1", "n1"}) {
            std::copy(kHere.begin(), kHere.end(), machine.map("ports").at<sfc_port>(id(port)).mac);
        }
        machine.route = [this](struct bpf_fib_lookup& question) {
            asked = question;
            question.ifindex = leads_to;
            question.tot_len = 1500; // the kernel writes an MTU there
            std::copy(kNext.begin(), kNext.end(), question.dmac);
            std::copy(kOut.begin(), kOut.end(), question.smac);
            return answer;
        };
    }
    bool counts_lost = false; ///< a test makes the counters' lookups fail
    void TearDown() override { EXPECT_TRUE(counts_lost || conserve(runner.snapshot(), plan).balanced()); }

    [[nodiscard]] std::uint16_t id(const char* port) const { return plan.port_id(port); }
    [[nodiscard]] std::uint32_t at(const char* port) const { return NativeRunner::ifindex(plan.port_id(port)); }
    /// `bytes` of the inner packet's payload tell packets apart.
    Ran strip(std::uint32_t spi, std::string_view bytes = "payload") {
        return runner.strip(id("d0"), gpe(nsh({.spi = spi}, inner4(bytes)), {.six = spi == 5}));
    }
    Ran through(std::uint32_t spi, std::string_view bytes = "payload") {
        const Ran there = strip(spi, bytes);
        EXPECT_EQ(there.result.verdict, SFC_VERDICT_TO_SF) << unsigned{there.result.reason};
        const Bytes bare(there.bytes.begin(), there.bytes.end());
        return runner.restore(id("f1"), bare);
    }
    void take_away(const char* port) {
        const std::uint32_t number = id(port);
        machine.map("tx_ports").erase(&number);
    }
    [[nodiscard]] static Bytes macs(const Ran& ran) {
        return {ran.bytes.begin(), ran.bytes.begin() + std::ptrdiff_t{2} * ETH_ALEN};
    }
    sfc_counters& counters(std::uint32_t service) { return machine.map("service_counters").at<sfc_counters>(service); }
};

TEST_F(Fib, TheQuestionIsTheOuterHeader) {
    const Ran four = through(4);
    EXPECT_EQ(asked.family, kInet);
    EXPECT_EQ(asked.ifindex, at("f1"));
    EXPECT_EQ(asked.ipv4_src, htonl(0xc0000201));
    EXPECT_EQ(asked.ipv4_dst, htonl(0xc0000209));
    EXPECT_EQ(asked.tos, four.bytes[ETH_HLEN + 1]);
    EXPECT_EQ(asked.tot_len, four.bytes.size() - ETH_HLEN);
    EXPECT_EQ(asked.l4_protocol, IPPROTO_UDP);
    EXPECT_EQ(asked.sport, htons(50001));
    EXPECT_EQ(asked.dport, htons(kGpePort));
    const Ran six = through(5);
    const sfc_address remote{{htonl(0x20010db8), 0, 0, htonl(9)}}, local{{htonl(0x20010db8), 0, 0, htonl(1)}};
    EXPECT_EQ(asked.family, kInet6);
    EXPECT_EQ(std::memcmp(asked.ipv6_src, &local, sizeof(local)), 0);
    EXPECT_EQ(std::memcmp(asked.ipv6_dst, &remote, sizeof(remote)), 0);
    EXPECT_EQ(asked.tot_len, six.bytes.size() - ETH_HLEN);
    EXPECT_EQ(asked.flowinfo >> 4 & 0xf, 0U) << "the version is no part of it"; // the first byte's upper half
    EXPECT_EQ(asked.dport, htons(kGpePort));
}

/// Which port a packet needs is known only behind the SF, so one that has gone is not found by the packet before.
TEST_F(Fib, PortsAreLookedForAlways) {
    EXPECT_EQ(strip(4, "one").result.verdict, SFC_VERDICT_TO_SF);
    take_away("e0");
    EXPECT_EQ(strip(4, "two").result.verdict, SFC_VERDICT_TO_SF) << "e1 is there";
    take_away("e1");
    EXPECT_EQ(strip(4, "three").result.reason, SFC_REASON_no_next_hop);
}

TEST_F(Fib, TheAnswerSaysWhereAndToWhom) {
    for (const char* port : {"e1", "e0"}) {
        leads_to = at(port);
        const Ran back = through(4, port);
        EXPECT_EQ(back.result.verdict, SFC_VERDICT_RESTORED) << unsigned{back.result.reason};
        EXPECT_EQ(back.result.egress, id(port));
        EXPECT_EQ(machine.redirected(), at(port));
        EXPECT_EQ(macs(back), join({kNext, kOut}));
        EXPECT_EQ(back.bytes[ETH_HLEN + 8], 64) << "the hops are those of the tunnel's end";
    }
}

TEST_F(Fib, EachAnswer) {
    const struct {
        long answer;
        unsigned reason, verdict;
    } rows[] = {{BPF_FIB_LKUP_RET_BLACKHOLE, SFC_REASON_no_next_hop, SFC_VERDICT_DROPPED},
                {BPF_FIB_LKUP_RET_UNREACHABLE, SFC_REASON_no_next_hop, SFC_VERDICT_DROPPED},
                {BPF_FIB_LKUP_RET_PROHIBIT, SFC_REASON_no_next_hop, SFC_VERDICT_DROPPED},
                {BPF_FIB_LKUP_RET_NOT_FWDED, SFC_REASON_no_next_hop, SFC_VERDICT_DROPPED},
                {BPF_FIB_LKUP_RET_FWD_DISABLED, SFC_REASON_no_next_hop, SFC_VERDICT_DROPPED},
                {BPF_FIB_LKUP_RET_UNSUPP_LWT, SFC_REASON_fib_tunnel, SFC_VERDICT_PASSED},
                {BPF_FIB_LKUP_RET_NO_NEIGH, SFC_REASON_fib_neighbour, SFC_VERDICT_PASSED},
                {BPF_FIB_LKUP_RET_FRAG_NEEDED, SFC_REASON_too_big, SFC_VERDICT_DROPPED},
                {-EINVAL, SFC_REASON_no_next_hop, SFC_VERDICT_DROPPED}};
    for (const auto& row : rows) {
        SCOPED_TRACE(row.answer);
        answer = row.answer;
        const Ran back = through(4);
        EXPECT_EQ(unsigned{back.result.reason}, row.reason);
        EXPECT_EQ(unsigned{back.result.verdict}, row.verdict);
        EXPECT_EQ(back.result.egress, SFC_NONE);
    }
    EXPECT_EQ(counters(1).passed[SFC_REASON_fib_tunnel].packets, 1U);
    EXPECT_EQ(counters(1).passed[SFC_REASON_fib_neighbour].packets, 1U);
    EXPECT_EQ(counters(1).dropped_after_claim[SFC_REASON_no_next_hop].packets, 6U);
    const Conservation sums = conserve(runner.snapshot(), plan);
    EXPECT_EQ(sums.sf.passed_after_claim, 2U);
    EXPECT_EQ(sums.sf.passed, 0U);
    EXPECT_EQ(sums.domain.passed, 0U);
}

/// The kernel takes only frames to itself, and sends on what is whole.
TEST_F(Fib, WhatTheKernelGetsIsWholeAndAddressedToIt) {
    const Ran restored = through(4);
    const Bytes whole(restored.bytes.begin() + ETH_HLEN, restored.bytes.end());
    answer = BPF_FIB_LKUP_RET_NO_NEIGH;
    const Ran back = through(4);
    EXPECT_EQ(back.action, XDP_PASS);
    EXPECT_EQ(macs(back), join({kHere, kHere}));
    EXPECT_EQ(back.bytes[ETH_HLEN - 2] << 8 | back.bytes[ETH_HLEN - 1], ETH_P_IP);
    EXPECT_EQ(Bytes(back.bytes.begin() + ETH_HLEN, back.bytes.end()), whole);
}

TEST_F(Fib, OnlyPortsOfTheListThatAreThere) {
    for (const long found : {BPF_FIB_LKUP_RET_SUCCESS, BPF_FIB_LKUP_RET_NO_NEIGH}) {
        answer = found;
        for (const std::uint32_t elsewhere : {at("e2"), at("d0"), at("f0"), std::uint32_t{77}, std::uint32_t{0}}) {
            leads_to = elsewhere;
            EXPECT_EQ(unsigned{through(4).result.reason}, SFC_REASON_no_next_hop) << elsewhere;
        }
    }
    answer = BPF_FIB_LKUP_RET_SUCCESS;
    leads_to = at("e1");
    take_away("e1");
    EXPECT_EQ(unsigned{through(4).result.reason}, SFC_REASON_no_next_hop);
    leads_to = at("e0");
    EXPECT_EQ(unsigned{through(4).result.verdict}, SFC_VERDICT_RESTORED);
    take_away("e0");
    EXPECT_EQ(unsigned{strip(4).result.reason}, SFC_REASON_no_next_hop) << "nothing is stripped without a way";
}

TEST_F(Fib, TheLargestMtuAtStripAndTheRealOneAtRestore) {
    const auto size = static_cast<std::uint32_t>(through(4).bytes.size() - ETH_HLEN);
    machine.map("ports").at<sfc_port>(id("e0")).mtu = size - 1;
    machine.map("ports").at<sfc_port>(id("e1")).mtu = size;
    leads_to = at("e0");
    EXPECT_EQ(unsigned{through(4).result.reason}, SFC_REASON_too_big);
    leads_to = at("e1");
    EXPECT_EQ(unsigned{through(4).result.verdict}, SFC_VERDICT_RESTORED);
    machine.map("ports").at<sfc_port>(id("e1")).mtu = size - 1;
    EXPECT_EQ(unsigned{strip(4).result.reason}, SFC_REASON_too_big);
}

/// A kernel behind ports is an SF as any other; its own equation has the packet, too.
TEST_F(Fib, ThroughAKernelBehindPorts) {
    machine.constants.kernel_mode = 1;
    runner.set_time(1'000'000'000);
    answer = BPF_FIB_LKUP_RET_NO_NEIGH;
    ASSERT_EQ(strip(6).result.verdict, SFC_VERDICT_TO_KERNEL);
    machine.run(sfc_ticket_mac, plain_udp({}),
                {.ingress_ifindex = 5, .ethertype = ETH_P_IP, .metadata = machine.metadata()});
    EXPECT_EQ(machine.run(sfc_restore_mac, machine.frame_bytes(), at("n1")), XDP_PASS);
    EXPECT_EQ(counters(3).passed[SFC_REASON_fib_neighbour].packets, 1U);
    const Conservation sums = conserve(runner.snapshot(), plan);
    ASSERT_TRUE(sums.kernel);
    EXPECT_EQ(sums.kernel->passed, 1U);
    EXPECT_EQ(sums.kernel->not_returned(), 0U);
}

/// As in a replay, which has no routes.
TEST_F(Fib, WithoutRoutesTheFirstPortStandsForAll) {
    machine.constants.fib = 0;
    const Ran back = through(4);
    EXPECT_EQ(back.result.egress, id("e0"));
    EXPECT_EQ(asked.family, 0);
}

TEST_F(Fib, EachHelperFailsOnce) {
    counts_lost = true;
    Random random{1};
    const Ran there = strip(4);
    const Bytes bare(there.bytes.begin(), there.bytes.end());
    each_fault(
        machine, random, bare, [&] { return runner.restore(id("f1"), bare); }, [&] { strip(4); });
    const Ran six = strip(5);
    const Bytes bare6(six.bytes.begin(), six.bytes.end());
    each_fault(
        machine, random, bare6, [&] { return runner.restore(id("f1"), bare6); }, [&] { strip(5); });
}

} // namespace
} // namespace sfc::test
