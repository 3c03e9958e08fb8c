// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/report.h"

#include <span>

namespace sfc {
namespace {

std::uint64_t packets(std::span<const sfc_count> cells) {
    std::uint64_t total = 0;
    for (const sfc_count& cell : cells) {
        total += cell.packets;
    }
    return total;
}

void add_port(Conservation& sums, const sfc_counters& counters, unsigned role) {
    const std::uint64_t received = counters.event[SFC_EVENT_RECEIVED].packets;
    if (role == SFC_ROLE_DOMAIN) {
        sums.domain.received += received;
        sums.domain.passed += packets(counters.passed);
        sums.domain.dropped += packets(counters.dropped);
    } else if (role == SFC_ROLE_SF) {
        sums.sf.received += received;
        sums.sf.passed += packets(counters.passed);
        sums.sf.dropped += packets(counters.dropped);
    }
}

/// The domain side, which is the same for every kind of SF.
void add_strip(Conservation& sums, const sfc_counters& counters) {
    sums.domain.to_sf += counters.event[SFC_EVENT_TO_SF].packets;
    sums.domain.to_kernel += counters.event[SFC_EVENT_TO_KERNEL].packets;
    sums.domain.bypassed += counters.event[SFC_EVENT_BYPASSED].packets;
    sums.domain.dropped += packets(counters.dropped);
}

void add_kernel(KernelSums& sums, const sfc_counters& counters) {
    sums.to_kernel += counters.event[SFC_EVENT_TO_KERNEL].packets;
    sums.fragments += counters.event[SFC_EVENT_FRAGMENTS].packets;
    sums.restored += counters.event[SFC_EVENT_RESTORED].packets;
    sums.dropped += packets(counters.dropped_after_claim);
    sums.passed += packets(counters.passed);
}

/// A kernel has no entries in the cache.
void add_cache(Conservation& to, const sfc_counters& counters) {
    const auto event = [&](sfc_event which) { return counters.event[which].packets; };
    auto& sums = to.cache;
    sums.claimed += event(SFC_EVENT_CLAIMED);
    sums.expired += event(SFC_EVENT_EXPIRED);
    sums.evicted += event(SFC_EVENT_EVICTED);
    sums.flushed += event(SFC_EVENT_FLUSHED);
}

/// Where the SF has ports.
void add_restore(Conservation& to, const sfc_counters& counters) {
    auto& sums = to.sf;
    sums.claimed += counters.event[SFC_EVENT_CLAIMED].packets;
    sums.originated += counters.event[SFC_EVENT_ORIGINATED].packets;
    sums.restored += counters.event[SFC_EVENT_RESTORED].packets;
    sums.dropped_after_claim += packets(counters.dropped_after_claim);
    sums.passed_after_claim += packets(counters.passed);
}

} // namespace

/// More may seem to come out than went in where packets move while they are counted.
std::uint64_t KernelSums::not_returned() const {
    const std::uint64_t in = to_kernel + fragments, out = restored + passed + dropped;
    return in > out ? in - out : 0;
}

bool Conservation::balanced() const {
    return domain.received == domain.passed + domain.dropped + domain.to_sf + domain.to_kernel + domain.bypassed &&
           cache.to_sf == cache.claimed + cache.expired + cache.evicted + cache.flushed + cache.live &&
           sf.received == sf.claimed + sf.originated + sf.passed + sf.dropped &&
           sf.claimed + sf.originated == sf.restored + sf.passed_after_claim + sf.dropped_after_claim &&
           (!kernel || kernel->restored + kernel->passed + kernel->dropped <= kernel->to_kernel + kernel->fragments);
}

Snapshot take_snapshot(const Maps& maps, const Plan& plan, std::uint64_t now_ns) {
    Snapshot snapshot;
    for (std::size_t id = 0; id < plan.ports.size(); id++) {
        snapshot.ports.push_back(maps.port_counters(id));
    }
    for (std::size_t id = 0; id < plan.services.size(); id++) {
        snapshot.services.push_back(maps.service_counters(id));
    }
    snapshot.cache = maps.cache_use(now_ns);
    return snapshot;
}

Conservation conserve(const Snapshot& snapshot, const Plan& plan) {
    Conservation sums;
    sums.originates = plan.any_last();
    sums.bypasses = plan.may_bypass();
    if (plan.any_kernel()) {
        sums.kernel.emplace();
    }
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        add_port(sums, snapshot.ports[id], plan.ports[id].entry.role);
    }
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        sums.fib = sums.fib || Plan::by_routes(plan.services[id]);
        add_strip(sums, snapshot.services[id]);
        if (plan.through_kernel(plan.services[id])) {
            add_kernel(*sums.kernel, snapshot.services[id]);
        } else {
            add_cache(sums, snapshot.services[id]);
        }
        if (!plan.through_host_kernel(plan.services[id])) {
            add_restore(sums, snapshot.services[id]);
        }
    }
    sums.cache.to_sf = sums.domain.to_sf;
    sums.cache.live = snapshot.cache.live;
    sums.cache.stale = snapshot.cache.stale;
    return sums;
}

} // namespace sfc
