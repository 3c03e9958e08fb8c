// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SRv6 where captures do not reach: frames of every length, entries that are gone, helpers that fail, what another
// packet of the SF gets. tests/wire/test_srv6.py has the bytes of all the rest.
#include "faults.h"
#include "srv6_packets.h"

namespace sfc::test {
namespace {

const Bytes kOne = address(1, 1), kTwo = address(2, 1); ///< segments behind the SF
const Bytes kAd = address(0x0f, 1), kAs = address(0x0f, 0x0a), kAm = address(0x0f, 2), kWire = address(0x0f, 0x0e);
constexpr std::size_t kSrhAt = kOuter;
constexpr std::uint64_t kLong = 1'000'000'000; ///< in ns: no hold time is so long

Plan srv6_plan() {
    return make_plan(parse_config(R"(
cache: {capacity: 128}
sfs:
  - {name: fw, ports: {left: f0, right: f1}}
  - {name: ids, ports: {left: w0, right: w1}}
  - {name: masked, ports: {left: m0, right: m1}}
services:
  - {name: ad, match: {encapsulation: srv6, sid: "2001:db8:f::1"}, domain: d0, sf: {name: fw, in: left}, inner_ttl: keep,
     cache: last, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: as, match: {encapsulation: srv6, sid: "2001:db8:f::a", behaviour: as}, domain: d0, sf: {name: fw, in: left},
     inner_ttl: keep, header: {source: "2001:db8:a::9", segments: ["2001:db8:1::1", "2001:db8:2::1"]},
     next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: am, match: {encapsulation: srv6, sid: "2001:db8:f::2", behaviour: am}, domain: d0,
     sf: {name: masked, in: left}, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: wire, match: {encapsulation: srv6, sid: "2001:db8:f::e"}, domain: d0, sf: {name: ids, in: left}, inner: ethernet,
     next_hop: ingress}
  - {name: csid, match: {encapsulation: srv6, sid: "2001:db8:100::/48", lblen: 32}, domain: d0,
     sf: {name: fw, in: left}, inner_ttl: keep, next_hop: ingress}
)",
                                  "srv6.yaml"));
}

Bytes listed(const Bytes& to, std::uint8_t next, const Bytes& packet) {
    return in_frame(outer(to, kRoutingHeader, joined({srh(next, 2, {kTwo, kOne, to}), packet})));
}

const Bytes kContainer = {0x20, 0x01, 0x0d, 0xb8, 1, 0, 4, 1, 4, 2, 0, 0, 0, 0, 0, 0};
const Bytes kPlainUdp = {0, 1, 0, 2, 0, 8, 0, 0};
const Bytes kHmac = joined({{5, 38, 0, 0, 0, 0, 0, 42}, Bytes(32, 0x5a)}); // RFC 8754 2.1.2

/// Frames that an SF gets, that go past it, or that leave it with a static header.
const std::vector<Bytes> kFrames = {
    listed(kAd, kInIpv4, packet4()),
    listed(kAd, kInIpv6, packet6()),
    listed(kAd, 17, kPlainUdp),
    listed(kAs, kInIpv4, packet4()),
    in_frame(outer(kAs, kInIpv6, packet6())),
    listed(kAm, 17, kPlainUdp),
    listed(kWire, kInFrame, plain_udp({})),
    in_frame(outer(kContainer, kInIpv4, packet4())),
    in_frame(
        outer(kAd, kDestinationOptions, joined({padding(kRoutingHeader), srh(kInIpv4, 1, {kOne}, kHmac), packet4()}))),
};

class Srv6Native : public testing::Test {
protected:
    Plan plan = srv6_plan();
    NativeRunner runner{plan};
    Machine& machine = runner.machine;
    Random random{1};
    std::uint64_t now = 0;
    bool counts_lost = false;

    void TearDown() override { EXPECT_TRUE(counts_lost || runner.totals().balanced); }

    Ran strip(const Bytes& frame) { return runner.strip(plan.port_id("d0"), frame); }
    unsigned reason(const Bytes& frame) { return strip(frame).result.reason; }
    Ran restore(const char* port, const Bytes& frame) { return runner.restore(plan.port_id(port), frame); }
    /// The frame that the SF gets.
    Bytes bare(const Bytes& frame) {
        const Ran ran = strip(frame);
        EXPECT_EQ(ran.result.verdict, SFC_VERDICT_TO_SF) << unsigned{ran.result.reason};
        return {ran.bytes.begin(), ran.bytes.end()};
    }
    std::uint64_t originated(const char* name) {
        for (std::size_t id = 1; id < plan.services.size(); id++) {
            if (plan.services[id].name == name) {
                return runner.service_counters(static_cast<std::uint16_t>(id)).event[SFC_EVENT_ORIGINATED].packets;
            }
        }
        return 0;
    }
};

/// No frame that ends before its packet goes anywhere.
TEST_F(Srv6Native, EveryLengthOfAFrame) {
    for (const Bytes& whole : kFrames) {
        for (std::size_t size = 0; size < whole.size(); size++) {
            const Ran ran = strip({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
            const unsigned expected = size < ETH_HLEN            ? SFC_REASON_runt
                                      : size < ETH_HLEN + kOuter ? SFC_REASON_not_sfc
                                                                 : SFC_REASON_truncated;
            EXPECT_EQ(unsigned{ran.result.reason}, expected) << size;
        }
        runner.set_time(now += kLong); // or the packet may be in the SF with another header
        EXPECT_NE(strip(whole).result.egress, SFC_NONE);
    }
}

/// RFC 8200 4: no header is behind the end of the packet, whatever the frame has there.
TEST_F(Srv6Native, EveryPayloadLength) {
    for (const Bytes& whole : kFrames) {
        const std::size_t right = whole[ETH_HLEN + 4] << 8 | whole[ETH_HLEN + 5];
        for (std::size_t length = 0; length < right; length++) {
            Bytes frame = whole;
            frame[ETH_HLEN + 4] = static_cast<std::uint8_t>(length >> 8);
            frame[ETH_HLEN + 5] = static_cast<std::uint8_t>(length);
            const Ran ran = strip(frame);
            const bool parts = whole[ETH_HLEN + 6] == kRoutingHeader || whole[ETH_HLEN + 6] == kDestinationOptions;
            if (parts && length < 24) { // no SRH is that short
                EXPECT_EQ(unsigned{ran.result.reason}, SFC_REASON_truncated) << length;
            }
            EXPECT_EQ(contradiction(ran, machine.redirected().has_value()), "") << length;
        }
    }
}

TEST_F(Srv6Native, ThereAndBack) {
    for (const std::size_t n : {0U, 1U, 8U}) {
        const Bytes packet = without_ethernet(kFrames[n]);
        const std::size_t at = n == 8 ? kSrhAt + 8 : kSrhAt;
        const Ran back = restore("f1", bare(kFrames[n]));
        ASSERT_EQ(back.result.verdict, SFC_VERDICT_RESTORED);
        EXPECT_EQ(without_ethernet(back.bytes), next_hop(packet, at, kOne));
    }
    const Ran back = restore("f1", bare(kFrames[7]));
    EXPECT_EQ(without_ethernet(back.bytes),
              next_hop(without_ethernet(kFrames[7]), 0, {0x20, 0x01, 0x0d, 0xb8, 4, 1, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_F(Srv6Native, WithoutAMapNothingIsGranted) {
    counts_lost = true;
    const Bytes is_static = listed(kAs, kInIpv4, packet4());
    machine.map("fixed_headers").resize(0);
    EXPECT_EQ(reason(is_static), unsigned{SFC_REASON_no_next_hop});
    EXPECT_EQ(reason(listed(kAd, kInIpv4, packet4())), unsigned{SFC_OK});
    machine.map("last_headers").resize(0);
    EXPECT_EQ(reason(listed(kAd, kInIpv6, packet6())), unsigned{SFC_OK});
    EXPECT_EQ(restore("f1", plain_udp({.id = 77})).result.reason, unsigned{SFC_REASON_miss});
    machine.map("own_addresses").resize(0);
    EXPECT_EQ(reason(in_frame(outer(kAd, 58, Bytes(8)))), unsigned{SFC_REASON_upper_layer});
}

TEST_F(Srv6Native, AStaticHeaderThatIsNone) {
    const Bytes frame = listed(kAs, kInIpv4, packet4());
    auto& fixed = machine.map("fixed_headers").at<sfc_fixed_header>(2);
    ASSERT_EQ(plan.services[2].name, "as");
    const sfc_fixed_header right = fixed;
    fixed.next = SFC_HEADER_MAX;
    EXPECT_EQ(reason(frame), unsigned{SFC_REASON_no_next_hop});
    fixed = right;
    fixed.len = 0;
    EXPECT_EQ(reason(frame), unsigned{SFC_REASON_no_next_hop});
    fixed = right;
    EXPECT_EQ(reason(frame), unsigned{SFC_OK});
}

/// Ping and neighbour discovery for the host, where the SID is one of its addresses.
TEST_F(Srv6Native, PingToAnAddressOfTheHost) {
    const Bytes ping = in_frame(outer(kAd, 58, Bytes(8)));
    EXPECT_EQ(reason(ping), unsigned{SFC_REASON_upper_layer});
    std::array<std::uint8_t, 16> own{};
    std::copy(kAd.begin(), kAd.end(), own.begin());
    runner.set_own_addresses({own});
    const Ran ran = strip(ping);
    EXPECT_EQ(ran.action, unsigned{XDP_PASS});
    EXPECT_EQ(unsigned{ran.result.reason}, SFC_REASON_not_sfc);
    EXPECT_EQ(reason(in_frame(outer(kAd, 17, kPlainUdp))), unsigned{SFC_REASON_upper_layer});
}

/// `cache: last`: what the SF sends on its own gets the last header, where it is of that IP version.
TEST_F(Srv6Native, PacketsOfTheSfsOwn) {
    const Bytes own = plain_udp({.id = 900}), own6 = ethernet() / ipv6() / udp() / payload("its own");
    EXPECT_EQ(restore("f1", own).result.reason, unsigned{SFC_REASON_miss}) << "no header has come yet";
    const Bytes frame = listed(kAd, kInIpv4, packet4());
    const Bytes sent = bare(frame);
    const Ran ran = restore("f1", own);
    ASSERT_EQ(ran.result.verdict, SFC_VERDICT_RESTORED);
    Bytes expected = next_hop(without_ethernet(frame), kSrhAt, kOne);
    std::copy_n(without_ethernet(own).begin(), 20, expected.begin() + kOuter + 56); // only the IPv4 header differs
    EXPECT_EQ(without_ethernet(ran.bytes), expected);
    EXPECT_EQ(originated("ad"), 1U);
    EXPECT_EQ(restore("f1", own6).result.reason, unsigned{SFC_REASON_miss});
    EXPECT_EQ(restore("f1", sent).result.verdict, SFC_VERDICT_RESTORED);
    EXPECT_EQ(restore("f0", own).result.reason, unsigned{SFC_REASON_miss}) << "the service leads to the other port";
    machine.map("service_counters").resize(0);
    counts_lost = true;
    EXPECT_EQ(restore("f1", own).result.verdict, SFC_VERDICT_RESTORED);
}

/// End.AM: each byte of the extension headers counts, and the next segment gets the packet for a hop.
TEST_F(Srv6Native, WhatComesBackMasqueraded) {
    const Bytes frame = listed(kAm, 17, kPlainUdp);
    const Bytes sent = bare(frame);
    EXPECT_EQ(Bytes(sent.begin() + ETH_HLEN + 24, sent.begin() + ETH_HLEN + 40), kTwo);
    const Ran back = restore("m1", sent);
    ASSERT_EQ(back.result.verdict, SFC_VERDICT_RESTORED);
    Bytes expected = next_hop(without_ethernet(frame), kSrhAt, kOne);
    expected[7]--; // for the hop behind the SF
    EXPECT_EQ(without_ethernet(back.bytes), expected);
    for (std::size_t at = ETH_HLEN + kSrhAt + 3; at < ETH_HLEN + kSrhAt + 56; at++) {
        Bytes other = bare(frame);
        other[at] ^= 1;
        const Ran ran = restore("m1", other);
        EXPECT_EQ(unsigned{ran.result.reason}, SFC_REASON_sfc_from_sf) << at;
        (void)restore("m1", sent);
    }
    for (const std::uint8_t hops : {0, 1}) {
        Bytes tired = bare(frame);
        tired[ETH_HLEN + 7] = hops;
        EXPECT_EQ(unsigned{restore("m1", tired).result.reason}, SFC_REASON_ttl);
    }
    Bytes unlike = bare(frame);
    unlike.resize(ETH_HLEN + kSrhAt + 56);
    EXPECT_NE(restore("m1", unlike).result.verdict, SFC_VERDICT_RESTORED);
    (void)restore("m1", sent);
}

TEST_F(Srv6Native, EachHelperFailsOnce) {
    counts_lost = true;
    for (const Bytes& frame : kFrames) {
        const auto there = [&] { return strip(frame); };
        each_fault(machine, random, frame, there, [] {});
        const Ran ran = there();
        if (ran.result.verdict != SFC_VERDICT_TO_SF) {
            continue;
        }
        const std::uint16_t port = plan.return_port(ran.result.egress);
        const Bytes sent(ran.bytes.begin(), ran.bytes.end());
        each_fault(
            machine, random, sent, [&] { return runner.restore(port, sent); }, there);
    }
}

} // namespace
} // namespace sfc::test
