// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "both_runners.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"

namespace sfc::test {
namespace {

Ran agreed(const Ran& first, const Ran& second, const char* side, std::span<const std::uint8_t> frame) {
    // An aborted run may have left no result of its own.
    const bool same_result = first.action == 0 || std::memcmp(&first.result, &second.result, sizeof(first.result)) == 0;
    if (first.action == second.action && same_result && std::ranges::equal(first.bytes, second.bytes)) {
        return first;
    }
    throw Error(
        ExitCode::Failed,
        fmt::format("the builds differ at {}: action {} and {}, verdict {} and {}, reason {} and {}, of {:02x}: "
                    "{:02x} and {:02x}",
                    side, first.action, second.action, first.result.verdict, second.result.verdict, first.result.reason,
                    second.result.reason, fmt::join(frame, ""), fmt::join(first.bytes, ""),
                    fmt::join(second.bytes, "")));
}

} // namespace

Ran BothRunners::strip(std::uint16_t port_id, std::span<const std::uint8_t> frame) {
    return agreed(first_->strip(port_id, frame), second_->strip(port_id, frame), "strip", frame);
}

Ran BothRunners::restore(std::uint16_t port_id, std::span<const std::uint8_t> frame) {
    return agreed(first_->restore(port_id, frame), second_->restore(port_id, frame), "restore", frame);
}

void BothRunners::set_time(std::uint64_t ns) {
    first_->set_time(ns);
    second_->set_time(ns);
}

Totals BothRunners::totals() {
    const Totals first = first_->totals();
    const Totals second = second_->totals();
    if (!(first == second)) {
        throw Error(ExitCode::Failed,
                    fmt::format("the builds count differently: live {} and {}, evicted {} and {}, "
                                "expired {} and {}",
                                first.live, second.live, first.evicted, second.evicted, first.expired, second.expired));
    }
    return first;
}

void BothRunners::raise_epoch(std::uint16_t sf_id) {
    first_->raise_epoch(sf_id);
    second_->raise_epoch(sf_id);
}

// That both count alike is compared once, in totals().
Snapshot BothRunners::snapshot() {
    return first_->snapshot();
}

sfc_counters BothRunners::service_counters(std::uint16_t id) {
    return first_->service_counters(id);
}

std::vector<std::uint64_t> BothRunners::live_of_services() {
    return first_->live_of_services();
}

} // namespace sfc::test
