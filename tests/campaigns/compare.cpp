// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "compare.h"

#include <algorithm>

#include <fmt/format.h>
#include <linux/bpf.h>

#include "base/names.h"
#include "oracle_outer.h"

namespace sfc::test {
namespace {

using oracle::Expected;
using oracle::Verdict;

constexpr std::uint64_t kReapedLeast = 4; ///< so many must be late for one that has lost its entry already
constexpr std::size_t kExamplesMost = 40;

sfc_verdict verdict_of(Verdict verdict) {
    constexpr std::array<sfc_verdict, 5> kVerdicts = {SFC_VERDICT_TO_SF, SFC_VERDICT_RESTORED, SFC_VERDICT_BYPASSED,
                                                      SFC_VERDICT_PASSED, SFC_VERDICT_DROPPED};
    return kVerdicts.at(static_cast<std::size_t>(verdict));
}

unsigned action_of(Verdict verdict) {
    constexpr std::array<unsigned, 5> kActions = {XDP_REDIRECT, XDP_REDIRECT, XDP_REDIRECT, XDP_PASS, XDP_DROP};
    return kActions.at(static_cast<std::size_t>(verdict));
}

std::string outcome(unsigned verdict, unsigned reason, std::string_view service) {
    return fmt::format("{}{}{}{}{}", verdict_name(static_cast<std::uint8_t>(verdict)), reason != 0 ? " " : "",
                       reason_name(static_cast<std::uint8_t>(reason)), service.empty() ? "" : " by ", service);
}

} // namespace

Compare::Compare(const oracle::World& world, const Plan& plan, Runner& runner, MutateResult& result)
    : world_(world), plan_(plan), runner_(runner), result_(result), oracle_(world_) {
    for (const oracle::Port& port : world.ports) {
        port_ids_.push_back(plan.port_id(port.name));
    }
}

void Compare::set_time(std::uint64_t ns) {
    now_ns_ = ns;
    runner_.set_time(ns);
}

Expected Compare::strip(int port, const Bytes& frame) {
    const Ran ran = runner_.strip(port_ids_[port], frame);
    Expected expected = oracle_.strip(port, frame, now_ns_);
    check("domain", port, frame, expected, ran);
    return expected;
}

Expected Compare::restore(int port, const Bytes& frame) {
    const Ran ran = runner_.restore(port_ids_[port], frame);
    Expected expected = oracle_.restore(port, frame, now_ns_);
    oracle::take_drawn(expected.bytes, ran.bytes, expected.around);
    check("sf", port, frame, expected, ran);
    if (expected.verdict == Verdict::Restored) {
        constexpr std::array<const char*, 6> kAround = {"", " in IPv4", " in IPv6", "", " anew", " masked"};
        result_.outcomes[fmt::format("restored {}{}{}", encap_of(expected.service->encap).name(),
                                     kAround.at(static_cast<std::size_t>(expected.around)),
                                     expected.originated ? " originated" : "")]++;
        result_.restored[fmt::format("{}{}", expected.ethernet ? "ethernet " : "", kind_name(expected.kind))]++;
    }
    return expected;
}

void Compare::check(const char* side, int port, const Bytes& frame, const Expected& expected, const Ran& ran) {
    runs_++;
    result_.outcomes[fmt::format("{}{}{}", verdict_name(ran.result.verdict), ran.result.reason != 0 ? " " : "",
                                 reason_name(ran.result.reason))]++;
    const std::string what = difference(port, frame, expected, ran);
    if (!what.empty() && !expected.reaped.empty() && difference(port, frame, expected.reaped[0], ran).empty()) {
        result_.reaped++;
    } else if (!what.empty()) {
        wrong(fmt::format("{}: {}", side, what),
              fmt::format("run {} at {} ms on {}: {:02x}", runs_, now_ns_ / 1'000'000, world_.ports[port].name,
                          fmt::join(frame, "")));
    }
}

std::string Compare::difference(int port, const Bytes& frame, const Expected& expected, const Ran& ran) const {
    const sfc_result& got = ran.result;
    const unsigned verdict = verdict_of(expected.verdict);
    const std::string_view service = expected.service != nullptr ? std::string_view(expected.service->name) : "";
    const std::string_view got_service =
        got.service != SFC_NONE ? std::string_view(plan_.services.at(got.service).name) : "";
    if (got.verdict != verdict || got.reason != expected.reason || got_service != service) {
        return fmt::format("expected {}, got {}", outcome(verdict, expected.reason, service),
                           outcome(got.verdict, got.reason, got_service));
    }
    if (ran.action != action_of(expected.verdict)) {
        return fmt::format("{}: XDP action {}", outcome(verdict, expected.reason, service), ran.action);
    }
    const std::uint16_t egress = expected.egress < 0 ? std::uint16_t{SFC_NONE} : port_ids_[expected.egress];
    if (got.egress != egress || got.port != port_ids_[port] || got.frame_len != frame.size()) {
        return "the result names other ports, or another length";
    }
    const std::span<const std::uint8_t> bytes =
        expected.verdict == Verdict::Passed ? std::span(frame) : std::span(expected.bytes);
    if (expected.verdict == Verdict::Dropped || std::ranges::equal(bytes, ran.bytes)) {
        return {};
    }
    return fmt::format("{}: other bytes", outcome(verdict, expected.reason, service));
}

void Compare::wrong(const std::string& what, const std::string& example) {
    result_.wrong++;
    if (++result_.differences[what] <= 2 && result_.examples.size() < kExamplesMost) {
        result_.examples.push_back(what + "\n    " + example);
    }
}

void Compare::finish() {
    const Totals totals = runner_.totals();
    result_.balanced = totals.balanced;
    if (totals.evicted > 0) {
        result_.not_comparable = fmt::format("{} entries were evicted, which the oracle does not know", totals.evicted);
    }
    const oracle::Cache& cache = oracle_.cache();
    // References in stale entries that made room: expired in the programs, still there in the oracle.
    const std::uint64_t made_room = totals.expired - cache.expired();
    if (totals.expired < cache.expired() || made_room > cache.stale(now_ns_) ||
        totals.live + made_room != cache.live() || totals.flushed != 0) {
        wrong("references in the cache",
              fmt::format("expected {} expired, {} live, 0 flushed, got {}, {}, {}", cache.expired(), cache.live(),
                          totals.expired, totals.live, totals.flushed));
    }
    const std::uint64_t late = result_.outcomes["dropped late"];
    if (result_.reaped * kReapedLeast > late) {
        wrong("late packets without an entry", fmt::format("{} of {} are too many", result_.reaped, late));
    }
}

} // namespace sfc::test
