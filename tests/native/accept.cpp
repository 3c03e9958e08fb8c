// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Frames by their destination MAC: a port that accepts own MACs alone leaves the others to this host's kernel.
#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "native_runner.h"

namespace sfc::test {
namespace {

constexpr Mac kPort = {0x02, 0, 0, 0, 0, 0x51}, kOther = {0x02, 0, 0, 0, 0, 0x52}, kMacvlan = {0x02, 0, 0, 0, 0, 0x53};
constexpr std::uint64_t kLonger = 1'000'000'000; ///< than a header waits for its packet
constexpr Mac kAll = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr Mac kIpGroup = {0x01, 0, 0x5e, 0x01, 0x02, 0x03}; // RFC 1112 6.4: 01:00:5e and 23 bits
// IANA: 01:00:5e:80:00:00 to 01:00:5e:8f:ff:ff are for MPLS multicast (RFC 5332)
constexpr Mac kGroupFirst = {0x01, 0, 0x5e, 0x80, 0, 0}, kGroupLast = {0x01, 0, 0x5e, 0x8f, 0xff, 0xff};
constexpr Mac kBeforeGroups = {0x01, 0, 0x5e, 0x7f, 0xff, 0xff}, kBehindGroups = {0x01, 0, 0x5e, 0x90, 0, 0};

Bytes to(const Mac& mac, Bytes frame) {
    std::copy(mac.begin(), mac.end(), frame.begin());
    return frame;
}

Bytes with_type(Bytes frame, std::uint16_t type) {
    frame[12] = static_cast<std::uint8_t>(type >> 8);
    frame[13] = static_cast<std::uint8_t>(type);
    return frame;
}

class Accept : public testing::Test {
protected:
    Plan plan = make_plan(parse_config(R"(
sfs:
  - {name: routed, ports: {left: {interface: f0, mac: "02:00:00:00:00:01"}, right: {interface: f1, mac: "02:00:00:00:00:02"}}}
  - {name: open, on_miss: pass, ports: {left: {interface: o0, mac: "02:00:00:00:00:03"}, right: {interface: o1, mac: "02:00:00:00:00:04"}}}
  - {name: wire, ports: {left: w0, right: w1}}
  - {name: nat, stack: true}
services:
  - {name: in, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: routed, in: left}, next_hop: ingress}
  - {name: through, match: {encapsulation: mpls, label: 16002}, domain: [d0, {interface: d1, accept: any}],
     sf: {name: wire, in: left}, next_hop: ingress}
  - {name: open, match: {encapsulation: mpls, label: 16004}, domain: d0, sf: {name: open, in: left}, next_hop: ingress}
  - {name: kernel, match: {encapsulation: mpls, label: 16003}, domain: d0, sf: {name: nat}, egress: [e0]}
  - {name: path, match: {encapsulation: nsh, spi: 777, si: 7}, domain: d0, sf: {name: routed, in: left}, next_hop: ingress}
)",
                                       "accept.yaml"));
    NativeRunner runner{plan};
    Machine& machine = runner.machine;
    std::uint64_t now = kLonger;

    void SetUp() override {
        machine.constants.any_mac = 0;
        for (const char* name : {"d0", "d1", "f0", "f1", "o0", "o1", "w0", "w1"}) {
            auto& entry = machine.map("ports").at<sfc_port>(plan.port_id(name));
            std::copy(kPort.begin(), kPort.end(), entry.mac);
        }
        runner.set_time(now);
    }
    void TearDown() override { EXPECT_TRUE(runner.totals().balanced); }

    void own(const char* port, const Mac& mac) {
        std::uint32_t first = 0;
        std::uint16_t last = 0;
        std::memcpy(&first, mac.data(), sizeof(first));
        std::memcpy(&last, mac.data() + sizeof(first), sizeof(last));
        machine.map("port_macs").set(sfc_port_mac(plan.port_id(port), first, last), std::uint8_t{1});
    }
    /// A frame for another host stays as it came, and belongs to no service.
    void expect_untouched(const Ran& ran, const Bytes& frame, unsigned action) {
        if (ran.result.reason == SFC_REASON_other_mac) {
            EXPECT_EQ(ran.action, action);
            EXPECT_EQ(ran.result.service, SFC_NONE);
            EXPECT_EQ(machine.frame_bytes(), frame);
        }
    }
    static Bytes labelled(std::uint32_t label = 16001) { return mpls_udp({{.label = label}, {.label = 100}}, {}); }
    unsigned strip(const Bytes& frame, const char* port = "d0") {
        const Ran ran = runner.strip(plan.port_id(port), frame);
        expect_untouched(ran, frame, XDP_PASS);
        return ran.result.reason;
    }
    unsigned restore(const Bytes& frame, const char* port = "f1", unsigned action = XDP_DROP) {
        const Ran ran = runner.restore(plan.port_id(port), frame);
        expect_untouched(ran, frame, action);
        return ran.result.reason;
    }
};

TEST_F(Accept, ADomainPortTakesWhatIsForItself) {
    EXPECT_EQ(strip(to(kPort, labelled())), unsigned{SFC_OK});
    for (std::size_t byte = 0; byte < kPort.size(); byte++) {
        Mac alike = kPort;
        alike.at(byte) ^= 0x40;
        EXPECT_EQ(strip(to(alike, labelled())), unsigned{SFC_REASON_other_mac}) << byte;
    }
    EXPECT_EQ(strip(to(kAll, labelled())), unsigned{SFC_REASON_other_mac});
}

TEST_F(Accept, AnyTakesAll) {
    EXPECT_EQ(strip(to(kOther, labelled(16002)), "d1"), unsigned{SFC_OK});
    EXPECT_EQ(strip(to(kOther, labelled(16002)), "d0"), unsigned{SFC_REASON_other_mac});
}

TEST_F(Accept, OtherOwnMacsAreThosePortsAlone) {
    own("f0", kMacvlan);
    EXPECT_EQ(strip(to(kMacvlan, labelled())), unsigned{SFC_REASON_other_mac});
    own("d0", kMacvlan);
    EXPECT_EQ(strip(to(kMacvlan, labelled())), unsigned{SFC_OK});
    EXPECT_EQ(strip(to(kOther, labelled())), unsigned{SFC_REASON_other_mac});
}

/// Frames without an encapsulation are nobody's business here, and unmatched ones of others are theirs.
TEST_F(Accept, OnlySfcFramesAreForOthers) {
    EXPECT_EQ(strip(to(kOther, plain_udp({}))), unsigned{SFC_REASON_not_sfc});
    EXPECT_EQ(strip(to(kOther, labelled(17))), unsigned{SFC_REASON_other_mac});
    EXPECT_EQ(strip(to(kPort, labelled(17))), unsigned{SFC_REASON_unmatched});
}

TEST_F(Accept, GroupsOfMulticastMpls) {
    for (const std::uint16_t type : {0x8847, 0x8848}) {
        for (const Mac& group : {kGroupFirst, kGroupLast}) {
            runner.set_time(now += kLonger);
            EXPECT_EQ(strip(to(group, with_type(labelled(), type))), unsigned{SFC_OK});
        }
        for (const Mac& group : {kBeforeGroups, kBehindGroups}) {
            EXPECT_EQ(strip(to(group, with_type(labelled(), type))), unsigned{SFC_REASON_other_mac});
        }
    }
    EXPECT_EQ(strip(to(kGroupFirst, with_type(labelled(), 0x894f))), unsigned{SFC_REASON_other_mac});
}

TEST_F(Accept, AnSfPortOfARoutedSf) {
    ASSERT_EQ(strip(to(kPort, labelled())), unsigned{SFC_OK});
    EXPECT_EQ(restore(to(kOther, plain_udp({}))), unsigned{SFC_REASON_other_mac}); // and takes no header
    EXPECT_EQ(restore(to(kPort, plain_udp({}))), unsigned{SFC_OK});
    EXPECT_EQ(restore(to(kPort, plain_udp({}))), unsigned{SFC_REASON_miss});
    EXPECT_EQ(restore(to(kOther, plain_udp({}))), unsigned{SFC_REASON_other_mac});
    own("f1", kMacvlan);
    ASSERT_EQ(strip(to(kPort, labelled())), unsigned{SFC_OK});
    EXPECT_EQ(restore(to(kMacvlan, plain_udp({}))), unsigned{SFC_OK});
}

/// As what nothing is known of.
TEST_F(Accept, AnSfPortThatPasses) {
    ASSERT_EQ(strip(to(kPort, labelled(16004))), unsigned{SFC_OK});
    EXPECT_EQ(restore(to(kOther, plain_udp({})), "o1", XDP_PASS), unsigned{SFC_REASON_other_mac});
}

/// A router sends IP multicast to the group.
TEST_F(Accept, GroupsFromARoutedSf) {
    for (const Mac& group : {kIpGroup, kAll}) {
        ASSERT_EQ(strip(to(kPort, labelled())), unsigned{SFC_OK});
        EXPECT_EQ(restore(to(group, plain_udp({}))), unsigned{SFC_OK});
        EXPECT_EQ(restore(to(group, plain_udp({}))), unsigned{SFC_REASON_miss});
    }
}

/// Its packets come back with the MACs that they came with.
TEST_F(Accept, ATransparentSf) {
    ASSERT_EQ(strip(to(kPort, labelled(16002))), unsigned{SFC_OK});
    EXPECT_EQ(restore(to(kOther, plain_udp({})), "w1"), unsigned{SFC_OK});
}

/// A bridge above the port would carry them on.
TEST_F(Accept, SfcFromAnSfIsRefusedWhomeverItIsFor) {
    EXPECT_EQ(restore(to(kOther, labelled())), unsigned{SFC_REASON_sfc_from_sf});
    EXPECT_EQ(restore(to(kOther, with_type(labelled(), 0x0806))), unsigned{SFC_REASON_control});
}

/// The short way of headers that have arrived before looks, too.
TEST_F(Accept, KernelMode) {
    const Bytes frame = labelled(16003);
    for (int round = 0; round < 2; round++) {
        EXPECT_EQ(strip(to(kPort, frame)), unsigned{SFC_OK});
        EXPECT_EQ(strip(to(kOther, frame)), unsigned{SFC_REASON_other_mac});
    }
    EXPECT_EQ(strip(to(kGroupFirst, frame)), unsigned{SFC_OK});
}

TEST_F(Accept, Replay) {
    machine.constants.any_mac = 1;
    EXPECT_EQ(strip(to(kOther, labelled())), unsigned{SFC_OK});
    EXPECT_EQ(restore(to(kOther, plain_udp({}))), unsigned{SFC_OK});
}

} // namespace
} // namespace sfc::test
