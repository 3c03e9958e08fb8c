// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SRv6 through the kernel of this host, which may give back the other IP version.
#include "kernel_setup.h"
#include "srv6_packets.h"

#include <gtest/gtest.h>
#include <linux/pkt_cls.h>

namespace sfc::test {
namespace {

const Bytes kOne = address(1, 1), kTwo = address(2, 1), kAd = address(0x0f, 1), kAs = address(0x0f, 0x0a);

class Srv6KernelEdges : public testing::Test {
protected:
    Plan plan = make_plan(parse_config(R"(
cache: {capacity: 64}
sfs:
  - {name: nat, stack: true}
services:
  - {name: ad, match: {encapsulation: srv6, sid: "2001:db8:f::1"}, domain: d0, sf: {name: nat}, egress: e0, inner_ttl: keep}
  - {name: as, match: {encapsulation: srv6, sid: "2001:db8:f::a", behaviour: as}, domain: d0, sf: {name: nat}, egress: e0,
     inner_ttl: keep, header: {source: "2001:db8:a::9", segments: ["2001:db8:1::1", "2001:db8:2::1"]}}
)",
                                       "srv6-kernel.yaml"));
    NativeRunner runner{plan};
    Machine& machine = runner.machine;

    void SetUp() override {
        set_hairpins(machine, plan);
        runner.set_time(kSomeTime);
    }
    void TearDown() override { EXPECT_TRUE(runner.totals().balanced); }

    /// The packet that leaves when the kernel makes `gives` of what was inside.
    Bytes through(const Bytes& packet, const Bytes& gives) {
        const Ran ran = runner.strip(plan.port_id("d0"), in_frame(packet));
        EXPECT_EQ(ran.result.verdict, SFC_VERDICT_TO_KERNEL) << unsigned{ran.result.reason};
        const bool six = gives[0] >> 4 == 6;
        Bytes frame = in_frame(gives);
        frame[12] = six ? 0x86 : 0x08;
        frame[13] = six ? 0xdd : 0x00;
        machine.run(sfc_restore_tc, frame,
                    {.ifindex = NativeRunner::ifindex(plan.port_id("e0")),
                     .ingress_ifindex = NativeRunner::ifindex(plan.port_id("d0")),
                     .ethertype = static_cast<std::uint16_t>(six ? ETH_P_IPV6 : ETH_P_IP),
                     .metadata = machine.metadata()});
        EXPECT_EQ(machine.redirected(), kHairpinIn);
        machine.run(sfc_hairpin, machine.frame_bytes(), kHairpinOut);
        return without_ethernet(machine.frame_bytes());
    }
};

/// RFC 8200 4: the last Next Header says what is behind it, wherever it stands.
TEST_F(Srv6KernelEdges, TheLastNextHeaderIsThatOfThePacket) {
    for (const bool six : {false, true}) {
        const std::uint8_t was = six ? kInIpv6 : kInIpv4;
        const Bytes inside = six ? packet6() : packet4();
        for (const Bytes& gives : {packet4(), packet6()}) {
            const std::uint8_t now = gives[0] >> 4 == 6 ? kInIpv6 : kInIpv4;
            const Bytes list = srh(was, 1, {kTwo, kAd}), list_now = srh(now, 1, {kTwo, kAd});
            EXPECT_EQ(through(outer(kAd, kRoutingHeader, joined({list, inside})), gives),
                      next_hop(outer(kAd, kRoutingHeader, joined({list_now, gives})), kOuter, kTwo));
            const Bytes more = srh(kDestinationOptions, 1, {kTwo, kAd});
            EXPECT_EQ(through(outer(kAd, kRoutingHeader, joined({more, padding(was), inside})), gives),
                      next_hop(outer(kAd, kRoutingHeader, joined({more, padding(now), gives})), kOuter, kTwo));
            const Bytes fixed = through(outer(kAs, was, inside), gives);
            EXPECT_EQ(Bytes(fixed.begin() + kOuter, fixed.end()),
                      joined({{now, 4, 4, 1, 1, 0, 0, 0}, kTwo, kOne, gives}));
        }
    }
}

TEST_F(Srv6KernelEdges, EveryLengthOfAFrame) {
    const Bytes whole = in_frame(outer(kAd, kRoutingHeader, joined({srh(kInIpv4, 1, {kTwo, kAd}), packet4()})));
    for (std::size_t size = 0; size < whole.size(); size++) {
        const Ran ran = runner.strip(plan.port_id("d0"), std::span(whole).first(size));
        EXPECT_NE(ran.result.verdict, SFC_VERDICT_TO_KERNEL) << size;
    }
}

} // namespace
} // namespace sfc::test
