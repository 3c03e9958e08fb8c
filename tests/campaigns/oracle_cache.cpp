// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "oracle_cache.h"

namespace sfc::test::oracle {
namespace {

constexpr std::uint32_t kReferencesMost = 65535;

} // namespace

sfc_reason Cache::insert(const std::string& key, const Header& header, std::uint64_t hold_ns, std::uint64_t now_ns) {
    Entry& entry = entries_[key];
    if (entry.references > 0 && entry.stale(now_ns)) {
        expired_ += entry.references;
        live_ -= entry.references;
        entry.references = 0;
    }
    if (entry.references == 0) {
        entry.header = header;
        entry.hold_ns = hold_ns;
    } else if (entry.header != header) {
        return SFC_REASON_ambiguous;
    } else if (entry.references == kReferencesMost) {
        return SFC_REASON_cache_full;
    }
    entry.references++;
    entry.last_ns = now_ns;
    live_++;
    return SFC_OK;
}

Cache::Claim Cache::claim(const std::string& key, std::uint64_t now_ns) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
        return {.fault = SFC_REASON_miss, .header = {}};
    }
    Entry& entry = found->second;
    Claim claim;
    if (entry.stale(now_ns)) {
        claim.fault = SFC_REASON_late;
        expired_++;
    } else {
        claim.header = entry.header;
    }
    live_--;
    if (--entry.references == 0) {
        entries_.erase(found);
    }
    return claim;
}

std::uint64_t Cache::stale(std::uint64_t now_ns) const {
    std::uint64_t references = 0;
    for (const auto& [key, entry] : entries_) {
        references += entry.stale(now_ns) ? entry.references : 0;
    }
    return references;
}

} // namespace sfc::test::oracle
