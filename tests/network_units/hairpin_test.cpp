// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <chrono>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "net/ethtool.h"
#include "net/hairpin.h"
#include "net/netns.h"
#include "sandboxed.h"

namespace sfc::test {
namespace {

struct Details {
    std::uint32_t flags = 0;
    std::uint64_t sent = 0;
};

Details details(std::uint32_t index) {
    Netlink netlink;
    NetlinkRequest request(RTM_GETLINK, 0);
    request.family_header<ifinfomsg>().ifi_index = static_cast<int>(index);
    Details result;
    netlink.ask(request, [&](const nlmsghdr& answer) {
        if (answer.nlmsg_type != RTM_NEWLINK) {
            return;
        }
        result.flags = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&answer))->ifi_flags;
        each_attribute<ifinfomsg>(answer, [&](const nlattr& attribute) {
            if (mnl_attr_get_type(&attribute) == IFLA_STATS64) {
                const auto* bytes = static_cast<const char*>(mnl_attr_get_payload(&attribute));
                std::memcpy(&result.sent, bytes + offsetof(rtnl_link_stats64, tx_packets), sizeof(result.sent));
            }
        });
    });
    return result;
}

void bring_up(const std::string& name) {
    NetlinkRequest request(RTM_SETLINK, 0);
    auto& info = request.family_header<ifinfomsg>();
    info.ifi_flags = info.ifi_change = IFF_UP;
    mnl_attr_put_strz(request.header(), IFLA_IFNAME, name.c_str());
    ASSERT_EQ(Netlink().ask(request), 0) << name;
}

std::string sysctl(const std::string& name) {
    std::string value;
    std::ifstream("/proc/sys/net/" + name) >> value;
    return value;
}

void forward_ipv6() {
    std::ofstream("/proc/sys/net/ipv6/conf/all/forwarding") << "1"; // a router reports one more multicast group
}

constexpr std::chrono::milliseconds kQuiet{300};

class HairpinTest : public Sandboxed {};

TEST_F(HairpinTest, BothEndsAreUpAndBelongTogether) {
    const Hairpin hairpin = make_hairpin(4294967295, 1400); // the longest names
    EXPECT_EQ(hairpin.in.name, "sfc4294967295a");
    EXPECT_EQ(hairpin.out.name, "sfc4294967295b");
    EXPECT_EQ(hairpin.in.peer_index, hairpin.out.index);
    EXPECT_EQ(hairpin.out.peer_index, hairpin.in.index);
    for (const Link& end : {hairpin.in, hairpin.out}) {
        EXPECT_TRUE(is_hairpin(end)) << end.name;
        EXPECT_TRUE(end.usable) << end.name;
        EXPECT_EQ(end.mtu, 1400U) << end.name;
        EXPECT_EQ(details(end.index).flags & (IFF_NOARP | IFF_MULTICAST), IFF_NOARP) << end.name;
    }
}

TEST_F(HairpinTest, FramesAreFinishedOnTheWayIn) {
    const Hairpin hairpin = make_hairpin(7, 1500);
    const Ethtool ethtool;
    EXPECT_FALSE(ethtool.active(hairpin.in.name, Offload::TxChecksum));
    EXPECT_FALSE(ethtool.active(hairpin.in.name, Offload::TxVlan));
    EXPECT_TRUE(ethtool.active(hairpin.out.name, Offload::TxChecksum)); // as it came: the test can tell
}

TEST_F(HairpinTest, NothingIsSentByItself) {
    forward_ipv6();
    bring_up("one");
    bring_up("two");
    const Hairpin hairpin = make_hairpin(7, 1500);
    std::this_thread::sleep_for(kQuiet);
    EXPECT_EQ(details(hairpin.in.index).sent, 0U);
    EXPECT_EQ(details(hairpin.out.index).sent, 0U);
    EXPECT_GT(details(link("one").index).sent, 0U); // a pair as any other is heard in the same time
}

TEST_F(HairpinTest, TheNamespaceIsThatOfTheThread) {
    const Netns first = Netns::current();
    enter_sandbox({});
    const Netns second = Netns::current();
    const InNetns inside(first);
    const Hairpin hairpin = make_hairpin(7, 1500);
    EXPECT_EQ(sysctl("ipv6/conf/sfc7a/disable_ipv6"), "1");
    EXPECT_EQ(sysctl("ipv6/conf/sfc7b/disable_ipv6"), "1");
    const InNetns outside(second);
    EXPECT_EQ(link("sfc7a").index, 0U);
    EXPECT_EQ(sysctl("ipv6/conf/sfc7a/disable_ipv6"), "");
}

TEST_F(HairpinTest, WhatAKilledProcessLeftIsReplaced) {
    const Hairpin left = make_hairpin(7, 1500);
    const Hairpin hairpin = make_hairpin(7, 1300);
    EXPECT_NE(hairpin.in.index, left.in.index);
    EXPECT_EQ(link("sfc7a").index, hairpin.in.index);
    EXPECT_EQ(link("sfc7b").mtu, 1300U);
}

TEST_F(HairpinTest, SomebodyElsesInterfaceStays) {
    make_link("sfc7b", "bridge");
    EXPECT_NE(sentence([] { (void)make_hairpin(7, 1500); }).find("'sfc7b'"), std::string::npos);
    EXPECT_EQ(link("sfc7a").index, 0U);
    remove_hairpin(7);
    EXPECT_EQ(link("sfc7b").kind, "bridge");
}

TEST_F(HairpinTest, AnMtuThatTheKernelRefusesLeavesNothing) {
    EXPECT_NE(sentence([] { (void)make_hairpin(7, 70000); }).find("70000"), std::string::npos);
    EXPECT_EQ(link("sfc7a").index, 0U);
}

TEST_F(HairpinTest, RemovedTwiceIsGone) {
    (void)make_hairpin(7, 1500);
    const Hairpin other = make_hairpin(8, 1500);
    remove_hairpin(7);
    EXPECT_EQ(link("sfc7a").index, 0U);
    EXPECT_EQ(link("sfc7b").index, 0U);
    EXPECT_EQ(link("sfc8a").index, other.in.index);
    EXPECT_EQ(sentence([] { remove_hairpin(7); }), "");
}

TEST(Hairpin, IsKnownByKindAndName) {
    const auto named = [](const std::string& name, const std::string& kind) {
        Link link;
        link.name = name;
        link.kind = kind;
        return is_hairpin(link);
    };
    EXPECT_TRUE(named("sfc12a", "veth"));
    EXPECT_TRUE(named("sfc0b", "veth"));
    EXPECT_FALSE(named("sfc12a", "bridge"));
    for (const char* other : {"", "sfc", "sfca", "sfc12", "sfc12c", "sfc1x2a", "sf12a", "xsfc12a"}) {
        EXPECT_FALSE(named(other, "veth")) << other;
    }
}

} // namespace
} // namespace sfc::test
