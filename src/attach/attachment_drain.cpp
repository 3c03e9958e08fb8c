// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The end of an attachment: first nothing is stripped any more, then packets that are in their SFs have time to return,
// and only then programs are taken off. Without the wait, the host would forward them as they are, without a header.
#include <algorithm>

#include "attach/attachment.h"
#include "attach/messages.h"

namespace sfc {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongest{5000};
constexpr milliseconds kStep{25};

/// Packets that have come back, of all services.
std::uint64_t returned(const Maps& maps, const Plan& plan) {
    std::uint64_t sum = 0;
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        const bool kernel = plan.through_kernel(plan.services[id]);
        sum += maps.service_counters(id).event[kernel ? SFC_EVENT_RESTORED : SFC_EVENT_CLAIMED].packets;
    }
    return sum;
}

/// The hold times of all SFs, as long as anybody waits for one.
milliseconds longest_hold(const Plan& plan) {
    std::uint64_t ns = 0;
    for (const Plan::Sf& sf : plan.sfs) {
        ns = std::max<std::uint64_t>(ns, sf.entry.hold_ns);
    }
    return std::min(std::chrono::ceil<milliseconds>(std::chrono::nanoseconds(ns)), kLongest);
}

} // namespace

void Attachment::close() {
    state_.closing = true;
    state_.save(pins_); // before it is done, so that the next `run` opens again, even if this process dies in between
    maps_->clear_matches(plan_);
    for (std::size_t id = 1; id < plan_.ports.size(); id++) {
        sfc_port entry = maps_->port(id);
        entry.tickets = 0; // no header is known by what arrived before
        maps_->set_port(id, entry);
    }
}

void Attachment::reopen() {
    if (!state_.closing) {
        return;
    }
    for (std::size_t id = 1; id < plan_.ports.size(); id++) {
        sfc_port entry = maps_->port(id);
        entry.tickets = plan_.ports[id].entry.tickets;
        maps_->set_port(id, entry);
    }
    maps_->set_matches(plan_);
    state_.closing = false;
    state_.save(pins_);
}

Attachment::Drained Attachment::drain(const StopWithin& stop_within) {
    const std::uint64_t before = returned(*maps_, plan_);
    const auto deadline = std::chrono::steady_clock::now() + longest_hold(plan_);
    close();
    // A kernel tells nobody how many packets are in it.
    const auto inside = [&] { return plan_.any_kernel() || maps_->cache_use(0).live != 0; };
    while (inside() && std::chrono::steady_clock::now() < deadline && !stop_within(kStep)) {
    }
    return {returned(*maps_, plan_) - before, maps_->cache_use(0).live};
}

} // namespace sfc
