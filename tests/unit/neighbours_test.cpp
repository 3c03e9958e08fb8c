// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The frames that ask for neighbours, against the same made by scapy.
#include "net/neighbours.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sfc {
namespace {

constexpr Mac kOwn = {0x02, 0, 0, 0, 0, 0x01};

std::string hex(const std::vector<std::uint8_t>& bytes) {
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

TEST(Neighbours, ArpRequest) {
    // Ether(dst="ff:ff:ff:ff:ff:ff", src="02:00:00:00:00:01")/ARP(psrc="192.0.2.1", pdst="192.0.2.9", ...)
    EXPECT_EQ(hex(arp_request(kOwn, parse_ip("192.0.2.1"), parse_ip("192.0.2.9"))),
              "ffffffffffff02000000000108060001080006040001020000000001c0000201000000000000c0000209");
}

TEST(Neighbours, Solicitation) {
    // .../IPv6(src="fe80::1", hlim=255)/ICMPv6ND_NS(tgt="2001:db8::12:3456")/ICMPv6NDOptSrcLLAddr(...)
    EXPECT_EQ(hex(neighbour_solicitation(kOwn, parse_ip("fe80::1"), parse_ip("2001:db8::12:3456"))),
              "3333ff12345602000000000186dd6000000000203afffe800000000000000000000000000001ff02000000000000000000"
              "01ff1234568700e2920000000020010db80000000000000000001234560101020000000001");
}

} // namespace
} // namespace sfc
