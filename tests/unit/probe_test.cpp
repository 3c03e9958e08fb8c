// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What a probe is, which ways it goes, and what is said of what came out: apart from the kernel.
#include <cstring>

#include <gtest/gtest.h>

#include "base/mac.h"
#include "config/config.h"
#include "probe/probe_frame.h"
#include "probe/probe_judge.h"
#include "probe/probe_ways.h"
#include "probe/prober.h"

namespace sfc {
namespace {

using Bytes = std::vector<std::uint8_t>;

ProbePacket packet(bool six = false) {
    ProbePacket made{.source_mac = {2, 0, 0, 0, 0, 1}, .destination_mac = {2, 0, 0, 0, 0, 2}};
    made.source = parse_ip(six ? "2001:db8:1::10" : "192.0.2.10");
    made.destination = parse_ip(six ? "2001:db8:2::10" : "198.51.100.10");
    made.source_port = 50000;
    made.ipv4_id = 7;
    made.name = {.nonce = {1, 2}, .index = 3};
    return made;
}

/// RFC 1071 over all of it: 0xffff where the checksum in there is right.
std::uint32_t sum_of(const Bytes& bytes, std::size_t from, std::size_t to, std::uint32_t sum = 0) {
    for (std::size_t at = from; at < to; at += 2) {
        sum += std::uint32_t{bytes[at]} << 8 | bytes[at + 1];
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

TEST(ProbeFrame, IsWhatWasAskedFor) {
    for (const bool six : {false, true}) {
        const Bytes frame = probe_frame(packet(six));
        const auto fields = read_probe(frame);
        ASSERT_TRUE(fields);
        EXPECT_EQ(fields->source, packet(six).source);
        EXPECT_EQ(fields->destination, packet(six).destination);
        EXPECT_EQ(fields->source_port, 50000);
        EXPECT_EQ(fields->destination_port, 9);
        EXPECT_EQ(fields->ipv4_id, six ? 0 : 7);
        EXPECT_EQ(fields->length, 8 + SFC_PROBE_PAYLOAD);
        sfc_probe_name name{};
        std::memcpy(&name, fields->payload.data(), sizeof(name));
        EXPECT_EQ(name.nonce[1], 2U);
        EXPECT_EQ(name.index, 3U);
        const std::size_t udp = six ? 54 : 34, addresses = six ? 22 : 26;
        EXPECT_EQ(sum_of(frame, addresses, frame.size(), 17 + 8 + SFC_PROBE_PAYLOAD), 0xffffU);
        EXPECT_GE(frame.size(), std::size_t{SFC_PROBE_BYTES});
        if (!six) {
            EXPECT_EQ(sum_of(frame, 14, udp), 0xffffU);
            EXPECT_EQ(frame[20], 0x40) << "DF";
            EXPECT_EQ(frame[22], 64) << "TTL";
        }
    }
}

TEST(ProbeFrame, OtherFramesAreNone) {
    Bytes frame = probe_frame(packet());
    EXPECT_FALSE(read_probe(Bytes(20)));
    EXPECT_FALSE(read_probe(std::span(frame).first(90)));
    frame[14] = 0x44; // a header of 16 bytes
    EXPECT_FALSE(read_probe(frame));
    frame = probe_frame(packet());
    frame[23] = 6; // TCP
    EXPECT_FALSE(read_probe(frame));
}

ProbeQuestion question(ProbeKind kind) {
    return {.kind = kind,
            .from = "a",
            .to = "b",
            .egress = {"b", "c"},
            .mark = false,
            .key_parts = SFC_PARTS_ALL,
            .sent = probe_frame(packet())};
}

std::string said(const ProbeQuestion& asked, const ProbeSight& sight, ProbeOutcome outcome) {
    const ProbeFinding finding = judge_probe(asked, sight);
    EXPECT_EQ(outcome_name(finding.outcome), outcome_name(outcome)) << finding.text;
    return finding.text;
}

void has(const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(ProbeJudge, ToAnotherMac) {
    ProbeQuestion asked = question(ProbeKind::Ports);
    const ProbeSight sight{.at = "b", .frame = asked.sent};
    has(said(asked, sight, ProbeOutcome::Fits), "user mode fits"); // no MAC is looked at
    asked.own = {{2, 0, 0, 0, 0, 9}, {2, 0, 0, 0, 0, 2}};
    has(said(asked, sight, ProbeOutcome::Fits), "user mode fits");
    asked.own = {{2, 0, 0, 0, 0, 9}};
    has(said(asked, sight, ProbeOutcome::Elsewhere), "came back to 02:00:00:00:00:02, which is no MAC of port 'b'");
}

TEST(ProbeJudge, Tickets) {
    for (const ProbeKind kind : {ProbeKind::HostKernel, ProbeKind::SfKernel}) {
        ProbeQuestion asked = question(kind);
        has(said(asked, {.at = "b", .ticket = true}, ProbeOutcome::Survives), "in the metadata");
        has(said(asked, {.at = "b"}, ProbeOutcome::Cleared), "clears metadata on the way from 'a' to 'b'");
        has(said(asked, {.at = "b"}, ProbeOutcome::Cleared), "mark");
        asked.mark = true;
        has(said(asked, {.at = "b", .ticket = true}, ProbeOutcome::Survives), "in the mark");
        has(said(asked, {.at = "b"}, ProbeOutcome::Cleared), "a process makes the packets anew");
        asked.mark_user = "a rule";
        has(said(asked, {.at = "b"}, ProbeOutcome::Cleared), "is lost on the way from 'a' to 'b': a rule");
        asked.tun = "tun0";
        has(said(asked, {.at = "b"}, ProbeOutcome::Cleared), "'tun0' leads to a process");
        has(said(asked, {.at = "b"}, ProbeOutcome::Cleared), "fits no mode");
        EXPECT_EQ(judge_probe(asked, std::nullopt).outcome, ProbeOutcome::Lost);
    }
}

TEST(ProbeJudge, WaysOut) {
    const ProbeQuestion stack = question(ProbeKind::HostKernel);
    EXPECT_EQ(judge_probe(stack, ProbeSight{.at = "c", .ticket = true}).outcome, ProbeOutcome::Survives);
    has(said(stack, {.at = "eth5", .ticket = true}, ProbeOutcome::Elsewhere), "'eth5'");
    has(said(stack, {.at = "eth5"}, ProbeOutcome::Elsewhere), "(b, c)");
    has(said(question(ProbeKind::Ports), {.at = "a", .frame = stack.sent}, ProbeOutcome::Elsewhere), "back by 'a'");
    EXPECT_TRUE(is_warning(ProbeOutcome::Elsewhere));
    EXPECT_FALSE(is_warning(ProbeOutcome::Fits));
    EXPECT_FALSE(is_warning(ProbeOutcome::NotProbed));
}

struct Changed {
    const char* name;
    void (*change)(ProbePacket&);
    unsigned parts;
    const char* says;   ///< nothing: it fits
    const char* advice; ///< likewise
};

class ChangedFields : public testing::TestWithParam<Changed> {};

TEST_P(ChangedFields, AreNamedWithWhatHelps) {
    ProbeQuestion asked = question(ProbeKind::Ports);
    asked.key_parts = GetParam().parts;
    ProbePacket back = packet();
    GetParam().change(back);
    Bytes frame = probe_frame(back);
    frame[22]--; // a hop less is nobody's business
    const ProbeSight sight{.at = "b", .frame = frame};
    if (GetParam().says == nullptr) {
        has(said(asked, sight, ProbeOutcome::Fits), "user mode fits");
        has(said(asked, sight, ProbeOutcome::Fits), "TCP's sequence numbers were not probed");
    } else {
        has(said(asked, sight, ProbeOutcome::Changed), GetParam().says);
        has(said(asked, sight, ProbeOutcome::Changed), GetParam().advice);
    }
}

const std::vector<Changed> kChanges = {
    {"nothing", [](ProbePacket&) {}, SFC_PARTS_ALL, nullptr, nullptr},
    {"source", [](ProbePacket& p) { p.source[3]++; }, SFC_PARTS_ALL, "changes the source address, so", "'stack: true'"},
    {"destination", [](ProbePacket& p) { p.destination[0]++; }, 0, "the destination address", "'stack: true'"},
    {"port", [](ProbePacket& p) { p.source_port++; }, 0, "changes the source port", "'stack: true'"},
    {"two",
     [](ProbePacket& p) {
         p.source[3]++;
         p.source_port++;
     },
     SFC_PARTS_ALL, "changes the source address and the source port, so", "'stack: true'"},
    {"id", [](ProbePacket& p) { p.ipv4_id++; }, SFC_PARTS_ALL, "the IPv4 identification", "'ipv4_id: off'"},
    {"id_not_in_key", [](ProbePacket& p) { p.ipv4_id++; }, SFC_PARTS_ALL & ~SFC_PART_IPV4_ID, nullptr, nullptr},
    {"payload", [](ProbePacket& p) { p.name.nonce[1]++; }, SFC_PARTS_ALL, "changes the payload", "transcoder"},
    {"payload_not_in_key", [](ProbePacket& p) { p.name.nonce[1]++; }, SFC_PART_IPV4_ID, nullptr, nullptr},
    {"id_and_payload",
     [](ProbePacket& p) {
         p.ipv4_id++;
         p.name.nonce[1]++;
     },
     SFC_PARTS_ALL, "the IPv4 identification and the payload", "'profile: transcoder' and 'ipv4_id: off'"},
};

INSTANTIATE_TEST_SUITE_P(Rows, ChangedFields, testing::ValuesIn(kChanges),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ProbeJudge, LengthAndOtherKinds) {
    const ProbeQuestion asked = question(ProbeKind::Ports);
    Bytes frame = asked.sent;
    frame[17]++; // total length
    has(said(asked, {.at = "b", .frame = frame}, ProbeOutcome::Changed), "the payload's length");
    frame[23] = 6;
    has(said(asked, {.at = "b", .frame = frame}, ProbeOutcome::Changed), "another kind of packet");
}

TEST(ProbeJudge, Lost) {
    ProbeQuestion asked = question(ProbeKind::Ports);
    EXPECT_EQ(judge_probe(asked, std::nullopt).text,
              "did not come back: the SF does not forward, drops it, is not running, or has no route");
    asked.sf_mac = Mac{2, 0, 0, 0, 0, 9};
    EXPECT_EQ(judge_probe(asked, std::nullopt).text, "did not come back: the SF does not forward, drops it, is not "
                                                     "running, has no route, or its MAC at 'a' is not "
                                                     "02:00:00:00:00:09");
    asked.netns = "'fw'";
    asked.stop = "the kernel does not forward IPv4";
    EXPECT_EQ(judge_probe(asked, std::nullopt).text,
              "did not come back: in network namespace 'fw', the kernel does not forward IPv4");
    asked.kind = ProbeKind::HostKernel;
    has(judge_probe(asked, std::nullopt).text, "did not come out");
}

TEST(ProbeJudge, OutcomesAreReadAsTheyAreWritten) {
    for (unsigned n = 0; n <= static_cast<unsigned>(ProbeOutcome::Lost); n++) {
        const auto outcome = static_cast<ProbeOutcome>(n);
        EXPECT_EQ(parse_outcome(outcome_name(outcome)), outcome);
    }
    EXPECT_FALSE(parse_outcome("nonsense"));
    EXPECT_FALSE(is_settled(ProbeOutcome::InFlight));
    EXPECT_TRUE(is_settled(ProbeOutcome::NotProbed));
    EXPECT_TRUE(is_settled(ProbeOutcome::Lost));
}

Plan plan_of(const char* sf, const char* services) {
    return make_plan(parse_config(std::string("sfs:\n  - ") + sf + "\nservices:\n" + services, "x.yaml"));
}

const char* const kKernel = "{name: nat, stack: true}";
const char* const kThroughKernel =
    "  - {name: s, match: {encapsulation: mpls, label: 16}, domain: [a, b], sf: {name: nat}, egress: [b, c]}\n"
    "  - {name: t, match: {encapsulation: mpls, label: 17}, domain: a, sf: {name: nat}, egress: b, inner: ipv4}\n";

TEST(ProbeWays, EachOnceAndNoneWhereTheyAreOff) {
    const Plan plan = plan_of(kKernel, kThroughKernel);
    const auto ways = probe_ways(plan);
    EXPECT_EQ(ways.size(), 2U * 2 * 2) << "two ways in, two out, two IP versions";
    EXPECT_EQ(egress_of(plan, ways[0]), (std::vector<std::string>{"b", "c"}));
    EXPECT_TRUE(probe_ways(plan_of("{name: nat, stack: true, probe: off}", kThroughKernel)).empty());
    const auto four =
        probe_ways(plan_of(kKernel, "  - {name: t, match: {encapsulation: mpls, label: 17}, domain: a, sf: "
                                    "{name: nat}, egress: b, inner: ipv4}\n"));
    ASSERT_EQ(four.size(), 1U);
    EXPECT_FALSE(four[0].six);
}

TEST(ProbeWays, ServicesWhosePacketsAllGoThere) {
    const Plan plan =
        plan_of(kKernel, "  - {name: s, match: {encapsulation: mpls, label: 16}, domain: a, sf: {name: nat}, "
                         "egress: [b, c]}\n"
                         "  - {name: t, match: {encapsulation: mpls, label: 17}, domain: a, sf: {name: nat}, "
                         "egress: b, inner: ipv4}\n");
    ProbeWay way{.sf = 1, .in = plan.port_id("a"), .out = plan.port_id("b"), .kind = ProbeKind::HostKernel};
    EXPECT_EQ(services_of(plan, way), std::vector<std::size_t>{2}) << "the first one may leave by another port";
    way.six = true;
    EXPECT_TRUE(services_of(plan, way).empty());
}

LinkHosts hosts() {
    LinkHosts known;
    known.own = {{.ifindex = 1, .ip = parse_ip("192.0.2.1"), .prefix = 24},
                 {.ifindex = 2, .ip = parse_ip("198.51.100.1"), .prefix = 24},
                 {.ifindex = 2, .ip = parse_ip("fe80::1"), .prefix = 64}};
    return known;
}

TEST(ProbeWays, NeighboursOfThisHost) {
    const Plan plan = plan_of(kKernel, kThroughKernel);
    const ProbeWay way{.sf = 1, .in = plan.port_id("a"), .out = plan.port_id("c"), .kind = ProbeKind::HostKernel};
    LinkHosts known = hosts();
    has(ends_in_kernel(plan, way, known, 1, 2).why, "no neighbour is known at port 'c' yet");
    const Mac mac{2};
    known.neighbours = {{.ifindex = 2, .ip = parse_ip("203.0.113.7"), .mac = mac},  // not of the link
                        {.ifindex = 2, .ip = parse_ip("198.51.100.3"), .mac = {}},  // does not answer
                        {.ifindex = 1, .ip = parse_ip("198.51.100.4"), .mac = mac}, // on another one
                        {.ifindex = 2, .ip = parse_ip("fe80::2"), .mac = mac}};     // is not routed
    EXPECT_EQ(ends_in_kernel(plan, way, known, 1, 2).outcome, ProbeOutcome::Waiting);
    known.neighbours.push_back({.ifindex = 2, .ip = parse_ip("198.51.100.10"), .mac = mac});
    const ProbeEnds made_up = ends_in_kernel(plan, way, known, 1, 2);
    EXPECT_EQ(made_up.destination, parse_ip("198.51.100.10"));
    EXPECT_EQ(made_up.source, parse_ip("192.0.2.254"));
    known.neighbours.push_back({.ifindex = 1, .ip = parse_ip("192.0.2.10"), .mac = mac});
    EXPECT_EQ(ends_in_kernel(plan, way, known, 1, 2).source, parse_ip("192.0.2.10"));
    EXPECT_NE(ends_in_kernel(plan, way, known, 2, 2).source, parse_ip("198.51.100.10")) << "not from and to one host";
    ProbeWay six = way;
    six.six = true;
    EXPECT_EQ(ends_in_kernel(plan, six, known, 1, 2).outcome, ProbeOutcome::NoAddress);
    known.own[0].prefix = 32; // no room for a made-up host
    known.neighbours.pop_back();
    EXPECT_EQ(ends_in_kernel(plan, way, known, 1, 2).outcome, ProbeOutcome::Waiting);
}

const char* const kThroughPorts =
    "  - {name: s, match: {encapsulation: mpls, label: 16}, domain: p, sf: {name: fw, in: "
    "left}, next_hop: {interface: q, ip: 198.51.100.10}}\n"
    "  - {name: t, match: {encapsulation: mpls, label: 17}, domain: q, sf: {name: fw, in: "
    "right}, next_hop: {interface: p, ip: 192.0.2.10}}\n";

TEST(ProbeWays, BehindPortsFromNextHopToNextHop) {
    const Plan routed = plan_of("{name: fw, ports: {left: {interface: l, ip: 10.0.0.1}, right: {interface: r, ip: "
                                "10.0.1.1}}}",
                                kThroughPorts);
    const auto ways = probe_ways(routed);
    const std::vector<std::uint32_t> none(routed.ports.size());
    ASSERT_EQ(ways.size(), 4U);
    EXPECT_EQ(ways[0].kind, ProbeKind::Ports);
    const ProbeEnds ends = ends_behind_ports(routed, ways[0], {}, none);
    EXPECT_EQ(ends.source, parse_ip("192.0.2.10"));
    EXPECT_EQ(ends.destination, parse_ip("198.51.100.10"));
    EXPECT_EQ(ends_behind_ports(routed, ways[1], {}, none).outcome, ProbeOutcome::NoAddress) << "no next hop of IPv6";
    const Plan transparent = plan_of("{name: fw, ports: {left: l, right: r}}", kThroughPorts);
    EXPECT_TRUE(ends_behind_ports(transparent, ways[1], {}, none).why.empty());
    EXPECT_EQ(ends_behind_ports(transparent, ways[1], {}, none).destination.size(), 16U);
    const Plan frames =
        plan_of("{name: fw, ports: {left: l, right: r}}",
                "  - {name: s, match: {encapsulation: mpls, label: 16}, domain: p, inner: ethernet, sf: "
                "{name: fw, in: left}, next_hop: ingress}\n");
    ASSERT_EQ(probe_ways(frames).size(), 1U);
    has(ends_behind_ports(frames, probe_ways(frames)[0], {}, none).why, "Ethernet frames");
}

/// Without `sfcproxy run` next hops are given by MAC: the stack may know whose it is.
TEST(ProbeWays, BehindPortsToTheOwnerOfAMac) {
    const Plan plan =
        plan_of("{name: fw, ports: {left: {interface: l, mac: '02:00:00:00:00:01'}, right: {interface: r, "
                "mac: '02:00:00:00:00:02'}}}",
                "  - {name: s, match: {encapsulation: mpls, label: 16}, domain: p, sf: {name: fw, in: "
                "left}, next_hop: {interface: q, mac: '02:00:00:00:00:99'}}\n");
    const ProbeWay way = probe_ways(plan)[0];
    std::vector<std::uint32_t> interfaces(plan.ports.size());
    interfaces[plan.port_id("q")] = 8;
    LinkHosts known;
    known.neighbours = {{.ifindex = 7, .ip = parse_ip("192.0.2.1"), .mac = parse_mac("02:00:00:00:00:99")},
                        {.ifindex = 8, .ip = parse_ip("192.0.2.2"), .mac = parse_mac("02:00:00:00:00:98")}};
    has(ends_behind_ports(plan, way, known, interfaces).why, "no next hop of a service that goes this way is known");
    known.neighbours.push_back({.ifindex = 8, .ip = parse_ip("192.0.2.3"), .mac = parse_mac("02:00:00:00:00:99")});
    EXPECT_EQ(ends_behind_ports(plan, way, known, interfaces).destination, parse_ip("192.0.2.3"));
}

TEST(ProbeLines, OneForBothVersions) {
    const auto record = [](bool six, ProbeOutcome outcome, const char* text) {
        return ProbeRecord{.sf = "nat", .from = "a", .to = "b", .six = six, .finding = {outcome, text}};
    };
    const auto good = record(false, ProbeOutcome::Fits, "fits"), good6 = record(true, ProbeOutcome::Fits, "fits");
    const auto none6 = record(true, ProbeOutcome::NoAddress, "no IPv6"),
               bad6 = record(true, ProbeOutcome::Lost, "lost");
    auto lines = probe_lines({good, good6});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].way, "from 'a' to 'b' (IPv4 and IPv6)");
    lines = probe_lines({good, none6});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].way, "from 'a' to 'b' (IPv4)");
    lines = probe_lines({good, bad6});
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_FALSE(lines[0].warning);
    EXPECT_TRUE(lines[1].warning);
    EXPECT_EQ(probe_lines({record(false, ProbeOutcome::NoAddress, "no IPv4"), none6}).size(), 1U);
}

} // namespace
} // namespace sfc
