// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Which packets that are too big are answered, and with which size: those in a label stack of both IP versions, and
// outer packets of SRv6. tests/wire has the bytes of the messages.
#include <algorithm>

#include "faults.h"
#include "srv6_packets.h"

namespace sfc::test {
namespace {

const Bytes kOne = address(1, 1), kTwo = address(2, 1);
constexpr std::size_t kPayload = 600, kLabels = 8, kIp = ETH_HLEN + kLabels;
constexpr std::uint16_t kDontFragment = 0x4000; // RFC 791 3.1

Plan answers_plan() {
    return make_plan(parse_config(R"(
cache: {capacity: 128}
icmp: {source: [203.0.113.1, "2001:db8:a::1"], rate: 1000000}
sfs:
  - {name: fw, ports: {left: f0, right: f1}}
  - {name: ids, ports: {left: w0, right: w1}}
services:
  - {name: out, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: fw, in: left}, last_label: plain,
     next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: back, match: {encapsulation: mpls, label: 16002}, domain: d0, sf: {name: fw, in: left}, next_hop: ingress}
  - {name: frames, match: {encapsulation: mpls, label: 16003}, domain: d0, sf: {name: ids, in: left}, inner: ethernet,
     next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: ad, match: {encapsulation: srv6, sid: "2001:db8:f::1"}, domain: d0, sf: {name: fw, in: left},
     next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: as, match: {encapsulation: srv6, sid: "2001:db8:f::a", behaviour: as}, domain: d0, sf: {name: fw, in: left},
     header: {source: "2001:db8:a::9", segments: ["2001:db8:1::1"]}, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
)",
                                  "answers.yaml"));
}

Bytes labelled4(std::uint32_t label = 16001, std::uint16_t fragment = kDontFragment) {
    return ethernet() / mpls({{label}, {100}}) / ipv4({.fragment = fragment}) / udp() / payload(kPayload);
}

Bytes labelled6(std::uint32_t label = 16001) {
    return ethernet() / mpls({{label}, {100}}) / ipv6() / udp() / payload(kPayload);
}

/// To a SID, with a packet of IPv6 inside.
Bytes steered(std::uint8_t sid, std::uint8_t next = kInIpv6, std::uint8_t hops = 64) {
    const Bytes inside = without_ethernet(Bytes(ethernet() / ipv6() / udp() / payload(kPayload)));
    return in_frame(
        outer(address(0x0f, sid), kRoutingHeader, joined({srh(next, 1, {kTwo, address(0x0f, sid)}), inside}), hops));
}

Bytes with(Bytes frame, std::size_t at, const Bytes& bytes) {
    std::copy(bytes.begin(), bytes.end(), frame.begin() + static_cast<std::ptrdiff_t>(at));
    return frame;
}

class Answers : public testing::Test {
protected:
    Plan plan = answers_plan();
    NativeRunner runner{plan};
    Machine& machine = runner.machine;
    bool counts_lost = false;

    void SetUp() override { full(); }
    void TearDown() override { EXPECT_TRUE(counts_lost || runner.totals().balanced); }

    std::uint32_t& mtu(const char* name) { return machine.map("ports").at<sfc_port>(plan.port_id(name)).mtu; }
    /// Time for messages to be sent again.
    void full() { runner.set_time(machine.map("set_clock").at<std::uint64_t>(0) + 1'000'000'000); }
    Ran strip(const Bytes& frame) {
        full();
        return runner.strip(plan.port_id("d0"), frame);
    }
    bool answered(const Bytes& frame) {
        const Ran ran = strip(frame);
        EXPECT_EQ(unsigned{ran.result.reason}, SFC_REASON_too_big);
        EXPECT_EQ(ran.action, unsigned{ran.result.answered != 0 ? XDP_REDIRECT : XDP_DROP});
        return ran.result.answered != 0;
    }
    /// The size that the message tells, `at` its first byte; 0 where there is none.
    std::uint32_t told(const Bytes& frame, std::size_t at) {
        const Bytes sent = answered(frame) ? machine.frame_bytes() : Bytes(at + 2);
        return static_cast<std::uint32_t>(sent[at] << 8 | sent[at + 1]);
    }
};

/// RFC 1122 3.2.2, RFC 1812 4.3.2.7, RFC 1191 4.
TEST_F(Answers, WhichIpv4Packets) {
    mtu("e0") = 300;
    constexpr std::size_t kFrom = kIp + 12, kTo = kIp + 16;
    EXPECT_TRUE(answered(labelled4()));
    EXPECT_FALSE(answered(labelled4(16001, 0))) << "the network may make fragments of it";
    EXPECT_FALSE(answered(labelled4(16001, kDontFragment | 9))) << "a later fragment";
    for (const Bytes& from : {Bytes{0, 0, 0, 1}, Bytes{127, 0, 0, 1}, Bytes{224, 0, 0, 1}, Bytes{255, 255, 255, 255}}) {
        EXPECT_FALSE(answered(with(labelled4(), kFrom, from))) << +from[0];
    }
    EXPECT_FALSE(answered(with(labelled4(), kTo, {224, 0, 0, 1})));
    EXPECT_FALSE(answered(with(labelled4(), kTo, {255, 255, 255, 255})));
    for (const auto& [type, expected] :
         {std::pair{8, true}, {0, true}, {3, false}, {5, false}, {11, false}, {12, false}}) {
        const Bytes frame = ethernet() / mpls({{16001}, {100}}) / ipv4({.fragment = kDontFragment}) /
                            icmp(static_cast<std::uint8_t>(type)) / payload(kPayload);
        EXPECT_EQ(answered(frame), expected) << type;
    }
}

/// RFC 4443 2.4 (e): not to a sender that is not one node; to many hosts, if it is too big.
TEST_F(Answers, WhichIpv6Packets) {
    mtu("e0") = 1300;
    const auto big = [](const Bytes& from, const Bytes& to) {
        Bytes frame = ethernet() / mpls({{16001}, {100}}) / ipv6() / udp() / payload(1400);
        frame = from.empty() ? frame : with(frame, kIp + 8, from);
        return to.empty() ? frame : with(frame, kIp + 24, to);
    };
    Bytes loopback(16), group(16);
    loopback[15] = 1;
    group[0] = 0xff;
    EXPECT_TRUE(answered(big({}, {})));
    EXPECT_TRUE(answered(big({}, group)));
    EXPECT_FALSE(answered(big(Bytes(16), {})));
    EXPECT_FALSE(answered(big(loopback, {})));
    EXPECT_FALSE(answered(big(group, {})));
    loopback[15] = 2;
    EXPECT_TRUE(answered(big(loopback, {})));
}

/// RFC 8200 4.5: only a first fragment shows that it is an error.
TEST_F(Answers, ErrorsInFragments) {
    mtu("e0") = 1300;
    for (const auto& [offset, expected] : {std::pair{0, false}, {8, true}}) {
        const Bytes header = {58, 0, 0, static_cast<std::uint8_t>(offset | 1), 0, 0, 0, 7};
        const Bytes body = joined({header, {1, 0, 0, 0}, Bytes(1400)});
        const Bytes frame = ethernet() / mpls({{16001}, {100}}) / ipv6({.next = 44}) /
                            payload(std::string_view(reinterpret_cast<const char*>(body.data()), body.size()));
        EXPECT_EQ(answered(frame), expected) << offset;
    }
}

TEST_F(Answers, TheSizeThatFitsBothLinks) {
    constexpr std::size_t kTold4 = ETH_HLEN + 4 + 20 + 6; // one label is left in front of the message
    constexpr std::size_t kTold6 = ETH_HLEN + 4 + 40 + 6;
    mtu("e0") = 300;
    EXPECT_EQ(told(labelled4(), kTold4), 296U);
    EXPECT_EQ(told(labelled6(), kTold6), 296U);
    mtu("f0") = 200;
    EXPECT_EQ(told(labelled4(), kTold4), 200U);
    mtu("f0") = 400;
    EXPECT_EQ(told(labelled4(), kTold4), 296U);
    mtu("e0") = 0;
    EXPECT_EQ(told(labelled4(), kTold4), 400U);
    mtu("d0") = 250;
    EXPECT_EQ(told(labelled4(16002), kTold4), 246U) << "it goes back where it came from";
    for (const std::uint32_t little : {71U, 72U}) { // RFC 791 3.2: 68 bytes fit every link
        mtu("d0") = little;
        EXPECT_EQ(answered(labelled4(16002)), little == 72);
    }
    mtu("d0") = 0;
    mtu("f0") = 0;
    mtu("e0") = 300;
    const Bytes last = ethernet() / mpls({{16001}}) / ipv4({.fragment = kDontFragment}) / udp() / payload(kPayload);
    EXPECT_EQ(told(last, kTold4 - 4), 300U) << "it leaves bare";
}

TEST_F(Answers, FramesAreNotAnswered) {
    mtu("e0") = mtu("w0") = 300;
    const Bytes whole = ethernet() / ipv4({.fragment = kDontFragment}) / udp() / payload(kPayload);
    EXPECT_FALSE(answered(joined({Bytes(ethernet() / mpls({{16003}, {100}}) / payload(0U)), whole})));
}

/// RFC 4443 3.2: the size of outer packets that fit, as they come.
TEST_F(Answers, OuterPackets) {
    constexpr std::size_t kTold = ETH_HLEN + 40 + 6;
    constexpr std::uint32_t kSrh = 40, kAll = 40 + kSrh;
    mtu("e0") = 400;
    EXPECT_EQ(told(steered(1), kTold), 400U);
    EXPECT_EQ(told(steered(10), kTold), 400U + kAll - 40) << "leaves with less";
    EXPECT_EQ(told(steered(1, 17), kTold), 400U) << "not for the SF";
    mtu("f0") = 300;
    EXPECT_EQ(told(steered(1), kTold), 300U + kAll) << "the header does not go to the SF";
    EXPECT_EQ(told(steered(1, 17), kTold), 400U) << "the SF's link does not matter";
    mtu("e0") = 350;
    EXPECT_EQ(told(steered(1), kTold), 350U);
    mtu("e0") = 0;
    EXPECT_EQ(told(steered(1), kTold), 300U + kAll);
    EXPECT_EQ(strip(steered(1, kInIpv6, 1)).result.answered, 1U);
}

TEST_F(Answers, EachHelperFailsOnce) {
    counts_lost = true;
    Random random{1};
    for (const bool sf : {false, true}) {
        mtu(sf ? "f0" : "e0") = 300;
        for (const Bytes& frame : {labelled4(), labelled6(), labelled4(16002), steered(1), steered(10), steered(1, 17),
                                   steered(1, kInIpv6, 1)}) {
            each_fault(
                machine, random, frame, [&] { return runner.strip(plan.port_id("d0"), frame); }, [&] { full(); });
        }
    }
}

} // namespace
} // namespace sfc::test
