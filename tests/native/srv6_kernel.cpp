// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SRv6 through the kernel of this host, which may make another IP version of a packet: the header that leaves has the
// protocol number and the length of the packet as it is now.
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>

#include "kernel_setup.h"
#include "nsh_packets.h"

namespace sfc::test {
namespace {

constexpr std::uint8_t kIpip = 4, kUdp = 17, kIpv6InIp = 41, kRouting = 43, kOptions = 60; // protocol numbers of IANA

Plan srv6_kernel_plan() {
    return make_plan(parse_config(R"(
cache: {capacity: 64}
sfs:
  - {name: nat, stack: true}
services:
  - {name: ad, match: {encapsulation: srv6, sid: "2001:db8:f::1"}, domain: d0, sf: {name: nat}, egress: e0}
  - {name: compressed, match: {encapsulation: srv6, sid: "2001:db8:100::/48", lblen: 32}, domain: d0, sf: {name: nat},
     egress: e0}
  - {name: as, match: {encapsulation: srv6, sid: "2001:db8:f::a", behaviour: as}, domain: d0, sf: {name: nat}, egress: e0,
     header: {source: "2001:db8:a::1", segments: ["2001:db8:1::1", "2001:db8:2::1"]}}
)",
                                  "srv6-kernel.yaml"));
}

/// 2001:db8:SECOND::LAST, where `second` is a word.
Bytes address(std::uint32_t second, std::uint32_t last) {
    return join({word(0x20010db8), word(second), word(0), word(last)});
}

/// RFC 8200 3. The headers behind it are in `behind`, the packet too.
Bytes outer(std::uint8_t next, std::uint8_t hops, const Bytes& to, const Bytes& behind, std::uint32_t from = 0xa10000) {
    const auto length = static_cast<std::uint32_t>(behind.size());
    return join({word(0x60000000), word(length << 16 | std::uint32_t{next} << 8 | hops), address(from, 1), to, behind});
}

/// RFC 8754 2: a header with these segments, the last one first.
Bytes routing(std::uint8_t next, std::uint8_t left, std::initializer_list<Bytes> segments) {
    const auto count = static_cast<std::uint8_t>(segments.size());
    const auto last = static_cast<std::uint8_t>(count - 1);
    return join({{next, static_cast<std::uint8_t>(2 * count), 4, left, last, 0, 0, 0}, join(segments)});
}

/// Destination Options of eight bytes, all padding.
Bytes options(std::uint8_t next) {
    return {next, 0, 1, 4, 0, 0, 0, 0};
}

class Srv6Kernel : public testing::Test {
protected:
    Plan plan = srv6_kernel_plan();
    NativeRunner runner{plan};
    Machine& machine = runner.machine;
    const Bytes next = address(0x10000, 1);
    const Bytes sid = address(0xf0000, 1);

    void SetUp() override {
        constexpr std::uint16_t kSummedAt = 128;
        machine.constants.summed_at = kSummedAt; // single frames that nothing is to be done for need no hairpin
        set_hairpins(machine, plan);
        runner.set_time(kSomeTime);
    }
    void TearDown() override { EXPECT_TRUE(runner.totals().balanced); }

    /// `packet` leaves where `frame` has come in: the frame behind Ethernet, from the hairpin.
    Bytes leaves(const Bytes& came, const Bytes& packet) {
        const Ran ran = runner.strip(plan.port_id("d0"), ether(ETH_P_IPV6, came));
        EXPECT_EQ(ran.result.verdict, SFC_VERDICT_TO_KERNEL) << unsigned{ran.result.reason};
        const Bytes ticket = machine.metadata();
        const auto type = static_cast<std::uint16_t>(packet[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
        machine.run(sfc_restore_tc, ether(type, packet),
                    {.ifindex = NativeRunner::ifindex(plan.port_id("e0")),
                     .ingress_ifindex = NativeRunner::ifindex(plan.port_id("d0")),
                     .ethertype = type,
                     .metadata = ticket});
        EXPECT_EQ(machine.redirected(), kHairpinIn);
        machine.run(sfc_hairpin, machine.frame_bytes(), kHairpinOut);
        return without_ethernet(machine.frame_bytes());
    }
};

TEST_F(Srv6Kernel, LengthAndProtocolAreThoseOfThePacketThatLeaves) {
    const auto came = [&](std::uint8_t proto, const Bytes& packet) {
        return outer(kRouting, 64, sid, join({routing(proto, 1, {next, sid}), packet}));
    };
    const auto went = [&](std::uint8_t proto, const Bytes& packet) {
        return outer(kRouting, 63, next, join({routing(proto, 0, {next, sid}), packet}));
    };
    EXPECT_EQ(leaves(came(kIpip, inner4()), inner4()), went(kIpip, inner4()));
    EXPECT_EQ(leaves(came(kIpip, inner4()), inner4("a longer payload")), went(kIpip, inner4("a longer payload")));
    EXPECT_EQ(leaves(came(kIpip, inner4()), inner6()), went(kIpv6InIp, inner6()));
    EXPECT_EQ(leaves(came(kIpv6InIp, inner6()), inner4()), went(kIpip, inner4()));
}

TEST_F(Srv6Kernel, TheLastHeaderSaysWhatIsBehindIt) {
    const Bytes list = routing(kOptions, 1, {next, sid}), left = routing(kOptions, 0, {next, sid});
    EXPECT_EQ(leaves(outer(kRouting, 64, sid, join({list, options(kIpip), inner4()})), inner6()),
              outer(kRouting, 63, next, join({left, options(kIpv6InIp), inner6()})));
}

TEST_F(Srv6Kernel, WithoutASegmentRoutingHeaderTheOuterOneSaysIt) {
    const Bytes came = address(0x01000401, 0), went = address(0x04010000, 0);
    EXPECT_EQ(leaves(outer(kIpip, 64, came, inner4()), inner6()), outer(kIpv6InIp, 63, went, inner6()));
    EXPECT_EQ(leaves(outer(kOptions, 64, came, join({options(kIpip), inner4()})), inner6()),
              outer(kOptions, 63, went, join({options(kIpv6InIp), inner6()})));
}

/// The header that leaves is the configuration's: it has the protocol number at a position of its own.
TEST_F(Srv6Kernel, AStaticHeaderSaysIt) {
    const Bytes second = address(0x20000, 1);
    Bytes back = leaves(outer(kIpip, 64, address(0xf0000, 0xa), inner4()), inner6());
    ASSERT_GE(back.size(), 4U);
    const std::uint32_t label = std::uint32_t{back[1]} << 16 | std::uint32_t{back[2]} << 8 | back[3];
    EXPECT_NE(label, 0U); // it is computed
    back[1] = back[2] = back[3] = 0;
    EXPECT_EQ(back, outer(kRouting, 64, next, join({routing(kIpv6InIp, 1, {second, next}), inner6()}), 0xa0000));
}

/// A packet that is not for the SF goes on to its next segment, by the routes of this host's kernel.
TEST_F(Srv6Kernel, ABypassedPacketLeavesByTheKernel) {
    const Bytes udp = {0, 1, 0, 2, 0, 8, 0, 0};
    const Bytes came = outer(kRouting, 64, sid, join({routing(kUdp, 1, {next, sid}), udp}));
    const Ran ran = runner.strip(plan.port_id("d0"), ether(ETH_P_IPV6, came));
    EXPECT_EQ(ran.result.verdict, SFC_VERDICT_BYPASSED);
    const Bytes on = without_ethernet(machine.frame_bytes());
    EXPECT_EQ(on, outer(kRouting, 63, next, join({routing(kUdp, 0, {next, sid}), udp})));
    EXPECT_EQ(machine.run(sfc_restore_tc, ether(ETH_P_IPV6, on),
                          {.ifindex = NativeRunner::ifindex(plan.port_id("e0")),
                           .ingress_ifindex = NativeRunner::ifindex(plan.port_id("d0")),
                           .ethertype = ETH_P_IPV6,
                           .metadata = machine.metadata()}),
              TC_ACT_UNSPEC);
    EXPECT_EQ(machine.redirected(), std::nullopt);
    EXPECT_EQ(without_ethernet(machine.frame_bytes()), on);
}

} // namespace
} // namespace sfc::test
