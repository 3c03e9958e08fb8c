// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What this host sends by itself through a port that packets leave the kernel by: its own, or an answer to a packet
// that came with a header.
#include <algorithm>
#include <cstring>

#include <arpa/inet.h>

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include "native_runner.h"
#include "proxy.h"

namespace sfc::test {
namespace {

/// The last byte of an address tells: 1 is this host, 2 another one, and to 3 there is no route.
constexpr std::uint8_t kHere = 1, kThere = 2, kNowhere = 3;
constexpr std::uint8_t kTcp = 6;

Packet from4(std::uint8_t host, std::uint8_t options = 0) {
    return ethernet() / ipv4({.from = {192, 0, 2, host}, .to = {198, 51, 100, kThere}, .options = options});
}

Packet from6(std::uint8_t host) {
    return ethernet() / ipv6({.from = host, .to = kThere});
}

/// ICMP messages of this type that quote a packet to that host.
Packet quoting4(std::uint8_t type, std::uint8_t quoted) {
    return icmp(type) / ipv4({.to = {198, 51, 100, quoted}, .protocol = kTcp});
}

Packet quoting6(std::uint8_t type, std::uint8_t quoted) {
    return icmp6(type) / ipv6({.to = quoted, .next = kTcp});
}

class Originated : public testing::Test {
protected:
    NativeRunner runner{standard_plan()};
    void SetUp() override {
        runner.machine.elsewhere = [](std::uint8_t last) { return last == kThere; };
        runner.machine.map("ports").at<sfc_port>(kEgress).kernel = 1;
        sfc_address own4{}, own6{};
        own4.word[2] = htonl(0xffff);
        const Bytes four = from4(kHere), six = from6(kHere);
        std::memcpy(&own4.word[3], four.data() + ETH_HLEN + 12, 4);
        std::memcpy(own6.word, six.data() + ETH_HLEN + 8, 16);
        const Bytes quoted = from4(kHere) / quoting4(3, kHere), quoted6 = from6(kHere) / quoting6(1, kHere);
        for (const sfc_address& own : {own4, own6}) {
            runner.machine.map("own_addresses").set(own, std::uint8_t{1});
        }
        std::memcpy(&own4.word[3], quoted.data() + ETH_HLEN + 20 + 8 + 16, 4);
        std::memcpy(own6.word, quoted6.data() + ETH_HLEN + 40 + 8 + 24, 16);
        for (const sfc_address& own : {own4, own6}) {
            runner.machine.map("own_addresses").set(own, std::uint8_t{1});
        }
    }
    int sent(const Bytes& frame, std::uint16_t ethertype) {
        return runner.machine.run(sfc_restore_tc, frame,
                                  {.ifindex = NativeRunner::ifindex(kEgress), .ethertype = ethertype});
    }
    std::uint64_t counted() {
        return runner.machine.map("port_counters")
            .at<sfc_counters>(kEgress)
            .dropped_after_claim[SFC_REASON_from_kernel]
            .packets;
    }
};

TEST_F(Originated, AnotherHostsAddressAsSource) {
    EXPECT_EQ(sent(from4(kHere) / udp(), ETH_P_IP), TC_ACT_UNSPEC);
    EXPECT_EQ(sent(from6(kHere) / udp(), ETH_P_IPV6), TC_ACT_UNSPEC);
    EXPECT_EQ(counted(), 0U);
    EXPECT_EQ(sent(from4(kThere) / udp(), ETH_P_IP), TC_ACT_SHOT);
    EXPECT_EQ(sent(from6(kThere) / udp(), ETH_P_IPV6), TC_ACT_SHOT);
    EXPECT_EQ(counted(), 2U);
}

TEST_F(Originated, NoAddressYet) {
    runner.machine.elsewhere = [](std::uint8_t) { return true; }; // by the default route
    Bytes no_address6 = ethernet() / ipv6() / icmp6(128);
    std::fill_n(no_address6.begin() + ETH_HLEN + 8, 16, 0);
    EXPECT_EQ(sent(ethernet() / ipv4({.from = {}}) / udp(), ETH_P_IP), TC_ACT_UNSPEC);
    EXPECT_EQ(sent(no_address6, ETH_P_IPV6), TC_ACT_UNSPEC);
    EXPECT_EQ(sent(Bytes(60), ETH_P_ARP), TC_ACT_UNSPEC);
}

TEST_F(Originated, IcmpErrorsThatQuoteAPacketToAnotherHost) {
    for (unsigned number = 0; number < 256; number++) {
        const auto type = static_cast<std::uint8_t>(number);
        const bool error4 = (type >= 3 && type <= 5) || type == 11 || type == 12, error6 = type <= 4;
        for (const std::uint8_t options : {0, 3}) {
            EXPECT_EQ(sent(from4(kHere, options) / quoting4(type, kThere), ETH_P_IP),
                      error4 ? TC_ACT_SHOT : TC_ACT_UNSPEC)
                << number;
        }
        EXPECT_EQ(sent(from6(kHere) / quoting6(type, kThere), ETH_P_IPV6), error6 ? TC_ACT_SHOT : TC_ACT_UNSPEC)
            << number;
    }
    EXPECT_EQ(sent(from4(kHere) / quoting4(3, kHere), ETH_P_IP), TC_ACT_UNSPEC) << "a port that is closed here";
    EXPECT_EQ(sent(from6(kHere) / quoting6(1, kHere), ETH_P_IPV6), TC_ACT_UNSPEC);
}

/// An address without a route is no address of this host.
TEST_F(Originated, QuotesOfPacketsThatGoNowhere) {
    EXPECT_EQ(sent(from4(kHere) / quoting4(3, kNowhere), ETH_P_IP), TC_ACT_SHOT);
    EXPECT_EQ(sent(from6(kHere) / quoting6(1, kNowhere), ETH_P_IPV6), TC_ACT_SHOT);
    EXPECT_EQ(counted(), 2U);
}

/// Where no service strips, the packet that is quoted came without a header.
TEST_F(Originated, ErrorsAtAPortWhereNoServiceStrips) {
    runner.machine.map("ports").at<sfc_port>(kEgress).kernel = 0;
    for (const std::uint8_t quoted : {kThere, kNowhere}) {
        EXPECT_EQ(sent(from4(kHere) / quoting4(3, quoted), ETH_P_IP), TC_ACT_UNSPEC);
        EXPECT_EQ(sent(from6(kHere) / quoting6(1, quoted), ETH_P_IPV6), TC_ACT_UNSPEC);
    }
    EXPECT_EQ(sent(from4(kThere) / udp(), ETH_P_IP), TC_ACT_SHOT)
        << "another host's address is none of ours there either";
}

TEST_F(Originated, Resets) {
    constexpr std::uint8_t kReset = 4, kAck = 16;
    const auto tcp_with = [](const Packet& ip, std::uint8_t flags) {
        Bytes frame = ip / payload(std::size_t{20});
        frame[frame.size() - 20 + 13] = flags;
        return frame;
    };
    const auto four = [&](std::uint8_t host, std::uint8_t flags) {
        return sent(
            tcp_with(ethernet() / ipv4({.from = {192, 0, 2, host}, .to = {198, 51, 100, kThere}, .protocol = kTcp}),
                     flags),
            ETH_P_IP);
    };
    const auto six = [&](std::uint8_t host, std::uint8_t flags) {
        return sent(tcp_with(ethernet() / ipv6({.from = host, .to = kThere, .next = kTcp}), flags), ETH_P_IPV6);
    };
    for (const std::uint8_t flags : {std::uint8_t{kReset}, std::uint8_t(kReset | kAck)}) {
        EXPECT_EQ(four(kHere, flags), TC_ACT_UNSPEC);
        EXPECT_EQ(six(kHere, flags), TC_ACT_UNSPEC);
        EXPECT_EQ(four(kNowhere, flags), TC_ACT_SHOT);
        EXPECT_EQ(six(kNowhere, flags), TC_ACT_SHOT);
    }
    EXPECT_EQ(four(kNowhere, kAck), TC_ACT_UNSPEC) << "no reset";
    EXPECT_EQ(six(kNowhere, kAck), TC_ACT_UNSPEC);
}

TEST_F(Originated, CutShort) {
    for (const std::uint16_t ethertype : {ETH_P_IP, ETH_P_IPV6}) {
        const Bytes whole =
            ethertype == ETH_P_IP ? from4(kHere) / quoting4(3, kThere) : from6(kHere) / quoting6(1, kThere);
        EXPECT_EQ(sent(whole, ethertype), TC_ACT_SHOT);
        for (std::size_t len = ETH_HLEN; len < whole.size(); len++) {
            EXPECT_EQ(sent(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(len)), ethertype),
                      TC_ACT_UNSPEC)
                << len;
        }
    }
}

} // namespace
} // namespace sfc::test
