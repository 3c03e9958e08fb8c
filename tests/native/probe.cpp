// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A probe, wherever it comes out: it is counted by its name, what was seen is written down, and it goes no further.
#include <cstring>

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include "kernel_setup.h"
#include "probe/probe_frame.h"

namespace sfc::test {
namespace {

constexpr std::uint32_t kIndex = 5;

/// d0 is a domain port of a service through this host's kernel; f0 and f1 are those of one in user mode, g0 and g1
/// those of another kernel.
Plan probe_plan() {
    return make_plan(parse_config(R"(
cache: {capacity: 64}
sfs:
  - {name: nat, stack: true}
  - {name: fw, on_miss: pass, ports: {left: f0, right: f1}}
  - {name: ports, stack: true, ports: {left: {interface: g0, mac: "02:00:00:00:00:01"}, right: {interface: g1, mac: "02:00:00:00:00:02"}}}
services:
  - {name: one, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: nat}, egress: e0}
  - {name: two, match: {encapsulation: mpls, label: 16002}, domain: d0, sf: {name: fw, in: left}, next_hop: ingress}
  - {name: three, match: {encapsulation: mpls, label: 16003}, domain: d0, sf: {name: ports, in: left}, next_hop: ingress}
)",
                                  "probe.yaml"));
}

class Probes : public testing::TestWithParam<bool> {
protected:
    Plan plan = probe_plan();
    NativeRunner runner{plan};
    Machine& machine = runner.machine;
    ProbePacket packet;
    sfc_probe_entry& entry = machine.map("probes").at<sfc_probe_entry>(kIndex);

    void SetUp() override {
        packet.source = parse_ip(GetParam() ? "2001:db8::1" : "192.0.2.1");
        packet.destination = parse_ip(GetParam() ? "2001:db8::2" : "192.0.2.2");
        packet.name = {.nonce = {11, 12}, .index = kIndex};
        entry = {};
        entry.nonce[0] = 11;
        entry.nonce[1] = 12;
        entry.active = 1;
        set_hairpins(machine, plan);
    }

    [[nodiscard]] std::uint16_t id(const char* port) const { return plan.port_id(port); }
    [[nodiscard]] std::uint32_t at(const char* port) const { return NativeRunner::ifindex(id(port)); }
    Bytes frame() const { return probe_frame(packet); }
    /// Sends it as user space does. Returns the XDP action.
    int send(const char* to = nullptr, bool ticketed = true) {
        entry.to_port = to != nullptr ? id(to) : +SFC_NONE;
        entry.ticketed = ticketed ? 1 : 0;
        return machine.run(sfc_probe, frame(), at("d0"));
    }
    int leave(const Bytes& bytes, const Bytes& metadata, std::uint32_t mark = 0, const char* by = "e0") {
        const std::uint16_t type = GetParam() ? ETH_P_IPV6 : ETH_P_IP;
        return machine.run(sfc_restore_tc, bytes,
                           {.ifindex = by != nullptr ? at(by) : 77,
                            .ingress_ifindex = at("d0"),
                            .ethertype = type,
                            .metadata = metadata,
                            .mark = mark});
    }
    std::uint64_t caught(const char* port, sfc_reason reason = SFC_REASON_probe) {
        return machine.map("port_counters").at<sfc_counters>(id(port)).dropped_after_claim[reason].packets;
    }
    std::uint64_t dropped(const char* port) {
        return machine.map("port_counters").at<sfc_counters>(id(port)).dropped[SFC_REASON_probe].packets;
    }
};

INSTANTIATE_TEST_SUITE_P(Versions, Probes, testing::Bool(),
                         [](const auto& row) { return row.param ? "IPv6" : "IPv4"; });

TEST_P(Probes, ThroughTheHostsKernel) {
    EXPECT_EQ(send(), XDP_PASS);
    EXPECT_EQ(entry.sent, 1U);
    const Bytes metadata = machine.metadata();
    EXPECT_EQ(leave(frame(), metadata), TC_ACT_SHOT);
    EXPECT_EQ(std::tuple(entry.came, entry.bare, entry.done), std::tuple(1U, 0U, 1U));
    EXPECT_EQ(entry.ifindex, at("e0"));
    EXPECT_EQ(0, std::memcmp(entry.frame, frame().data(), sizeof(entry.frame)));
    EXPECT_EQ(leave(frame(), {}, 0, nullptr), TC_ACT_SHOT) << "a second one, without its ticket, at no port";
    EXPECT_EQ(std::tuple(entry.came, entry.bare, entry.ifindex), std::tuple(2U, 1U, at("e0")));
    EXPECT_EQ(caught("e0"), 1U);
    EXPECT_EQ(caught("d0"), 1U) << "where it came in";
    const Bytes bytes = frame();
    EXPECT_EQ(leave(Bytes(bytes.begin() + ETH_HLEN, bytes.end()), {}, 0, nullptr), TC_ACT_SHOT) << "a tunnel's";
    EXPECT_EQ(entry.came, 3U);
}

/// The header that a probe's ticket would be for is none, however many there are.
TEST_P(Probes, TicketIsNeverGood) {
    send();
    const Bytes metadata = machine.metadata();
    for (std::uint32_t number = 0; number < plan.capacity; number++) {
        auto& header = machine.map("headers").at<sfc_interned>(number);
        header.header.f.service = 1;
        header.generation = SFC_PROBE_GENERATION;
    }
    EXPECT_EQ(leave(frame(), metadata), TC_ACT_SHOT);
    EXPECT_EQ(entry.came, 1U);
}

TEST_P(Probes, InTheMark) {
    machine.constants.mark_mask = kMark;
    split_mark(machine.constants);
    send();
    const std::uint16_t type = GetParam() ? ETH_P_IPV6 : ETH_P_IP;
    machine.run(sfc_ticket_mark, frame(), {.ethertype = type, .metadata = machine.metadata()});
    const std::uint32_t mark = machine.mark();
    EXPECT_EQ(leave(frame(), {}, mark), TC_ACT_SHOT);
    EXPECT_EQ(std::tuple(entry.came, entry.bare), std::tuple(1U, 0U));
    EXPECT_EQ(leave(frame(), {}, 0), TC_ACT_SHOT);
    EXPECT_EQ(leave(frame(), {}, kMark), TC_ACT_SHOT) << "a number that is not the probe's either";
    EXPECT_EQ(std::tuple(entry.came, entry.bare), std::tuple(3U, 2U));
}

TEST_P(Probes, BehindPorts) {
    EXPECT_EQ(send("f0", false), XDP_REDIRECT);
    EXPECT_TRUE(machine.metadata().empty());
    EXPECT_EQ(machine.run(sfc_restore, frame(), at("f1")), XDP_DROP) << "although what is not known passes";
    EXPECT_EQ(std::tuple(entry.came, entry.ifindex, dropped("f1")), std::tuple(1U, at("f1"), 1U));
    packet.name.nonce[1]++;
    EXPECT_EQ(machine.run(sfc_restore, frame(), at("f1")), XDP_PASS) << "not ours";
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_P(Probes, ThroughAnotherKernel) {
    EXPECT_EQ(send("g0"), XDP_REDIRECT);
    const std::uint16_t type = GetParam() ? ETH_P_IPV6 : ETH_P_IP;
    EXPECT_EQ(machine.run(sfc_ticket_mac, frame(), {.ethertype = type, .metadata = machine.metadata()}), TC_ACT_UNSPEC);
    EXPECT_EQ(machine.run(sfc_restore_mac, machine.frame_bytes(), at("g1")), XDP_DROP);
    EXPECT_EQ(std::tuple(entry.came, entry.bare), std::tuple(1U, 0U));
    EXPECT_EQ(machine.run(sfc_ticket_mac, frame(), {.ethertype = type}), TC_ACT_UNSPEC);
    EXPECT_EQ(machine.run(sfc_restore_mac, machine.frame_bytes(), at("g1")), XDP_DROP);
    EXPECT_EQ(std::tuple(entry.came, entry.bare, dropped("g1")), std::tuple(2U, 1U, 2U));
    send("g0");
    machine.run(sfc_ticket_mac, frame(), {.ethertype = type, .metadata = machine.metadata()});
    const Bytes right = machine.frame_bytes();
    for (const std::size_t byte : {0, 4, 8}) { // the number, the generation, the check
        Bytes other = right;
        other[byte] ^= 2;
        EXPECT_EQ(machine.run(sfc_restore_mac, other, at("g1")), XDP_DROP);
    }
    EXPECT_EQ(std::tuple(entry.came, entry.bare), std::tuple(5U, 4U)) << "not the probe's ticket";
    EXPECT_TRUE(runner.totals().balanced);
}

TEST_P(Probes, OnlyByItsName) {
    const auto missed = [&] {
        leave(frame(), {});
        return caught("e0", SFC_REASON_miss);
    };
    packet.name.index++;
    EXPECT_EQ(missed(), 1U) << "another entry";
    packet.name.index = SFC_PROBES_MAX;
    EXPECT_EQ(missed(), 2U) << "no entry";
    packet.name = {.nonce = {13, 12}, .index = kIndex};
    EXPECT_EQ(missed(), 3U);
    packet.name = {.nonce = {0, 0}, .index = kIndex + 1};
    EXPECT_EQ(missed(), 4U) << "an entry that is not in use";
    EXPECT_EQ(entry.came, 0U);
    leave(plain_udp({}), {}); // too short for a name
    EXPECT_EQ(caught("e0", SFC_REASON_miss), 5U);
    EXPECT_EQ(send(), XDP_ABORTED) << "user space sends nothing but probes";
}

TEST_P(Probes, WhereThereIsNoRoom) {
    machine.headroom = 0;
    EXPECT_EQ(send(), XDP_DROP);
    EXPECT_EQ(entry.sent, 0U);
}

} // namespace
} // namespace sfc::test
