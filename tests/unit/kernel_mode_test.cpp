// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SFs that are the kernel of this host: their configuration, what becomes of it, and how their packets are accounted.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/names.h"
#include "cli/options.h"
#include "config/config.h"
#include "config/plan.h"
#include "report/rates.h"
#include "report/report.h"

namespace sfc {
namespace {

/// One service through the kernel, with `more` at its end.
std::string one_service(const std::string& more, const std::string& sf = "name: nat") {
    return "sfs:\n"
           "  - {name: fw, ports: {both: f}}\n"
           "  - {name: nat, stack: true}\n"
           "services:\n"
           "  - {name: out, match: {encapsulation: mpls, label: 16}, domain: d0, sf: {" +
           sf + "}, " + more + "}\n";
}

std::string refusal(const std::string& text) {
    try {
        (void)parse_config(text, "x.yaml");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::Usage);
        return error.what();
    }
    return "accepted";
}

TEST(HostKernel, TakesNothingThatIsForPortsOrKeys) {
    for (const std::string key :
         {"on_miss: drop", "tunnels: drop", "profile: normalizer", "ipv4_id: off", "tcp_timestamps: on",
          "payload_digest: on", "payload_length: on", "rtp_ports: [5004]"}) {
        const std::string line = "  - {name: nat, stack: true, " + key + "}";
        const std::string said = refusal("sfs:\n" + line + "\nservices: []\n");
        const std::string name = key.substr(0, key.find(':'));
        const std::size_t column = line.find(key) + name.size() + 3; // of the value, from 1
        EXPECT_EQ(said.find("x.yaml:2:" + std::to_string(column) + ": sfs[0]." + name + ": "), 0U) << said;
        EXPECT_NE(said.find("SF 'nat' is in kernel mode and takes no '" + name + "'"), std::string::npos) << said;
    }
}

struct Refused {
    std::string more, says;
    std::string sf = "name: nat";
};

TEST(HostKernel, ServiceIsRefusedWithItsPosition) {
    const std::vector<Refused> rows = {
        {"egress: e0", "services[0].sf.in: SF 'nat' is the kernel of this host", "name: nat, in: left"},
        {"next_hop: ingress", "service 'out' needs 'egress'"},
        {"egress: e0, next_hop: {interface: e1}", "services[0].next_hop: needs the next hop's 'mac' or 'ip'"},
        {"egress: e0, next_hop: {interface: f, ip: 192.0.2.1}", "port 'f' is a port of SF 'fw'"},
        {"egress: e0, inner: ethernet", "services[0].inner: service 'out' takes no 'ethernet'"},
        {"egress: e0, inner_ttl: decrement", "services[0].inner_ttl: service 'out' takes no 'decrement'"},
        {"ttl: pipe", "service 'out' needs 'egress'"},
        {"egress: []", "services[0].egress: needs at least one interface"},
        {"egress: [a1, a2, a3, a4, a5, a6, a7, a8, a9]", "9 interfaces are too many; 1 to 8 are possible"},
        {"egress: [e0, d0, e0]", "x.yaml:5:104: port 'e0' stands in the egress of service 'out' twice"},
        {"egress: f", "port 'f' is a port of SF 'fw'"},
        {"egress: {interface: e0, mac: '02:00:00:00:00:01'}", "egress port 'e0' takes no 'mac' and no 'ip'"},
        {"egress: [e1, {interface: e0, ip: 192.0.2.1}]", "services[0].egress[1]: egress port 'e0' takes no 'mac'"},
        {"egress: {interface: e0, netns: c1}", "unknown key 'netns'"},
        {"egress: [{interface: d0, mtu: 1400}, {interface: e0, mtu: 67}]", "'67'"},
        {"egress: e0, quota: 15", "'15'"},
    };
    for (const Refused& row : rows) {
        const std::string said = refusal(one_service(row.more, row.sf));
        EXPECT_EQ(said.find("x.yaml:5:"), 0U) << said;
        EXPECT_NE(said.find(row.says), std::string::npos) << said;
        EXPECT_EQ(said.find('\n'), std::string::npos) << said;
    }
}

/// The SFs of `lines`, each through the kernel, and a cache of 4096.
std::string kernels(const std::string& lines) {
    return "cache: {capacity: 4096}\nsfs:\n" + lines + "services: []\n";
}

const Plan::Port& port_of(const Plan& plan, const char* name) {
    return plan.ports.at(plan.port_id(name));
}

/// A service through a kernel behind ports.
std::string with_ports(const std::string& sf,
                       const std::string& more = "next_hop: {interface: e0, mac: '02:00:00:00:00:01'}",
                       const std::string& in = ", in: left") {
    return "sfs:\n"
           "  - {name: nat, stack: true, " +
           sf +
           "}\n"
           "services:\n"
           "  - {name: out, match: {encapsulation: mpls, label: 16}, domain: d0, sf: {name: nat" +
           in + "}, " + more + "}\n";
}

TEST(HostKernel, OfAnotherNamespaceHasPortsThatAreAddressed) {
    const std::string addressed = "ports: {left: {interface: a, ip: 192.0.2.1}, right: {interface: b, ip: 192.0.2.5}}";
    const std::string hop = "next_hop: ingress";
    const std::vector<std::pair<std::string, std::string>> rows = {
        {with_ports(addressed), "accepted"},
        {with_ports(addressed + ", netns: c1", hop), "accepted"},
        {with_ports("ports: {both: {interface: a, ip: 192.0.2.1}}", hop, ""), "accepted"},
        {with_ports("netns: c1"),
         "x.yaml:2:37: sfs[0].netns: SF 'nat' is in kernel mode and has a 'netns', so it needs 'ports' in it"},
        {with_ports("ports: {both: a}"), "sfs[0].ports: port 'a' needs 'mac' or 'ip': SF 'nat' is in kernel mode"},
        {with_ports("ports: {left: {interface: a, ip: 192.0.2.1}, right: b}"),
         "sfs[0].ports: port 'b' needs 'mac' or 'ip'"},
        {with_ports(addressed + ", on_miss: pass"), "takes no 'on_miss'"},
        {with_ports(addressed, "egress: e0"), "services[0].egress: service 'out' takes no 'egress'"},
        {with_ports(addressed, hop, ""), "service 'out' must say 'in: left' or 'in: right'"},
        {with_ports(addressed, hop + ", inner: ethernet"), "takes no 'ethernet'"},
        {with_ports(addressed, hop + ", inner_ttl: decrement"), "takes no 'decrement'"},
    };
    for (const auto& [text, says] : rows) {
        const std::string said = refusal(text);
        EXPECT_NE(said.find(says), std::string::npos) << said;
        EXPECT_EQ(said.find('\n'), std::string::npos) << said;
    }
    EXPECT_NE(refusal(kernels("  - {name: nat, stack: {unwatched: x}, ports: {both: {interface: a, ip: 192.0.2.1}}}\n"))
                  .find("takes no 'unwatched'"),
              std::string::npos);
}

TEST(KernelPlan, OfAnotherNamespaceIsLikeAnSfWithPorts) {
    const Plan plan = make_plan(parse_config(
        with_ports("netns: c1, ports: {left: {interface: a, ip: 192.0.2.1}, right: {interface: b, ip: 192.0.2.5}}"),
        "x.yaml"));
    const Plan::Service& out = plan.services.at(1);
    EXPECT_TRUE(plan.through_kernel(out));
    EXPECT_FALSE(plan.through_host_kernel(out));
    EXPECT_FALSE(plan.through_host_kernel());
    EXPECT_EQ(out.entry.to_port, plan.port_id("c1/a"));
    EXPECT_EQ(out.entry.return_port, plan.port_id("c1/b"));
    EXPECT_EQ(out.entry.egress_port, plan.port_id("e0"));
    EXPECT_TRUE(plan.of_kernel(plan.port_id("c1/a")));
    EXPECT_FALSE(plan.of_kernel(plan.port_id("d0")));
    EXPECT_FALSE(port_of(plan, "d0").kernel_egress);
    EXPECT_EQ(port_of(plan, "d0").entry.kernel, 0U);
}

TEST(HostKernel, MarkIsBitsInARowAndLongEnough) {
    const std::vector<std::pair<std::string, std::string>> rows = {
        {"0", "bits of the packet's mark in a row"},
        {"0x", "bits of the packet's mark in a row"},
        {"0xff00ff00", "bits of the packet's mark in a row"},
        {"0x1ffffffff", "bits of the packet's mark in a row"},
        {"-1", "bits of the packet's mark in a row"},
        {"0xffffff", "0x00ffffff has 24 bits; for a cache of 4096 headers it takes 25: 13 for their numbers, 4 for the "
                     "generation and 8 for a check"},
        {"0x1ffffff", "accepted"},
        {"0xffffffff", "accepted"},
        {"4294967168", "accepted"},
    };
    for (const auto& [mark, says] : rows) {
        const std::string said = refusal(kernels("  - {name: nat, stack: {mark: " + mark + "}}\n"));
        EXPECT_NE(said.find(says), std::string::npos) << said;
        EXPECT_EQ(said.find("x.yaml:3:") == 0, says != "accepted") << said;
    }
}

/// The vector for twelve bytes of those that belong to the reference implementation of SipHash: key 00 01 .. 0f, input
/// 00 01 .. 0b.
TEST(HostKernel, ChecksAreSipHash) {
    const std::array<__u64, 2> key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    EXPECT_EQ(sfc_ticket_hash(key.data(), 0x03020100, 0x07060504, 0x0b0a0908), 0x751e8fbc860ee5fbU);
}

TEST(HostKernel, AllHaveTheSameMark) {
    const std::string one = "  - {name: nat, stack: {mark: 0xffffff80}}\n";
    EXPECT_EQ(refusal(kernels(one + "  - {name: fw, stack: {gro: on, mark: 0xffffff80}}\n")), "accepted");
    for (const char* other : {"true", "{gro: on}", "{mark: 0xffffffc0}"}) {
        const std::string said = refusal(kernels(one + "  - {name: fw, stack: " + other + "}\n"));
        EXPECT_EQ(said.find("x.yaml:4:"), 0U) << said;
        EXPECT_NE(said.find("SFs 'nat' and 'fw' are both in kernel mode"), std::string::npos) << said;
    }
    EXPECT_NE(refusal(kernels("  - {name: nat, stack: {marks: 1}}\n")).find("unknown key 'marks'"), std::string::npos);
}

TEST(KernelPlan, MarkAndGroComeFromTheSf) {
    const auto plan = [](const std::string& second) {
        return make_plan(
            parse_config("sfs:\n"
                         "  - {name: nat, stack: {mark: 0xfffffffe, gro: on}}\n"
                         "  - {name: fw, stack: {mark: 0xfffffffe, gro: " +
                             second +
                             "}}\n"
                             "services:\n"
                             "  - {name: a, match: {encapsulation: mpls, label: 16}, domain: d0, egress: d1, "
                             "sf: {name: nat}}\n"
                             "  - {name: b, match: {encapsulation: mpls, label: 17}, domain: [d0, d1], "
                             "egress: d1, sf: {name: fw}}\n",
                         "x.yaml"));
    };
    EXPECT_EQ(plan("on").mark_mask, 0xfffffffeU);
    EXPECT_EQ(plan("on").mark_check_bits(), 10U) << "of 31 bits, behind 17 for numbers and 4 for the generation";
    EXPECT_EQ(make_plan(Config{}).mark_mask, 0U);
    EXPECT_EQ(make_plan(Config{}).mark_check_bits(), 0U);
    EXPECT_TRUE(plan("on").ports.at(1).gro);
    EXPECT_TRUE(plan("on").ports.at(2).gro);
    EXPECT_FALSE(plan("off").ports.at(1).gro); // one of its services forbids it
    EXPECT_FALSE(plan("off").ports.at(2).gro);
}

TEST(HostKernel, MtusOfAPortMustAgree) {
    const std::string text = one_service("egress: {interface: e0, mtu: 1400}") +
                             "  - {name: back, match: {encapsulation: mpls, label: 17}, sf: {name: nat}, egress: d0,\n"
                             "     domain: {interface: e0, mtu: 1500}}\n";
    EXPECT_EQ(refusal(text), "x.yaml:7:14: port 'e0' has mtu 1500 here and 1400 at service 'out'; give one value");
}

TEST(HostKernel, EightWaysOutAndWhatElseAServiceMayHave) {
    for (const std::string more :
         {"egress: e0", "egress: [a1, a2, a3, a4, a5, a6, a7, a8]", "egress: [d0]",
          "egress: {interface: e0, mtu: 1400, peer: prepared}", "egress: e0, next_hop: ingress",
          "egress: e0, next_hop: {interface: e1, ip: 192.0.2.1}",
          "egress: e0, inner: ipv6, ttl: pipe, inner_ttl: keep, last_label: plain"}) {
        EXPECT_EQ(refusal(one_service(more)), "accepted") << more;
    }
}

/// Out and back through the kernel, and one service through an SF with ports on the same domain port.
Plan kernel_plan() {
    return make_plan(
        parse_config("cache: {capacity: 128}\n"
                     "sfs:\n"
                     "  - {name: fw, ports: {both: f}}\n"
                     "  - {name: nat, stack: true, hold: 20ms}\n"
                     "services:\n"
                     "  - {name: out, match: {encapsulation: mpls, label: 16}, domain: d0, sf: {name: nat},\n"
                     "     egress: [d1, {interface: e0, mtu: 1400}], quota: 32}\n"
                     "  - {name: back, match: {encapsulation: mpls, label: 17}, domain: d1, sf: {name: nat},\n"
                     "     egress: d0, last_label: plain}\n"
                     "  - {name: fw, match: {encapsulation: mpls, label: 18}, domain: [d0, d2], sf: {name: fw},\n"
                     "     next_hop: {interface: h0, mac: '02:00:00:00:00:01'}}\n",
                     "x.yaml"));
}

TEST(KernelPlan, SfHasNoPorts) {
    const Plan plan = kernel_plan();
    const Plan::Sf& nat = plan.sfs.at(2);
    EXPECT_EQ(nat.entry.kernel, 1U);
    EXPECT_EQ(nat.entry.hold_ns, 20'000'000U);
    EXPECT_EQ(nat.left, SFC_NONE);
    EXPECT_EQ(nat.right, SFC_NONE);
    EXPECT_EQ(plan.sfs.at(1).entry.kernel, 0U);
    EXPECT_EQ(plan.return_port(plan.port_id("f")), plan.port_id("f"));
    EXPECT_TRUE(plan.any_kernel());
    EXPECT_FALSE(make_plan(Config{}).any_kernel());
}

TEST(KernelPlan, ServiceHasWaysOutAndNoNextHop) {
    const Plan plan = kernel_plan();
    const sfc_service& out = plan.services.at(1).entry;
    EXPECT_EQ(out.sf, 2U);
    EXPECT_EQ(out.to_port, SFC_NONE);
    EXPECT_EQ(out.return_port, SFC_NONE);
    EXPECT_EQ(out.egress_port, SFC_NONE);
    EXPECT_EQ(out.next_hop_ready, 1U);
    EXPECT_EQ(out.egress[0], plan.port_id("d1"));
    EXPECT_EQ(out.egress[1], plan.port_id("e0"));
    EXPECT_EQ(out.egress[2], SFC_NONE);
    EXPECT_EQ(plan.egress_names(plan.services[1]), (std::vector<std::string>{"d1", "e0"}));
    EXPECT_EQ(out.first_slot, 0U);
    EXPECT_EQ(out.quota, 32U);
    EXPECT_EQ(plan.services.at(2).entry.first_slot, 32U);
    EXPECT_EQ(plan.services.at(2).entry.last_label, SFC_LAST_LABEL_PLAIN);
    EXPECT_EQ(plan.services.at(3).entry.egress[0], SFC_NONE);
    EXPECT_TRUE(plan.through_kernel(plan.services[1]));
    EXPECT_FALSE(plan.through_kernel(plan.services[3]));
}

TEST(KernelPlan, PortsKnowThatAKernelIsBehindThem) {
    const Plan plan = kernel_plan();
    struct Row {
        const char* name;
        unsigned role, kernel;
        bool kernel_egress;
    };
    for (const Row& row : {Row{"d0", SFC_ROLE_DOMAIN, 1, true}, Row{"d1", SFC_ROLE_DOMAIN, 1, true},
                           Row{"d2", SFC_ROLE_DOMAIN, 0, false}, Row{"e0", SFC_ROLE_EGRESS, 0, true},
                           Row{"h0", SFC_ROLE_EGRESS, 0, false}, Row{"f", SFC_ROLE_SF, 0, false}}) {
        const Plan::Port& port = port_of(plan, row.name);
        EXPECT_EQ(port.entry.role, row.role) << row.name;
        EXPECT_EQ(port.entry.kernel, row.kernel) << row.name;
        EXPECT_EQ(port.kernel_egress, row.kernel_egress) << row.name;
        EXPECT_EQ(port.entry.hairpin, 0U) << row.name;
    }
    EXPECT_EQ(port_of(plan, "e0").entry.mtu, 1400U);
}

TEST(KernelPlan, ReturnPortsLeaveServicesThroughTheKernelOut) {
    ReplayOptions options;
    options.from_sf = {{"", "back.pcap"}};
    resolve_ports(options, kernel_plan());
    EXPECT_EQ(options.from_sf[0].port, "f");
}

/// Seven packets on domain port d0: four into the kernel, one dropped at strip, one passed, one to the firewall.
Snapshot kernel_snapshot(const Plan& plan) {
    Snapshot snapshot;
    snapshot.ports.resize(plan.ports.size());
    snapshot.services.resize(plan.services.size());
    sfc_counters& d0 = snapshot.ports[plan.port_id("d0")];
    d0.event[SFC_EVENT_RECEIVED].packets = 7;
    d0.passed[SFC_REASON_not_sfc].packets = 1;
    d0.dropped_after_claim[SFC_REASON_miss].packets =
        5; // left the kernel without a ticket: was never counted as received
    snapshot.ports[plan.port_id("e0")].dropped_after_claim[SFC_REASON_miss].packets = 6;
    sfc_counters& out = snapshot.services[1];
    out.event[SFC_EVENT_TO_KERNEL].packets = 4;
    out.event[SFC_EVENT_RESTORED].packets = 2;
    out.dropped[SFC_REASON_ttl].packets = 1;
    out.dropped_after_claim[SFC_REASON_wrong_port].packets = 1;
    snapshot.services[3].event[SFC_EVENT_TO_SF].packets = 1;
    snapshot.cache.live = 1;
    return snapshot;
}

TEST(KernelConservation, PacketsInTheKernelAreInNoOtherEquation) {
    const Plan plan = kernel_plan();
    const Conservation sums = conserve(kernel_snapshot(plan), plan);
    EXPECT_EQ(sums.domain.received, 7U);
    EXPECT_EQ(sums.domain.dropped, 1U);
    EXPECT_EQ(sums.domain.to_kernel, 4U);
    EXPECT_EQ(sums.sf.restored + sums.sf.dropped_after_claim, 0U);
    ASSERT_TRUE(sums.kernel.has_value());
    EXPECT_EQ(sums.kernel->restored, 2U);
    EXPECT_EQ(sums.kernel->dropped, 1U);
    EXPECT_EQ(sums.kernel->not_returned(), 1U);
    EXPECT_TRUE(sums.balanced());
    Conservation spoiled = sums;
    spoiled.kernel->restored += 2;
    EXPECT_FALSE(spoiled.balanced());
    EXPECT_EQ(spoiled.kernel->not_returned(), 0U);
    spoiled.kernel->fragments = 2; // a kernel that makes three of one packet
    EXPECT_TRUE(spoiled.balanced());
    EXPECT_EQ(spoiled.kernel->not_returned(), 1U);
    spoiled = sums;
    spoiled.domain.to_kernel++;
    EXPECT_FALSE(spoiled.balanced());
}

TEST(KernelConservation, IsPrintedOnlyInKernelMode) {
    const Plan plan = kernel_plan();
    const Conservation sums = conserve(kernel_snapshot(plan), plan);
    const Json json = conservation_json(sums);
    EXPECT_EQ(json["kernel"].dump(), R"({"to_kernel":4,"fragments":0,"restored":2,"dropped":1,"not_returned":1})");
    EXPECT_EQ(json["domain"]["to_kernel"], 4U);
    const std::string text = conservation_text(sums);
    EXPECT_NE(text.find("+ to_sf 1 + to_kernel 4\n"), std::string::npos) << text;
    EXPECT_NE(text.find("to_kernel 4 + fragments 0 = restored 2 + dropped 1 + not returned 1\n"), std::string::npos)
        << text;
    const Conservation without;
    EXPECT_FALSE(conservation_json(without).contains("kernel"));
    EXPECT_FALSE(conservation_json(without)["domain"].contains("to_kernel"));
    EXPECT_EQ(conservation_text(without).find("kernel"), std::string::npos);
}

TEST(KernelCounters, ShowWhatWentIntoTheKernelAndWhatCameOutUnknown) {
    const Plan plan = kernel_plan();
    const Snapshot snapshot = kernel_snapshot(plan);
    const Json json = counters_json(snapshot, plan);
    EXPECT_EQ(json["services"]["out"]["to_kernel"]["packets"], 4U);
    EXPECT_EQ(json["services"]["out"]["dropped_after_claim"]["wrong_port"]["packets"], 1U);
    EXPECT_FALSE(json["services"]["out"].contains("claimed"));
    EXPECT_FALSE(json["services"]["fw"].contains("to_kernel"));
    EXPECT_EQ(json["domain_ports"]["d0"]["dropped_after_claim"]["miss"]["packets"], 5U);
    EXPECT_FALSE(json["domain_ports"]["d2"].contains("dropped_after_claim"));
    EXPECT_EQ(json["egress_ports"]["e0"]["dropped_after_claim"]["miss"]["packets"], 6U);
    EXPECT_FALSE(json["egress_ports"].contains("h0"));
    const std::string text = counters_text(snapshot, plan);
    EXPECT_NE(text.find("egress port e0"), std::string::npos) << text;
    EXPECT_EQ(text.find("port h0"), std::string::npos) << text;
    Snapshot before = snapshot;
    before.ports[plan.port_id("e0")] = {};
    EXPECT_EQ(rates_between(before, snapshot, plan, 1'000'000'000).rows.at(0).owner, "egress port e0");
}

TEST(KernelNames, AreKnown) {
    EXPECT_EQ(verdict_name(SFC_VERDICT_TO_KERNEL), "to_kernel");
    EXPECT_EQ(event_name(SFC_EVENT_TO_KERNEL), "to_kernel");
    EXPECT_EQ(reason_name(SFC_REASON_wrong_port), "wrong_port");
}

} // namespace
} // namespace sfc
