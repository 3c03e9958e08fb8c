// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "both_runners.h"

#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "packet.h"

namespace sfc::test {
namespace {

/// A restored frame without what is random in it: the identification and checksum of an outer IPv4 header that may be
/// fragmented (docs/nsh.md).
Bytes comparable(const Ran& ran) {
    constexpr std::size_t kType = 12, kId = 18, kFlags = 20, kSum = 24, kPort = 36, kEnd = 38;
    Bytes bytes(ran.bytes.begin(), ran.bytes.end());
    const bool gpe = bytes.size() >= kEnd && bytes[kType] == 0x08 && bytes[kType + 1] == 0 &&
                     bytes[kPort] == 4790 >> 8 && bytes[kPort + 1] == (4790 & 0xff);
    if (ran.result.verdict == SFC_VERDICT_RESTORED && gpe && (bytes[kFlags] & 0x40) == 0) {
        bytes[kId] = bytes[kId + 1] = bytes[kSum] = bytes[kSum + 1] = 0;
    }
    return bytes;
}

Ran agreed(const Ran& first, const Ran& second, const char* side, std::span<const std::uint8_t> frame) {
    // An aborted run may have left no result of its own.
    const bool same_result = first.action == 0 || std::memcmp(&first.result, &second.result, sizeof(first.result)) == 0;
    if (first.action == second.action && same_result && comparable(first) == comparable(second)) {
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

void BothRunners::set_own_addresses(const std::vector<std::array<std::uint8_t, 16>>& addresses) {
    first_->set_own_addresses(addresses);
    second_->set_own_addresses(addresses);
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
