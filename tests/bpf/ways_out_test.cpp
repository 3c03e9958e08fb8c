// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What can be missing on the way out is found at strip, before anything is kept of the packet.
#include <gtest/gtest.h>
#include <net/if.h>

#include "proxy.h"

namespace sfc::test {
namespace {

const std::vector<Label> kStack = {{.label = 16001}, {.label = 100}};

void expect_refused(Proxy& proxy, sfc_reason reason) {
    const auto outcome = proxy.strip(mpls_udp(kStack, {}));
    EXPECT_EQ(outcome.result.verdict, SFC_VERDICT_DROPPED);
    EXPECT_EQ(outcome.result.reason, reason);
    EXPECT_EQ(proxy.conservation().cache.live, 0U);
    EXPECT_TRUE(proxy.conservation().balanced());
}

TEST(WaysOut, NextHopWithoutMac) {
    Plan plan = standard_plan();
    plan.services[kOut].entry.next_hop_ready = 0;
    Proxy proxy(plan);
    expect_refused(proxy, SFC_REASON_no_next_hop);
}

TEST(WaysOut, SfWithoutMac) {
    Plan plan = standard_plan();
    plan.ports[kLeft].entry.unready = 1;
    Proxy proxy(plan);
    expect_refused(proxy, SFC_REASON_no_next_hop);
}

TEST(WaysOut, MissingInterfaces) {
    for (const Id missing : {kLeft, kEgress}) {
        Proxy proxy;
        proxy.programs.maps().clear_interface(missing);
        expect_refused(proxy, SFC_REASON_no_next_hop);
    }
}

TEST(WaysOut, HeaderOverTheLimit) {
    Proxy proxy(standard_plan(), {.clock = SFC_CLOCK_MAP, .header_limit = 0});
    expect_refused(proxy, SFC_REASON_header_too_long);
}

TEST(WaysOut, NextHopLostWhileThePacketIsInTheSf) {
    Proxy proxy;
    proxy.strip(mpls_udp(kStack, {}));
    proxy.programs.maps().clear_interface(kEgress);
    const auto outcome = proxy.restore(plain_udp({}));
    EXPECT_EQ(outcome.result.reason, SFC_REASON_no_next_hop);
    EXPECT_EQ(outcome.result.service, kOut);
    EXPECT_EQ(proxy.conservation().sf.dropped_after_claim, 1U);
    EXPECT_TRUE(proxy.conservation().balanced());
}

TEST(WaysOut, FrameOnAPortOfAnotherRoleIsAborted) {
    Proxy proxy;
    EXPECT_EQ(proxy.restore(plain_udp({}), kDomain).action, 0U); // XDP_ABORTED: a loader's fault, visible as such
    EXPECT_EQ(proxy.conservation().sf.received, 0U);
}

} // namespace
} // namespace sfc::test
