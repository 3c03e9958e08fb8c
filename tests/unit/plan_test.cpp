// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <array>
#include <cstdint>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mac.h"
#include "base/names.h"
#include "cli/options.h"
#include "proxy.h"

namespace sfc::test {
namespace {

TEST(Plan, ServiceTurnedRoundUsesTheSamePortsTheOtherWay) {
    const Plan plan = standard_plan();
    EXPECT_EQ(plan.services[kOut].entry.to_port, kLeft);
    EXPECT_EQ(plan.services[kOut].entry.return_port, kRight);
    EXPECT_EQ(plan.return_port(kLeft), kRight);
    EXPECT_EQ(plan.return_port(kRight), kLeft);
    EXPECT_EQ(plan.ports[kDomain].entry.role, SFC_ROLE_DOMAIN);
    EXPECT_EQ(plan.ports[kEgress].entry.role, SFC_ROLE_EGRESS);
    EXPECT_EQ(plan.matches.at(0).match.port, kDomain);
}

TEST(Plan, CapacityIsRoundedUpToAPowerOfTwo) {
    Config config;
    config.capacity = 65;
    EXPECT_EQ(make_plan(config).capacity, 128U);
    config.capacity = 64;
    EXPECT_EQ(make_plan(config).capacity, 64U);
}

TEST(Plan, LargeIndexHasFewBucketsAndOverflowLines) {
    const auto sizes = [](std::uint32_t capacity) {
        const IndexSize size = standard_plan(capacity).index_size();
        return std::pair(size.buckets, size.overflow_lines);
    };
    EXPECT_EQ(sizes(64), std::pair(16U, 0U));
    EXPECT_EQ(sizes(16384), std::pair(4096U, 0U));
    EXPECT_EQ(sizes(32768), std::pair(4096U, 8192U));
    EXPECT_EQ(sizes(4194304), std::pair(4096U, 1048576U));
}

TEST(Plan, CpusKeepAnEighthOfTheSlotsForThemselves) {
    const auto cpus = static_cast<std::uint32_t>(sysconf(_SC_NPROCESSORS_CONF));
    for (const std::uint32_t capacity : {64U, 4096U, 65536U, 4194304U}) {
        const Plan plan = make_plan(parse_config(fmt::format(R"(
cache: {{capacity: {}}}
sfs: [{{name: fw, ports: {{left: left, right: right}}}}]
services: [{{name: out, domain: d0, match: {{encapsulation: mpls, label: 16001}}, sf: {{name: fw, in: left}}, next_hop: ingress}}]
)",
                                                             capacity),
                                                 "kept.yaml"));
        const sfc_service& entry = plan.services.at(1).entry;
        const std::uint32_t kept = entry.magazine + entry.chunks * (SFC_CHUNK + 1U), share = entry.quota / (8 * cpus);
        EXPECT_LE(kept, share) << capacity;
        EXPECT_GT(kept + SFC_CHUNK + 1U, share) << capacity << ": as much as may be";
    }
}

TEST(Shape, IsWhatTheServicesNeedAndWhatIsReserved) {
    const auto shape = [](const std::string& cache, const std::string& sf) {
        return make_plan(parse_config("cache: {" + cache + "}\nsfs: [" + sf + "]\nservices: []\n", "shape.yaml")).shape;
    };
    const std::string ports = "{name: fw, ports: {left: a, right: b}}";
    EXPECT_EQ(shape("capacity: 64", ports).header_room, SFC_HEADER_ROOM_LEAST);
    EXPECT_EQ(shape("header_max: 100", ports).header_room, 104U) << "whole words";
    EXPECT_EQ(shape("header_max: 216", ports).header_room, SFC_HEADER_MAX);
    EXPECT_FALSE(shape("kernel_mode: off", ports).kernel_mode);
    EXPECT_TRUE(shape("kernel_mode: on", ports).kernel_mode);
    EXPECT_TRUE(shape("kernel_mode: off", "{name: nat, stack: true}").kernel_mode) << "a service needs it";
    for (const char* wrong : {"header_max: 63", "header_max: 217", "kernel_mode: 1", "header_most: 64"}) {
        EXPECT_THROW((void)shape(wrong, ports), Error) << wrong;
    }
}

/// Positions that `count` services have in the table of hints. `value`: what the service of that number matches.
template <typename Value> std::size_t positions(std::uint64_t count, Value value) {
    std::set<std::uint32_t> found;
    for (std::uint64_t i = 0; i < count; i++) {
        const std::array<std::uint64_t, 2> words = value(i);
        found.insert(sfc_match_position(sfc_match_scope(1, 1, 0), words[0], words[1]));
    }
    return found.size();
}

TEST(MatchHints, NeighboursHavePositionsOfTheirOwn) {
    using Words = std::array<std::uint64_t, 2>;
    constexpr std::uint64_t kMany = 4000, kLocator = 0x20010db800010000;
    EXPECT_EQ(positions(256, [](auto i) { return Words{1000 + i, 0}; }), 256U) << "labels";
    EXPECT_GT(positions(kMany, [](auto i) { return Words{1000 + i, 0}; }), 3900U) << "labels";
    EXPECT_EQ(positions(kMany, [](auto i) { return Words{(777 + i) << 8 | 7, 0}; }), kMany) << "service paths";
    EXPECT_GT(positions(kMany,
                        [](auto i) {
                            return Words{(777 + i / 16) << 8 | (255 - i % 16), 0};
                        }),
              3800U)
        << "service paths with sixteen indexes each";
    EXPECT_EQ(positions(kMany, [](auto i) { return Words{kLocator | i, 0}; }), kMany) << "SIDs of /64";
    EXPECT_EQ(positions(kMany, [](auto i) { return Words{kLocator + (i << 16), 0}; }), kMany) << "SIDs of /48";
    for (const unsigned shift : {0U, 16U, 32U, 48U}) {
        EXPECT_EQ(positions(kMany,
                            [&](auto i) {
                                return Words{kLocator, i << shift};
                            }),
                  kMany)
            << "behind /64: " << shift;
    }
}

TEST(Mac, ReadsWhatItWrites) {
    EXPECT_EQ(format_mac(parse_mac("02:00:aB:00:00:0b").value()), "02:00:ab:00:00:0b");
    for (const char* wrong :
         {"", "02:00:00:00:00", "02-00-00-00-00-0b", "02:00:00:00:00:0g", "02:00:00:00:00:0b:", "+2:00:00:00:00:0b"}) {
        EXPECT_FALSE(parse_mac(wrong)) << wrong;
    }
}

TEST(Names, EveryReasonHasANameAndAMeaning) {
    for (unsigned reason = 1; reason < SFC_REASON_USED; reason++) {
        EXPECT_FALSE(reason_name(reason).empty()) << reason;
        EXPECT_FALSE(reason_text(reason).empty()) << reason;
    }
    EXPECT_EQ(reason_name(SFC_REASON_runt), "runt");
    EXPECT_EQ(reason_name(SFC_REASON_no_room), "no_room");
    EXPECT_EQ(reason_name(SFC_REASON_MAX), "");
}

struct Conserved {
    const char* name;
    void (*spoil)(Conservation&);
};

/// One packet through everything; each row takes one figure away, and the balance must notice.
TEST(Conservation, NoticesEveryMissingPacket) {
    Conservation good;
    good.domain = {.received = 3, .passed = 1, .dropped = 1, .to_sf = 1};
    good.cache = {.to_sf = 5, .claimed = 1, .expired = 1, .evicted = 1, .flushed = 1, .live = 1, .stale = 0};
    good.sf = {.received = 4, .claimed = 2, .passed = 1, .dropped = 1, .restored = 1, .dropped_after_claim = 1};
    ASSERT_TRUE(good.balanced());
    const std::vector<Conserved> rows = {
        {"received", [](Conservation& c) { c.domain.received++; }},
        {"passed", [](Conservation& c) { c.domain.passed++; }},
        {"dropped", [](Conservation& c) { c.domain.dropped++; }},
        {"to_sf", [](Conservation& c) { c.cache.to_sf++; }},
        {"expired", [](Conservation& c) { c.cache.expired++; }},
        {"evicted", [](Conservation& c) { c.cache.evicted++; }},
        {"flushed", [](Conservation& c) { c.cache.flushed++; }},
        {"live", [](Conservation& c) { c.cache.live++; }},
        {"sf received", [](Conservation& c) { c.sf.received++; }},
        {"sf dropped", [](Conservation& c) { c.sf.dropped++; }},
        {"restored", [](Conservation& c) { c.sf.restored++; }},
    };
    for (const Conserved& row : rows) {
        Conservation spoiled = good;
        row.spoil(spoiled);
        EXPECT_FALSE(spoiled.balanced()) << row.name;
    }
}

TEST(Options, PortOfAnInputIsTheOnlyOneOrNamed) {
    const Plan plan = standard_plan();
    ReplayOptions options;
    options.in = {{"", "d0=in.pcap"}, {"", "other.pcap"}};
    options.from_sf = {{"", "left=back.pcap"}, {"", "back2.pcap"}};
    resolve_ports(options, plan);
    EXPECT_EQ(options.in[0].port, "d0");
    EXPECT_EQ(options.in[0].file, "in.pcap");
    EXPECT_EQ(options.in[1].port, "d0");
    EXPECT_EQ(options.from_sf[0].port, "left");
    EXPECT_EQ(options.from_sf[1].port, "right");
    options.in = {{"", "left=in.pcap"}};
    EXPECT_THROW(resolve_ports(options, plan), Error);
}

} // namespace
} // namespace sfc::test
