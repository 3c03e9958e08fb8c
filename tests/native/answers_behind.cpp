// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Messages to senders of packets with long headers, and of packets of End.AM.
#include "answers_behind.h"

namespace sfc::test {
namespace {

/// A veth leaves 216 bytes in front of a frame, and the header alone may take them all.
TEST_F(Behind, HeadersOfEveryLength) {
    constexpr std::size_t kSize = 1450;
    for (std::size_t words = 0; words <= 52; words++) {
        const auto length = static_cast<std::uint32_t>(8 + 4 * words);
        const Bytes context = words > 32   ? join({tlv(124), tlv(4 * (words - 33))})
                              : words != 0 ? tlv(4 * (words - 1))
                                           : Bytes{};
        for (const bool six : {false, true}) {
            const Bytes packet = packet_of(kSize, six);
            const Nsh fields = {.next = six ? kIpv6 : kIpv4, .md = 2, .context = context};
            mtu("e0") = 0;
            const Bytes there = bare(ether(kNsh, nsh(fields, packet)));
            const std::uint32_t fits = mtu("e0") = static_cast<std::uint32_t>(kSize + length - 1);
            Nsh advanced = fields;
            advanced.si--;
            const Bytes told = nsh(advanced, error_about(packet, too_big(six, fits - length, fits - length)));
            EXPECT_EQ(answer(restore("f1", there)), join({kNextMac, kNoMac, {0x89, 0x4f}, told})) << length;
        }
    }
    EXPECT_EQ(sent(1, SFC_EVENT_ICMP_FRAGMENTATION_NEEDED), 53U);
    EXPECT_EQ(sent(1, SFC_EVENT_ICMP_PACKET_TOO_BIG), 53U);
}

/// The longest header of SRv6, and a packet of which the message quotes all but what does not fit the link.
TEST_F(Behind, TenSegments) {
    std::vector<Bytes> list(9, kTwo);
    list.push_back(address(0x0f, 1));
    const Bytes header = srh(kInIpv6, 9, list, padding(1));
    const auto length = static_cast<std::uint32_t>(kOuter + header.size());
    ASSERT_EQ(length, 216U);
    for (const std::size_t size : {300U, 700U, 1300U}) {
        const Bytes packet = packet_of(size, true);
        mtu("e0") = 0;
        const Bytes there = bare(in_frame(outer(address(0x0f, 1), kRoutingHeader, joined({header, packet}))));
        const std::uint32_t fits = mtu("e0") = static_cast<std::uint32_t>(size + length - 1);
        const Bytes told = error_about(packet, too_big(true, fits - length, fits - length));
        const Bytes left = next_hop(outer(address(0x0f, 1), kRoutingHeader, joined({header, told})), kOuter, kTwo);
        EXPECT_EQ(answer(restore("f1", there)), join({kNextMac, kNoMac, kSix, left})) << size;
    }
}

/// RFC 8986 4.1 and the draft: End.AM takes nothing off, so both links must take the packet as it came.
TEST_F(Behind, MasqueradedPacketsThatAreTooBig) {
    for (const std::size_t size : {500U, 1400U}) {
        const Bytes frame = steered(2, 17, udp_of(size));
        const auto about = [&](std::uint32_t fits) {
            return join({kSenderMac, kNoMac, kSix, error_about(without_ethernet(frame), too_big(true, fits))});
        };
        mtu("e0") = 400;
        EXPECT_EQ(answer(strip(frame)), about(400));
        EXPECT_EQ(machine.redirected(), at("d0"));
        mtu("m0") = 390;
        EXPECT_EQ(answer(strip(frame)), about(390));
        mtu("e0") = 0;
        EXPECT_EQ(answer(strip(frame)), about(390));
        mtu("m0") = 0;
    }
    // RFC 8754 4.1.1: a reduced list, where nothing but the destination has the SID.
    const Bytes list = srh(17, 2, {kTwo, kOne});
    const Bytes packet = outer(address(0x0f, 2), kRoutingHeader, joined({list, udp_of(500)}));
    mtu("e0") = 400;
    const Bytes frame = in_frame(packet),
                sender(frame.begin() + ETH_ALEN, frame.begin() + std::ptrdiff_t{2} * ETH_ALEN);
    EXPECT_EQ(answer(strip(frame)), join({sender, kNoMac, kSix, error_about(packet, too_big(true, 400))}));
    EXPECT_EQ(sent(6, SFC_EVENT_ICMP_PACKET_TOO_BIG), 7U);
    mtu("e1") = 450;
    EXPECT_EQ(answer(strip(steered(0x12, 17, udp_of(500)))),
              join({kSenderMac, kNoMac, kSix,
                    error_about(without_ethernet(steered(0x12, 17, udp_of(500))), too_big(true, 450))}));
}

/// Behind the SF of End.AM the header is a part of the packet. The message has none, and the next hop routes it.
TEST_F(Behind, MasqueradedPacketsThatComeBack) {
    for (const std::uint8_t sid : {2, 3, 0x12}) {
        const Bytes macs = sid == 2   ? join({kNextMac, kNoMac})
                           : sid == 3 ? join({kSenderMac, kNoMac})
                                      : join({kNextMac, kOutMac});
        for (const std::size_t size : {8U, 700U, 1400U}) {
            Bytes back = bare(steered(sid, 17, udp_of(size)));
            back[ETH_HLEN + 7] = 1;
            EXPECT_EQ(answer(restore("m1", back), SFC_REASON_ttl),
                      join({macs, kSix, error_about(without_ethernet(back), {3, 0})}))
                << +sid << ' ' << size;
        }
    }
    EXPECT_EQ(sent(6, SFC_EVENT_ICMP_TIME_EXCEEDED), 3U);
    Bytes to_many = bare(steered(2, 17, udp_of(8)));
    to_many[0] = 0x33;
    to_many[ETH_HLEN + 7] = 1;
    EXPECT_EQ(answer(restore("m1", to_many), SFC_REASON_ttl), Bytes{}); // RFC 4443 2.4 (e.4)
    Bytes error = joined({{1, 0, 0, 0}, Bytes(40)});
    error = bare(steered(2, 58, error));
    error[ETH_HLEN + 7] = 1;
    EXPECT_EQ(answer(restore("m1", error), SFC_REASON_ttl), Bytes{}); // RFC 4443 2.4 (e.1)
}

TEST_F(Behind, MasqueradedPacketsThatNoLongerFit) {
    Bytes back = bare(steered(2, 17, udp_of(1400)));
    mtu("e0") = 1390;
    EXPECT_EQ(answer(restore("m1", back)),
              join({kNextMac, kNoMac, kSix, error_about(without_ethernet(back), too_big(true, 1390))}));
    back = bare(steered(0x12, 17, udp_of(1400)));
    route_mtu = 1380;
    Bytes advanced = without_ethernet(back);
    advanced[7]--;
    std::copy(kOne.begin(), kOne.end(), advanced.begin() + 24);
    EXPECT_EQ(answer(restore("m1", back)), join({kNextMac, kOutMac, kSix, error_about(advanced, too_big(true, 1380))}));
}

/// Of other packets than those of End.AM nobody is told that their hops are used up behind the SF.
TEST_F(Behind, NoHopLeftInside) {
    Bytes back = bare(steered(1, kInIpv6, packet_of(100, true)));
    back[ETH_HLEN + 7] = 1;
    EXPECT_EQ(answer(restore("f1", back), SFC_REASON_ttl), Bytes{});
}

TEST_F(Behind, OffIsOff) {
    machine.constants.icmp = 0;
    route_mtu = 400;
    const Bytes frame = steered(0x11, kInIpv6, packet_of(500, true));
    EXPECT_EQ(answer(restore("f1", bare(frame))), Bytes{});
    Bytes back = bare(steered(2, 17, udp_of(8)));
    back[ETH_HLEN + 7] = 1;
    EXPECT_EQ(answer(restore("m1", back), SFC_REASON_ttl), Bytes{});
}

TEST_F(Behind, EachHelperFailsOnce) {
    counts_lost = true;
    Random random{1};
    const Bytes df = gpe(nsh({.spi = 4}, packet_of(600, false)), {.ip = {.fragment = kDontFragment, .ttl = 9}});
    struct Case {
        Bytes frame;
        const char *left, *port;
        std::uint32_t mtu, route;
        std::uint8_t hops;
    };
    for (const Case& one :
         {Case{ether(kNsh, nsh({.md = 2, .context = tlv(124)}, packet_of(600, false))), "f0", "f1", 400, 65535, 64},
          Case{df, "f0", "f1", 0, 400, 64}, Case{steered(0x11, kInIpv6, packet_of(600, true)), "f0", "f1", 0, 600, 64},
          Case{steered(2, 17, udp_of(600)), "m0", "m1", 400, 65535, 64},
          Case{steered(2, 17, udp_of(600)), "m0", "m1", 0, 65535, 1},
          Case{steered(0x12, 17, udp_of(600)), "m0", "m1", 0, 500, 64},
          Case{steered(0x11, 17, udp_of(600)), "f0", "f1", 500, 500, 64}}) {
        const auto small = [&] {
            full();
            route_mtu = one.route;
            mtu("e0") = mtu("e1") = one.mtu;
        };
        const auto whole = [&] {
            full();
            route_mtu = 65535;
            mtu("e0") = mtu("e1") = 0;
        };
        each_fault(
            machine, random, one.frame, [&] { return runner.strip(id("d0"), one.frame); }, small);
        whole();
        const Ran ran = strip(one.frame);
        if (ran.result.verdict != SFC_VERDICT_TO_SF) {
            continue;
        }
        Bytes there(ran.bytes.begin(), ran.bytes.end());
        there[ETH_HLEN + 7] = there[ETH_HLEN] >> 4 == 6 ? one.hops : there[ETH_HLEN + 7];
        each_fault(
            machine, random, there, [&] { return restore(one.port, there); },
            [&] {
                whole();
                (void)strip(one.frame);
                small();
            });
    }
}

} // namespace
} // namespace sfc::test
