// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What this host sends by itself through a port that packets leave the stack by: its own, or an answer to a packet that
// came with a header.
#include <algorithm>

#include <gtest/gtest.h>
#include <linux/pkt_cls.h>

#include "native_runner.h"
#include "proxy.h"

namespace sfc::test {
namespace {

/// The last byte of an address tells: 1 is this host, 2 another one.
constexpr std::uint8_t kHere = 1, kThere = 2;
constexpr std::size_t kEthernet = 14, kIpv4 = 20, kIpv6 = 40, kIcmp = 8;

class Originated : public testing::Test {
protected:
    NativeRunner runner{standard_plan()};
    void SetUp() override {
        runner.machine.elsewhere = [](std::uint8_t last) { return last == kThere; };
    }
    int sent(const Bytes& frame, std::uint16_t ethertype) {
        return runner.machine.run(sfc_catch, frame,
                                  {.ifindex = NativeRunner::ifindex(kEgress), .ethertype = ethertype});
    }
    std::uint64_t counted() {
        return runner.machine.map("port_counters")
            .at<sfc_counters>(kEgress)
            .dropped_after_claim[SFC_REASON_from_stack]
            .packets;
    }
};

Bytes ipv4(std::uint8_t protocol, std::uint8_t source, std::uint8_t options = 0) {
    Bytes packet(kIpv4 + std::size_t{4} * options);
    packet[0] = static_cast<std::uint8_t>(0x45 + options);
    packet[9] = protocol;
    if (source != 0) {
        packet[12] = 192;
    }
    packet[15] = source;
    packet[19] = kThere;
    return packet;
}

Bytes ipv6(std::uint8_t next, std::uint8_t source) {
    Bytes packet(kIpv6);
    packet[0] = 0x60;
    packet[6] = next;
    packet[23] = source;
    packet[39] = kThere;
    return packet;
}

Bytes frame(const Bytes& packet, const Bytes& payload) {
    Bytes all(kEthernet + packet.size() + payload.size());
    std::copy(payload.begin(), payload.end(), std::copy(packet.begin(), packet.end(), all.begin() + kEthernet));
    return all;
}

/// An ICMP message of this type that quotes a packet to that host.
Bytes icmp(std::uint8_t type, std::uint8_t quoted, bool six) {
    const Bytes packet = six ? ipv6(6, kThere) : ipv4(6, kThere);
    Bytes all(kIcmp + packet.size());
    all[0] = type;
    std::copy(packet.begin(), packet.end(), all.begin() + kIcmp);
    all.back() = quoted;
    return all;
}

TEST_F(Originated, AnotherHostsAddressAsSource) {
    EXPECT_EQ(sent(frame(ipv4(6, kHere), Bytes(20)), 0x0800), TC_ACT_UNSPEC);
    EXPECT_EQ(sent(frame(ipv6(6, kHere), Bytes(20)), 0x86dd), TC_ACT_UNSPEC);
    EXPECT_EQ(counted(), 0U);
    EXPECT_EQ(sent(frame(ipv4(6, kThere), Bytes(20)), 0x0800), TC_ACT_SHOT);
    EXPECT_EQ(sent(frame(ipv6(6, kThere), Bytes(20)), 0x86dd), TC_ACT_SHOT);
    EXPECT_EQ(counted(), 2U);
}

TEST_F(Originated, NoAddressYet) {
    runner.machine.elsewhere = [](std::uint8_t) { return true; }; // by the default route
    EXPECT_EQ(sent(frame(ipv4(17, 0), Bytes(20)), 0x0800), TC_ACT_UNSPEC);
    EXPECT_EQ(sent(frame(ipv6(58, 0), Bytes(20)), 0x86dd), TC_ACT_UNSPEC);
    EXPECT_EQ(sent(Bytes(60), 0x0806), TC_ACT_UNSPEC) << "ARP";
}

TEST_F(Originated, IcmpErrorsThatQuoteAPacketToAnotherHost) {
    for (unsigned type = 0; type < 256; type++) {
        const bool error4 = (type >= 3 && type <= 5) || type == 11 || type == 12, error6 = type <= 4;
        for (const std::uint8_t options : {0, 3}) {
            EXPECT_EQ(
                sent(frame(ipv4(1, kHere, options), icmp(static_cast<std::uint8_t>(type), kThere, false)), 0x0800),
                error4 ? TC_ACT_SHOT : TC_ACT_UNSPEC)
                << type;
        }
        EXPECT_EQ(sent(frame(ipv6(58, kHere), icmp(static_cast<std::uint8_t>(type), kThere, true)), 0x86dd),
                  error6 ? TC_ACT_SHOT : TC_ACT_UNSPEC)
            << type;
    }
    EXPECT_EQ(sent(frame(ipv4(1, kHere), icmp(3, kHere, false)), 0x0800), TC_ACT_UNSPEC)
        << "a port that is closed here";
    EXPECT_EQ(sent(frame(ipv6(58, kHere), icmp(1, kHere, true)), 0x86dd), TC_ACT_UNSPEC);
}

TEST_F(Originated, CutShort) {
    for (const std::uint16_t ethertype : {0x0800, 0x86dd}) {
        const Bytes whole = ethertype == 0x0800 ? frame(ipv4(1, kHere), icmp(3, kThere, false))
                                                : frame(ipv6(58, kHere), icmp(1, kThere, true));
        const std::size_t quoted = whole.size();
        EXPECT_EQ(sent(whole, ethertype), TC_ACT_SHOT);
        for (std::size_t len = kEthernet; len < quoted; len++) {
            EXPECT_EQ(sent(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(len)), ethertype),
                      TC_ACT_UNSPEC)
                << len;
        }
    }
}

} // namespace
} // namespace sfc::test
