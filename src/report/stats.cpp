// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/stats.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "loader/ticks.h"
#include "net/netlink.h"
#include "report/messages.h"

namespace sfc {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr int kAttempts = 5;
constexpr std::uint64_t kFew = 10, kMany = 64; ///< packets that say nothing about an SF, and that say it at once

bool same(const Snapshot& a, const Snapshot& b) {
    const auto equal = [](const std::vector<sfc_counters>& one, const std::vector<sfc_counters>& other) {
        return std::memcmp(one.data(), other.data(), one.size() * sizeof(sfc_counters)) == 0;
    };
    return equal(a.ports, b.ports) && equal(a.services, b.services);
}

std::string seconds(std::uint64_t ns) {
    return fmt::format("{:.1f} s", static_cast<double>(ns) / static_cast<double>(kSecond));
}

std::uint64_t sum(std::span<const sfc_count> cells) {
    return std::accumulate(cells.begin(), cells.end(), std::uint64_t{0},
                           [](std::uint64_t total, const sfc_count& cell) { return total + cell.packets; });
}

std::uint64_t misses(const sfc_counters& port) {
    return port.dropped[SFC_REASON_miss].packets + port.passed[SFC_REASON_miss].packets;
}

/// Packets that came from the SF and have no header there: by the ports that the service's packets come back by.
std::uint64_t unrecognised(const Plan& plan, const Plan::Service& service, const Snapshot& snapshot) {
    if (!plan.through_host_kernel(service)) {
        return misses(snapshot.ports[service.entry.return_port]);
    }
    std::uint64_t total = 0;
    for (const std::uint16_t id : service.entry.egress) {
        total += id == SFC_NONE ? 0 : snapshot.ports[id].dropped_after_claim[SFC_REASON_miss].packets;
    }
    return total;
}

/// Nothing came where the service's packets come back. They may have come where they went in.
Silence silence_at_return(const Plan& plan, const Plan::Service& service, const Snapshot& snapshot, std::uint64_t in) {
    const std::string& sf = plan.sfs[service.entry.sf].name;
    const std::uint16_t to = service.entry.to_port, back = service.entry.return_port;
    if (plan.through_host_kernel(service) || to == back || misses(snapshot.ports[to]) == 0) {
        return {.text = msg::gives_none_back(sf, in)};
    }
    const std::string& name = plan.ports[to].name;
    return {.answers = true,
            .text = msg::gives_back_elsewhere(sf, in, name, misses(snapshot.ports[to]), service.name,
                                              plan.ports[back].name)};
}

std::optional<Silence> silence_of(const Plan& plan, std::size_t id, const Snapshot& snapshot) {
    const sfc_counters& counters = snapshot.services[id];
    const Plan::Sf& sf = plan.sfs[plan.services[id].entry.sf];
    const std::uint64_t now = path_now_ns(), patience = std::max<std::uint64_t>(kSecond, 2 * sf.entry.hold_ns);
    const auto event = [&](sfc_event which) { return counters.event[which].packets; };
    const std::uint64_t in = event(SFC_EVENT_TO_SF) + event(SFC_EVENT_TO_KERNEL);
    const std::uint64_t out = std::max(event(SFC_EVENT_CLAIMED), event(SFC_EVENT_RESTORED)) +
                              (plan.through_host_kernel(plan.services[id]) ? sum(counters.dropped_after_claim) : 0);
    if (in < out + kFew || counters.last_to_sf <= counters.last_claimed) {
        return std::nullopt;
    }
    if (out != 0) {
        return counters.last_to_sf - counters.last_claimed <= patience
                   ? std::nullopt
                   : std::optional<Silence>(
                         {.text = msg::gives_none_back_since(sf.name, seconds(now - counters.last_to_sf),
                                                             seconds(now - counters.last_claimed))});
    }
    if (in < kMany && now - counters.last_to_sf < sf.entry.hold_ns) {
        return std::nullopt; // the first packets may still be on their way
    }
    const std::uint64_t others = unrecognised(plan, plan.services[id], snapshot);
    return others == 0 ? silence_at_return(plan, plan.services[id], snapshot, in)
                       : Silence{.answers = true, .text = msg::gives_others_back(sf.name, in, others)};
}

} // namespace

SteadySnapshot take_steady_snapshot(const Attachment& attachment) {
    SteadySnapshot steady;
    steady.snapshot = take_snapshot(attachment.maps(), attachment.plan(), path_now_ns());
    for (int attempt = 0; attempt < kAttempts && !steady.still; attempt++) {
        Snapshot again = take_snapshot(attachment.maps(), attachment.plan(), path_now_ns());
        steady.still = same(steady.snapshot, again);
        steady.snapshot = std::move(again);
    }
    return steady;
}

LostByPort after_verdict(const Attachment& attachment) {
    LostByPort lost;
    for (std::size_t id = 1; id < attachment.plan().ports.size(); id++) {
        lost[attachment.plan().ports[id].name] = attachment.lost(id);
    }
    return lost;
}

std::uint64_t total_lost(const LostByPort& lost) {
    return std::accumulate(lost.begin(), lost.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& port) { return sum + port.second.total(); });
}

SilentServices silent_services(const Attachment& attachment, const Snapshot& snapshot) {
    SilentServices silent;
    const Plan& plan = attachment.plan();
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        if (auto silence = silence_of(plan, id, snapshot)) {
            silent[plan.services[id].name] = std::move(*silence);
        }
    }
    return silent;
}

} // namespace sfc
