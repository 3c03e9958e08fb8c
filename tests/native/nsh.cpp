// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// NSH in user space: every fault by its name, every carrier and walk there and back, each helper call failing once.
#include <netinet/in.h>

#include "faults.h"
#include "nsh_packets.h"

namespace sfc::test {
namespace {

Plan nsh_plan() {
    return make_plan(parse_config(R"(
cache: {capacity: 256}
sfs:
  - {name: fw, ports: {left: f0, right: f1}}
  - {name: bridge, ports: {left: f2, right: f3}}
services:
  - {name: any, match: {encapsulation: nsh, spi: 1, si: any}, domain: d0, sf: {name: fw, in: left}, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: hops, match: {encapsulation: nsh, spi: 2, si: [7, 1]}, domain: d0, sf: {name: fw, in: left}, forwarder: true, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: back, match: {encapsulation: nsh, spi: 3, si: 7}, domain: d0, sf: {name: fw, in: left}, next_hop: ingress}
  - {name: four, match: {encapsulation: nsh, spi: 4, si: 7}, domain: d0, sf: {name: fw, in: left}, next_hop: {interface: e0, mac: "02:00:00:00:00:99", tunnel: {remote: 192.0.2.9, local: 192.0.2.1}}}
  - {name: six, match: {encapsulation: nsh, spi: 5, si: 7}, domain: d0, sf: {name: fw, in: left}, next_hop: {interface: e0, mac: "02:00:00:00:00:99", tunnel: {remote: "2001:db8::9", local: "2001:db8::1"}}}
  - {name: frames, match: {encapsulation: nsh, spi: 6, si: 7}, domain: d0, sf: {name: bridge, in: left}, inner: ethernet, next_hop: ingress}
  - {name: ipv6, match: {encapsulation: nsh, spi: 7, si: 7}, domain: d0, sf: {name: fw, in: left}, inner: ipv6, next_hop: ingress}
)",
                                  "nsh.yaml"));
}

/// 216 bytes of NSH with its contexts, which is the most.
const Bytes kMost = join({tlv(124), tlv(76)});
const Bytes kFrameInside = plain_udp({});

Bytes changed(Bytes frame, std::size_t at, std::uint8_t value) {
    frame[at] = value;
    return frame;
}

Bytes without_checksum(const Bytes& frame) {
    return changed(changed(frame, ETH_HLEN + 26, 0), ETH_HLEN + 27, 0);
}

Bytes until(Bytes frame, std::size_t size) {
    frame.resize(size);
    return frame;
}

/// With another length in the outer IPv4 header.
Bytes with_length(Bytes frame, std::uint16_t length) {
    const std::span<std::uint8_t> ip = std::span(frame).subspan(ETH_HLEN, 20);
    ip[2] = static_cast<std::uint8_t>(length >> 8);
    ip[3] = static_cast<std::uint8_t>(length);
    ip[10] = ip[11] = 0;
    const std::uint16_t sum = internet_checksum(ip);
    ip[10] = static_cast<std::uint8_t>(sum >> 8);
    ip[11] = static_cast<std::uint8_t>(sum);
    return frame;
}

/// UDP in IPv6 with a fragment header; `offset` as on the wire.
Bytes fragment6(std::uint8_t next, std::uint8_t offset) {
    const Bytes ip = ethernet() / ipv6({.next = IPPROTO_FRAGMENT});
    return ether(ETH_P_IPV6, join({without_ethernet(ip),
                                   {next, 0, 0, offset, 0, 0, 0, 1},
                                   {0xc3, 0x51, 0x12, 0xb6, 0, 99, 0, 0},
                                   Bytes(20)}));
}

struct Good {
    const char* name;
    Bytes frame;
    std::size_t lead = 0;    ///< bytes between Ethernet and the NSH
    std::size_t padding = 0; ///< at the end of the frame
};

constexpr std::size_t kLead4 = 36, kLead6 = 56;

const std::vector<Good> kGood = {
    {"MD type 1", ether(kNsh, nsh({}, inner4()))},
    {"IPv6", ether(kNsh, nsh({.spi = 7, .next = kIpv6}, inner6()))},
    {"the last index", ether(kNsh, nsh({.si = 1}, inner4()))},
    {"MD type 2 without contexts", ether(kNsh, nsh({.md = 2, .context = {}}, inner4()))},
    {"MD type 2", ether(kNsh, nsh({.md = 2, .context = join({tlv(3), tlv(0), tlv(4)})}, inner4()))},
    {"the longest", ether(kNsh, nsh({.md = 2, .context = kMost}, inner4()))},
    {"forwarder", ether(kNsh, nsh({.spi = 2}, inner4()))},
    {"forwarder, old sender", ether(kNsh, nsh({.spi = 2, .si = 1, .ttl = 0}, inner4()))},
    {"ingress", ether(kNsh, nsh({.spi = 3}, inner4()))},
    {"a frame inside", ether(kNsh, nsh({.spi = 6, .next = kEthernet}, kFrameInside))},
    {"a tag", ether(ETH_P_8021Q, join({tag(kNsh), nsh({}, inner4())})), 4},
    {"two tags", ether(ETH_P_8021AD, join({tag(ETH_P_8021Q), tag(kNsh), nsh({}, inner4())})), 8},
    {"nested", ether(kNsh, nsh({.next = kNested}, nsh({.si = 0, .oam = true}, inner4())))},
    {"nested, MD type 2",
     ether(kNsh, nsh({.next = kNested}, nsh({.next = kIpv6, .md = 2, .context = tlv(5)}, inner6())))},
    {"labels", ether(kNsh, nsh({.next = kMpls}, join({word(0x00011040), word(0x00012140), inner4()})))},
    {"IOAM", ether(kNsh, nsh({.next = kIoam}, join({word(0x00020001), word(7), inner4()})))},
    {"GPE, back", gpe(nsh({.spi = 3}, inner4())), kLead4},
    {"GPE, back, no checksum", without_checksum(gpe(nsh({.spi = 3}, inner4()))), kLead4},
    {"GPE, tunnel, no checksum", without_checksum(gpe(nsh({.spi = 4}, inner4()))), kLead4},
    {"GPE, a frame inside, no checksum", without_checksum(gpe(nsh({.spi = 6, .next = kEthernet}, kFrameInside))),
     kLead4},
    {"GPE, IPv6 inside, no checksum", without_checksum(gpe(nsh({.spi = 7, .next = kIpv6}, inner6()))), kLead4},
    {"GPE, padded, no checksum", join({without_checksum(gpe(nsh({.spi = 3}, inner4()))), Bytes(5)}), kLead4, 5},
    {"GPE, may be fragmented", gpe(nsh({.spi = 3}, inner4()), {.ip = {.fragment = 0}}), kLead4},
    {"GPE, must not", gpe(nsh({.spi = 3}, inner4()), {.ip = {.fragment = 0x4000}}), kLead4},
    {"GPE over IPv6, back", gpe(nsh({.spi = 3}, inner4()), {.six = true}), kLead6},
    {"GPE, tunnel", gpe(nsh({.spi = 4}, inner4())), kLead4},
    {"GPE over IPv6, tunnel", gpe(nsh({.spi = 5}, inner4()), {.six = true}), kLead6},
    {"GPE, a frame inside", gpe(nsh({.spi = 6, .next = kEthernet}, kFrameInside)), kLead4},
    {"GPE, jumbo", gpe(nsh({.spi = 3}, inner4(std::string(9001, 'x')))), kLead4},
    {"GPE, beyond what a program may read", gpe(nsh({.spi = 3}, inner4(std::string(40000, 'x')))), kLead4},
    {"GPE, padded", join({gpe(nsh({.spi = 3}, inner4())), Bytes(5)}), kLead4, 5},
};

struct Bad {
    const char* name;
    Bytes frame;
    unsigned reason;
};

const std::vector<Bad> kBad = {
    {"version", ether(kNsh, nsh({.version = 1}, inner4())), SFC_REASON_bad_version},
    {"path", ether(kNsh, nsh({.spi = 99}, inner4())), SFC_REASON_unmatched},
    {"index", ether(kNsh, nsh({.spi = 2, .si = 6}, inner4())), SFC_REASON_unmatched},
    {"index 0", ether(kNsh, nsh({.si = 0}, inner4())), SFC_REASON_service_index},
    {"TTL 1", ether(kNsh, nsh({.spi = 2, .ttl = 1}, inner4())), SFC_REASON_ttl},
    {"O bit", ether(kNsh, nsh({.oam = true}, inner4())), SFC_REASON_oam},
    {"MD type 0", ether(kNsh, nsh({.md = 0}, inner4())), SFC_REASON_md_type},
    {"length of MD type 1", ether(kNsh, nsh({.words = 7}, inner4())), SFC_REASON_bad_length},
    {"length of MD type 2", ether(kNsh, nsh({.md = 2, .words = 1}, inner4())), SFC_REASON_bad_length},
    {"next protocol 0", ether(kNsh, nsh({.next = 0}, inner4())), SFC_REASON_next_protocol},
    {"next protocol 7", ether(kNsh, nsh({.next = 7}, inner4())), SFC_REASON_next_protocol},
    {"nested version", ether(kNsh, nsh({.next = kNested}, nsh({.version = 1}, inner4()))), SFC_REASON_bad_version},
    {"nested MD type", ether(kNsh, nsh({.next = kNested}, nsh({.md = 15}, inner4()))), SFC_REASON_md_type},
    {"IOAM of no length", ether(kNsh, nsh({.next = kIoam}, join({word(0x00000001), inner4()}))), SFC_REASON_bad_length},
    {"long IOAM", ether(kNsh, nsh({.next = kIoam}, join({word(0x00ff0004), Bytes(1016), inner4()}))),
     SFC_REASON_header_too_long},
    {"labels without end", ether(kNsh, nsh({.next = kMpls}, Bytes(240))), SFC_REASON_header_too_long},
    {"too many contexts", ether(kNsh, nsh({.md = 2, .context = join({kMost, tlv(0)})}, inner4())),
     SFC_REASON_header_too_long},
    {"context beyond the end", ether(kNsh, nsh({.md = 2, .context = tlv(4, 5)}, inner4())), SFC_REASON_bad_tlv},
    {"frame for IP", ether(kNsh, nsh({.next = kEthernet}, kFrameInside)), SFC_REASON_bad_inner},
    {"IP for frames", ether(kNsh, nsh({.spi = 6}, inner4())), SFC_REASON_bad_inner},
    {"labels for frames", ether(kNsh, nsh({.spi = 6, .next = kMpls}, join({word(0x00012140), inner4()}))),
     SFC_REASON_bad_inner},
    {"IPv4 said to be IPv6", ether(kNsh, nsh({.next = kIpv6}, inner4())), SFC_REASON_bad_inner},
    {"IPv4 for IPv6", ether(kNsh, nsh({.spi = 7}, inner4())), SFC_REASON_bad_inner},
    {"tag without NSH", ether(ETH_P_8021Q, join({tag(ETH_P_IP), inner4()})), SFC_REASON_not_sfc},
    {"tag with labels", ether(ETH_P_8021Q, join({tag(0x8847), inner4()})), SFC_REASON_not_sfc},
    {"three tags", ether(ETH_P_8021AD, join({tag(ETH_P_8021Q), tag(ETH_P_8021Q), tag(kNsh), nsh({}, inner4())})),
     SFC_REASON_not_sfc},
    {"Ethernet into a tunnel", ether(kNsh, nsh({.spi = 4}, inner4())), SFC_REASON_no_next_hop},
    {"GPE to Ethernet", gpe(nsh({}, inner4())), SFC_REASON_no_next_hop},
    {"GPE into a tunnel of IPv6", gpe(nsh({.spi = 5}, inner4())), SFC_REASON_no_next_hop},
    {"GPE over IPv6 into one of IPv4", gpe(nsh({.spi = 4}, inner4()), {.six = true}), SFC_REASON_no_next_hop},
    {"GPE version", gpe(nsh({}, inner4()), {.flags = 0x1c}), SFC_REASON_not_sfc},
    {"GPE without P", gpe(nsh({}, inner4()), {.flags = 0x08}), SFC_REASON_not_sfc},
    {"GPE of something else", gpe(nsh({}, inner4()), {.next = 3}), SFC_REASON_not_sfc},
    {"GPE O bit", gpe(nsh({}, inner4()), {.flags = 0x0d}), SFC_REASON_oam},
    {"another port", gpe(nsh({}, inner4()), {.port = 4789}), SFC_REASON_not_sfc},
    {"first fragment", gpe(nsh({}, inner4()), {.ip = {.fragment = 0x2000}}), SFC_REASON_outer_fragment},
    {"later fragment", gpe(nsh({}, inner4()), {.ip = {.fragment = 0x2001}}), SFC_REASON_not_sfc},
    {"TCP", gpe(nsh({}, inner4()), {.ip = {.protocol = IPPROTO_TCP}}), SFC_REASON_not_sfc},
    {"to somebody else", gpe(nsh({}, inner4()), {.ip = {.to = {198, 51, 100, 7}}}), SFC_REASON_not_sfc},
    {"IPv4 options", gpe(nsh({.spi = 3}, inner4()), {.ip = {.options = 1}}), SFC_REASON_bad_outer},
    {"IPv4 checksum", changed(gpe(nsh({.spi = 3}, inner4())), ETH_HLEN + 10, 1), SFC_REASON_bad_outer},
    {"IPv4 checksum, none of UDP", without_checksum(changed(gpe(nsh({.spi = 3}, inner4())), ETH_HLEN + 10, 1)),
     SFC_REASON_bad_outer},
    {"UDP length, no checksum", without_checksum(changed(gpe(nsh({.spi = 3}, inner4())), ETH_HLEN + 25, 9)),
     SFC_REASON_bad_outer},
    {"GPE without a checksum into a tunnel of IPv6", without_checksum(gpe(nsh({.spi = 5}, inner4()))),
     SFC_REASON_no_next_hop},
    {"UDP checksum", changed(gpe(nsh({.spi = 3}, inner4())), ETH_HLEN + 26, 1), SFC_REASON_bad_outer},
    {"UDP checksum over IPv6", changed(gpe(nsh({.spi = 3}, inner4()), {.six = true}), ETH_HLEN + 46, 1),
     SFC_REASON_bad_outer},
    {"UDP length", changed(gpe(nsh({.spi = 3}, inner4())), ETH_HLEN + 25, 9), SFC_REASON_bad_outer},
    {"IPv6 length", changed(gpe(nsh({.spi = 3}, inner4()), {.six = true}), ETH_HLEN + 5, 200), SFC_REASON_bad_outer},
    {"IPv6 length of nothing", changed(gpe(nsh({.spi = 3}, inner4()), {.six = true}), ETH_HLEN + 5, 9),
     SFC_REASON_bad_outer},
    {"UDP length over IPv6", changed(gpe(nsh({.spi = 3}, inner4()), {.six = true}), ETH_HLEN + 45, 9),
     SFC_REASON_bad_outer},
    {"inner longer than outer", without_checksum(gpe(nsh({.spi = 3}, changed(inner4(), 3, 99)))), SFC_REASON_bad_outer},
    {"inner longer than outer IPv6", gpe(nsh({.spi = 3}, changed(inner4(), 3, 99)), {.six = true}),
     SFC_REASON_bad_outer},
    {"a long frame inside", ether(kNsh, nsh({.spi = 6, .next = kEthernet, .md = 2, .context = kMost}, kFrameInside)),
     SFC_REASON_header_too_long},
    {"first fragment of IPv6", fragment6(IPPROTO_UDP, 1), SFC_REASON_outer_fragment},
    {"later fragment of IPv6", fragment6(IPPROTO_UDP, 8), SFC_REASON_not_sfc},
    {"first fragment of TCP", fragment6(IPPROTO_TCP, 1), SFC_REASON_not_sfc},
    {"fragment that ends", until(fragment6(IPPROTO_UDP, 1), 60), SFC_REASON_not_sfc},
    {"outer length within the header", with_length(gpe(nsh({.spi = 3}, inner4())), 40), SFC_REASON_bad_outer},
    {"outer length beyond the frame", with_length(gpe(nsh({.spi = 3}, inner4())), 400), SFC_REASON_bad_outer},
    {"IPv6 to somebody else", ethernet() / ipv6({.to = 7}) / udp({.to = kGpePort}) / payload("x"), SFC_REASON_not_sfc},
    {"IPv6 with TCP", ethernet() / ipv6({.next = IPPROTO_TCP}) / payload("x"), SFC_REASON_not_sfc},
    {"no IPv4", changed(gpe(nsh({}, inner4())), ETH_HLEN, 0x55), SFC_REASON_not_sfc},
    {"no IPv6", changed(gpe(nsh({}, inner4()), {.six = true}), ETH_HLEN, 0x50), SFC_REASON_not_sfc},
    {"IPv4 of a short header", changed(gpe(nsh({}, inner4())), ETH_HLEN, 0x44), SFC_REASON_not_sfc},
    {"IPv4 without room for UDP", changed(gpe(nsh({}, inner4())), ETH_HLEN + 3, 27), SFC_REASON_not_sfc},
};

class NshNative : public testing::Test {
protected:
    Plan plan = nsh_plan();
    NativeRunner runner{plan};
    Random random{1};

    void SetUp() override {
        for (const auto& address : {sfc_address{{0, 0, htonl(0xffff), htonl(0xc6336401)}},
                                    sfc_address{{htonl(0x20010db8), 0, 0, htonl(2)}}}) {
            runner.machine.map("own_addresses").set(address, std::uint8_t{1});
        }
    }
    bool counts_lost = false; ///< a test makes the counters' lookups fail
    void TearDown() override { EXPECT_TRUE(counts_lost || runner.totals().balanced); }
    Ran strip(const Bytes& frame) { return runner.strip(plan.port_id("d0"), frame); }
    Ran restore(std::uint16_t to_port, const Bytes& frame) { return runner.restore(plan.return_port(to_port), frame); }
};

/// The frame that must come back, as far as no outer packet is around it: behind Ethernet.
Bytes expected(const Good& good) {
    Bytes frame(good.frame.begin() + ETH_HLEN + static_cast<std::ptrdiff_t>(good.lead), good.frame.end());
    frame[7]--;
    return frame;
}

/// Lengths and checksums of the outer packet.
void expect_outer(const Good& good, const Bytes& back) {
    const bool six = good.lead == kLead6;
    const std::size_t header = six ? 40 : 20, total = back.size() - ETH_HLEN - good.padding;
    const std::span<const std::uint8_t> ip = std::span(back).subspan(ETH_HLEN),
                                        datagram = ip.first(total).subspan(header);
    const auto number = [](std::span<const std::uint8_t> from) { return std::size_t{from[0]} << 8 | from[1]; };
    EXPECT_EQ(number(ip.subspan(six ? 4 : 2)), six ? total - header : total);
    EXPECT_EQ(ip[six ? 7 : 8], 64);
    EXPECT_EQ(number(datagram.subspan(4)), total - header);
    if (!six) {
        EXPECT_EQ(internet_checksum(ip.first(header)), 0);
    }
    const Bytes pseudo = join({Bytes(ip.begin() + (six ? 8 : 12), ip.begin() + static_cast<std::ptrdiff_t>(header)),
                               word(static_cast<std::uint32_t>(total - header)), word(IPPROTO_UDP),
                               Bytes(datagram.begin(), datagram.end())});
    if (number(datagram.subspan(6)) != 0) {
        EXPECT_EQ(internet_checksum(pseudo), 0);
    }
}

TEST_F(NshNative, ThereAndBack) {
    for (const Good& good : kGood) {
        SCOPED_TRACE(good.name);
        const Ran there = strip(good.frame);
        ASSERT_EQ(there.result.verdict, SFC_VERDICT_TO_SF) << unsigned{there.result.reason};
        const Bytes bare(there.bytes.begin(), there.bytes.end());
        const Ran back = restore(there.result.egress, bare);
        ASSERT_EQ(back.result.verdict, SFC_VERDICT_RESTORED) << unsigned{back.result.reason};
        const Bytes whole(back.bytes.begin(), back.bytes.end());
        const Bytes want = expected(good);
        Bytes got(whole.begin() + ETH_HLEN + static_cast<std::ptrdiff_t>(good.lead), whole.end());
        ASSERT_EQ(got.size(), want.size());
        if (want[4] == 0 && want[6] == 2) { // the forwarder's path
            EXPECT_EQ((got[0] << 8 | got[1]) >> 6 & 63, ((want[0] << 8 | want[1]) / 64 + 63) & 63);
            got[0] = want[0];
            got[1] = want[1];
        }
        EXPECT_EQ(got, want);
        if (good.lead > 8) {
            expect_outer(good, whole);
        }
    }
}

TEST_F(NshNative, FaultsByName) {
    for (const Bad& bad : kBad) {
        EXPECT_EQ(unsigned{strip(bad.frame).result.reason}, bad.reason) << bad.name;
    }
}

TEST_F(NshNative, EveryLengthOfAFrame) {
    for (const Good& good : kGood) {
        for (std::size_t size = 0; size < good.frame.size() && size < 400; size++) {
            const Ran ran = strip(until(good.frame, size));
            EXPECT_EQ(contradiction(ran, runner.machine.redirected().has_value()), "") << good.name << size;
        }
    }
}

TEST_F(NshNative, EachHelperFailsOnce) {
    counts_lost = true;
    for (const Bad& bad : kBad) {
        each_fault(
            runner.machine, random, bad.frame, [&] { return strip(bad.frame); }, [] {});
    }
    for (const Good& good : kGood) {
        const auto there = [&] { return strip(good.frame); };
        each_fault(runner.machine, random, good.frame, there, [] {});
        const Ran ran = there();
        const std::uint16_t port = ran.result.egress;
        const Bytes bare(ran.bytes.begin(), ran.bytes.end());
        each_fault(
            runner.machine, random, bare, [&] { return restore(port, bare); }, there);
    }
}

/// A hint is compared, and all addresses are in the other map too.
TEST_F(NshNative, HintsOfAddresses) {
    const auto verdict = [&](std::uint8_t last) {
        const Bytes inside = inner4(std::string(1, static_cast<char>('a' + last))); // or two headers have one key
        return unsigned{strip(gpe(nsh({.spi = 3}, inside), {.ip = {.to = {198, 51, 100, last}}})).result.verdict};
    };
    const sfc_address own{{0, 0, htonl(0xffff), htonl(0xc6336401)}},
        elsewhere{{0, 0, htonl(0xffff), htonl(0xc6336407)}};
    auto& hints = runner.machine.map("address_hints");
    EXPECT_EQ(verdict(1), SFC_VERDICT_TO_SF);
    hints.set(sfc_address_position(&own), elsewhere);
    EXPECT_EQ(verdict(1), SFC_VERDICT_TO_SF);
    hints.set(sfc_address_position(&own), own);
    EXPECT_EQ(verdict(1), SFC_VERDICT_TO_SF);
    EXPECT_EQ(verdict(7), SFC_VERDICT_PASSED);
    hints.set(sfc_address_position(&elsewhere), own);
    EXPECT_EQ(verdict(7), SFC_VERDICT_PASSED);
    hints.set(sfc_address_position(&elsewhere), elsewhere);
    EXPECT_EQ(verdict(7), SFC_VERDICT_TO_SF);
}

/// Zeros stand where there is no hint, and :: is no address of this host.
TEST_F(NshNative, NoHintIsNoAddress) {
    Bytes frame = gpe(nsh({.spi = 3}, inner4()), {.six = true});
    std::fill_n(frame.begin() + ETH_HLEN + 24, 16, 0);
    EXPECT_EQ(unsigned{strip(frame).result.reason}, SFC_REASON_not_sfc);
}

TEST_F(NshNative, InReplayEachAddressIsThisHosts) {
    runner.machine.constants.any_address = 1;
    EXPECT_EQ(strip(gpe(nsh({.spi = 3}, inner4()), {.ip = {.to = {198, 51, 100, 7}}})).result.verdict,
              SFC_VERDICT_TO_SF);
}

/// RFC 768: it would say that there is none.
TEST_F(NshNative, ChecksumIsNeverZero) {
    Bytes context(16);
    const auto checksum = [&] {
        const Ran there = strip(gpe(nsh({.spi = 3, .context = context}, inner4())));
        const Bytes bare(there.bytes.begin(), there.bytes.end());
        const Ran back = restore(there.result.egress, bare);
        return Bytes(back.bytes.begin() + ETH_HLEN + 26, back.bytes.begin() + ETH_HLEN + 28);
    };
    const Bytes lacking = checksum(); // to a sum of zero, since the context has only zeros
    std::copy(lacking.begin(), lacking.end(), context.begin());
    EXPECT_EQ(checksum(), Bytes(2, 0xff));
}

/// Ports that the digest looks at more of.
TEST_F(NshNative, TunnelsBehindTheNsh) {
    for (const std::uint16_t port : {2152, 4754, 4755, 4789, 4790, 6080, 6081, 6635, 6636, 8472}) {
        const Bytes inside = without_ethernet(plain_udp({.dport = port, .payload = std::string(200, 'x')}));
        EXPECT_EQ(strip(ether(kNsh, nsh({}, inside))).result.verdict, SFC_VERDICT_TO_SF) << port;
    }
}

} // namespace
} // namespace sfc::test
