// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/stats.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <numeric>

#include <fmt/format.h>

#include "base/error.h"
#include "net/netlink.h"
#include "report/messages.h"

namespace sfc {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr int kAttempts = 5;
constexpr std::uint64_t kMany = 64;

bool same(const Snapshot& a, const Snapshot& b) {
    const auto equal = [](const std::vector<sfc_counters>& one, const std::vector<sfc_counters>& other) {
        return std::memcmp(one.data(), other.data(), one.size() * sizeof(sfc_counters)) == 0;
    };
    return equal(a.ports, b.ports) && equal(a.services, b.services);
}

std::string seconds(std::uint64_t ns) {
    return fmt::format("{:.1f} s", static_cast<double>(ns) / static_cast<double>(kSecond));
}

} // namespace

std::uint64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now); // bpf_ktime_get_ns is the same clock
    return static_cast<std::uint64_t>(now.tv_sec) * kSecond + static_cast<std::uint64_t>(now.tv_nsec);
}

SteadySnapshot take_steady_snapshot(const Attachment& attachment) {
    SteadySnapshot steady;
    steady.snapshot = take_snapshot(attachment.maps(), attachment.plan(), now_ns());
    for (int attempt = 0; attempt < kAttempts && !steady.still; attempt++) {
        Snapshot again = take_snapshot(attachment.maps(), attachment.plan(), now_ns());
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

std::map<std::string, std::string> silent_services(const Attachment& attachment, const Snapshot& snapshot) {
    std::map<std::string, std::string> silent;
    const Plan& plan = attachment.plan();
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        const sfc_counters& counters = snapshot.services[id];
        const Plan::Sf& sf = plan.sfs[plan.services[id].entry.sf];
        const std::uint64_t patience = std::max<std::uint64_t>(kSecond, 2 * sf.entry.hold_ns);
        const std::uint64_t now = now_ns();
        const std::uint64_t in_sf = counters.event[SFC_EVENT_TO_SF].packets;
        if (in_sf == 0 || counters.last_to_sf <= counters.last_claimed) {
            continue;
        }
        if (counters.last_claimed == 0) {
            if (in_sf < kMany && now - counters.last_to_sf < sf.entry.hold_ns) {
                continue; // the first packets may still be on their way
            }
            silent[plan.services[id].name] = msg::gives_none_back(sf.name, in_sf);
        } else if (counters.last_to_sf - counters.last_claimed > patience) {
            silent[plan.services[id].name] = msg::gives_none_back_since(sf.name, seconds(now - counters.last_to_sf),
                                                                        seconds(now - counters.last_claimed));
        }
    }
    return silent;
}

} // namespace sfc
