// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Messages to senders where routes of the kernel say where packets go.
#include "answers_behind.h"

namespace sfc::test {
namespace {

class ByRoute : public Behind {};

/// RFC 1191: the size that fits the route, or the port that it leads to. The message has its header, and asks again.
TEST_F(ByRoute, ARouteWithASmallerMtu) {
    for (const bool six : {false, true}) {
        const std::uint32_t length = kGpe + (six ? 20 : 0);
        const Bytes packet = packet_of(1400, six);
        const Nsh fields = {.spi = six ? 6U : 4U, .next = six ? kIpv6 : kIpv4};
        Nsh advanced = fields;
        advanced.si--;
        for (const auto& [route, port] : {std::pair{1390U, 0U}, {65535U, 1380U}, {1390U, 1370U}, {1350U, 1370U}}) {
            route_mtu = route;
            mtu("e1") = port;
            const Bytes there =
                bare(gpe(nsh(fields, packet), {.six = six, .ip = {.fragment = kDontFragment, .ttl = 9}}));
            asked.clear();
            const Bytes got = answer(restore("f1", there));
            const std::uint32_t fits = (port != 0 ? std::min(route, port) : route) - length;
            const Bytes told = tunnelled(nsh(advanced, error_about(packet, too_big(six, fits, fits))), six);
            EXPECT_EQ(got, join({kNextMac, kOutMac, six ? kSix : kFour, told})) << route << ' ' << port;
            EXPECT_EQ(machine.redirected(), at("e1"));
            ASSERT_FALSE(asked.empty());
            EXPECT_EQ(asked.back().tot_len, told.size());
            EXPECT_EQ(asked.back().ifindex, at("f1"));
        }
    }
    EXPECT_EQ(sent(2, SFC_EVENT_ICMP_FRAGMENTATION_NEEDED), 4U);
    EXPECT_EQ(sent(3, SFC_EVENT_ICMP_PACKET_TOO_BIG), 4U);
}

/// As packets: by the kernel, where it must send them itself; not at all, where there is no way.
TEST_F(ByRoute, TheWayOfTheMessage) {
    route_mtu = 500;
    const Bytes frame = gpe(nsh({.spi = 4}, packet_of(600, false)), {.ip = {.fragment = kDontFragment, .ttl = 9}});
    for (const long answered : {BPF_FIB_LKUP_RET_NO_NEIGH, BPF_FIB_LKUP_RET_UNSUPP_LWT}) {
        found = answered;
        const Bytes told = nsh({.spi = 4, .si = 6}, error_about(packet_of(600, false), too_big(false, 440, 440)));
        EXPECT_EQ(answer(restore("f1", bare(frame))), join({kOurMac, kOurMac, kFour, tunnelled(told, false)}))
            << answered;
        EXPECT_EQ(machine.redirected(), kQueue);
    }
    const std::uint32_t zero = 0;
    machine.map("handover").erase(&zero);
    EXPECT_EQ(answer(restore("f1", bare(frame))), Bytes{});
    found = BPF_FIB_LKUP_RET_SUCCESS;
    leads_to = at("d0");
    EXPECT_EQ(answer(restore("f1", bare(frame))), Bytes{}) << "not in the list";
    leads_to = at("e1");
    const Bytes frames = gpe(
        nsh({.spi = 4},
            without_ethernet(plain_udp({.payload = std::string_view("0123456789012345678901234567890123456789")}))));
    route_mtu = 100;
    EXPECT_EQ(answer(restore("f1", bare(frames))), Bytes{}) << "it may be fragmented";
}

/// Strip knows no route: it tells the largest of the sizes, and the message takes the route as from the SF's port.
TEST_F(ByRoute, TooBigForEachPortOfTheList) {
    mtu("e0") = 500;
    mtu("e1") = 540;
    const Bytes packet = packet_of(600, false);
    const Bytes frame = gpe(nsh({.spi = 4}, packet), {.ip = {.fragment = kDontFragment, .ttl = 9}});
    const auto told = [&](std::uint32_t fits, std::size_t most) {
        return tunnelled(nsh({.spi = 4, .si = 6}, error_about(packet, too_big(false, fits, most))), false);
    };
    EXPECT_EQ(answer(strip(frame)), join({kNextMac, kOutMac, kFour, told(480, 480)}));
    ASSERT_FALSE(asked.empty());
    EXPECT_EQ(asked.back().ifindex, at("f1"));
    mtu("f0") = 300;
    EXPECT_EQ(answer(strip(frame)), join({kNextMac, kOutMac, kFour, told(300, 480)})) << "the SF's link is smaller";
    mtu("e0") = 0;
    EXPECT_EQ(answer(strip(frame)), Bytes{}) << "the route leads to a port that the message does not fit";
    leads_to = at("e0");
    EXPECT_EQ(answer(strip(frame)), join({kNextMac, kOutMac, kFour, told(300, 576)}));
    found = BPF_FIB_LKUP_RET_NO_NEIGH;
    EXPECT_EQ(answer(strip(frame)), Bytes{}) << "the kernel would take it for one of the domain port's";
}

/// SRv6 by routes: behind the SF as any header; at strip the outer packet goes back to where it came from.
TEST_F(ByRoute, SegmentsByRoutes) {
    const Bytes packet = packet_of(1300, true);
    const Bytes frame = steered(0x11, kInIpv6, packet);
    constexpr std::uint32_t kHeader = kOuter + 56;
    route_mtu = 1390;
    const Bytes list = srh(kInIpv6, 2, {kTwo, kOne, address(0x0f, 0x11)});
    const Bytes told = error_about(packet, too_big(true, 1390 - kHeader, 1390 - kHeader));
    const Bytes left = next_hop(outer(address(0x0f, 0x11), kRoutingHeader, joined({list, told})), kOuter, kOne);
    EXPECT_EQ(answer(restore("f1", bare(frame))), join({kNextMac, kOutMac, kSix, left}));
    mtu("e0") = 1340;
    mtu("e1") = 1350;
    EXPECT_EQ(answer(strip(frame)),
              join({kSenderMac, kNoMac, kSix, error_about(without_ethernet(frame), too_big(true, 1350))}));
    EXPECT_EQ(machine.redirected(), at("d0"));
}

/// A packet that goes past the SF is told what fits its route; the message quotes it with its next segment.
TEST_F(ByRoute, PastTheSfByRoutes) {
    const Bytes frame = steered(0x11, 17, udp_of(1300));
    route_mtu = 1340;
    Bytes advanced = next_hop(without_ethernet(frame), kOuter, kOne);
    EXPECT_EQ(answer(strip(frame)), join({kSenderMac, kNoMac, kSix, error_about(advanced, too_big(true, 1340))}));
    EXPECT_EQ(machine.redirected(), at("d0"));
}

/// Nobody has read what is behind the header of an OAM packet, and that header is ready to leave, not to be finished.
TEST_F(ByRoute, OamPackets) {
    route_mtu = mtu("e0") = mtu("e1") = 500;
    const auto oam = [](std::uint32_t spi) {
        return nsh({.spi = spi, .md = 2, .oam = true, .context = {}}, packet_of(600, false));
    };
    EXPECT_EQ(answer(strip(ether(kNsh, oam(1)))), Bytes{});
    EXPECT_EQ(answer(strip(gpe(oam(4)))), Bytes{});
}

} // namespace
} // namespace sfc::test
