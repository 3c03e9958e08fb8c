// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The figures as tables for people.
#include <span>

#include <fmt/format.h>

#include "base/names.h"
#include "report/messages.h"
#include "report/report.h"

namespace sfc {
namespace {

void rows(std::string& out, std::string_view outcome, std::span<const sfc_count> cells) {
    for (std::size_t reason = 0; reason < cells.size(); reason++) {
        if (cells[reason].packets != 0) {
            out += fmt::format("  {:<28} {:>12} {:>14}   {}\n", fmt::format("{} {}", outcome, reason_name(reason)),
                               cells[reason].packets, cells[reason].bytes, reason_text(reason));
            out += fmt::format("      hint: {}\n", reason_hint(reason));
        }
    }
}

std::string owner_text(const std::string& title, const sfc_counters& counters, bool of_service) {
    std::string out = fmt::format("{:<30} {:>12} {:>14}\n", title, "packets", "bytes");
    for (unsigned event = 0; event < SFC_EVENT_MAX; event++) {
        if (counters.event[event].packets != 0) {
            out += fmt::format("  {:<28} {:>12} {:>14}\n", event_name(event), counters.event[event].packets,
                               counters.event[event].bytes);
        }
    }
    rows(out, of_service ? "passed after claim" : "passed", counters.passed);
    rows(out, "dropped", counters.dropped);
    rows(out, "dropped after claim", counters.dropped_after_claim);
    return out;
}

} // namespace

std::string port_title(const Plan::Port& port) {
    const unsigned role = port.entry.role;
    return fmt::format("{} port {}",
                       role == SFC_ROLE_DOMAIN ? "domain"
                       : role == SFC_ROLE_SF   ? "SF"
                                               : "egress",
                       port.name);
}

std::string counters_text(const Snapshot& snapshot, const Plan& plan) {
    std::string out;
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        if (plan.ports[id].has_counters()) {
            out += owner_text(port_title(plan.ports[id]), snapshot.ports[id], false);
        }
    }
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        out += owner_text(fmt::format("service {}", plan.services[id].name), snapshot.services[id], true);
    }
    return out;
}

std::string conservation_text(const Conservation& sums) {
    const auto& [domain, cache, sf, fib, kernel, originates, bypasses] = sums;
    std::string out = fmt::format("domain side  received {} = passed {} + dropped {} + to_sf {}", domain.received,
                                  domain.passed, domain.dropped, domain.to_sf);
    out += kernel ? fmt::format(" + to_kernel {}", domain.to_kernel) : "";
    out += bypasses ? fmt::format(" + bypassed {}\n", domain.bypassed) : "\n";
    const std::string own = originates ? fmt::format(" + originated {}", sf.originated) : "";
    out += fmt::format(
        "cache        to_sf {} = claimed {} + expired {} + evicted {} + flushed {} + live {} (stale {})\n"
        "SF side      received {} = claimed {}{} + passed {} + dropped {};  claimed {}{} = restored {}{} + dropped "
        "after claim {}\n",
        cache.to_sf, cache.claimed, cache.expired, cache.evicted, cache.flushed, cache.live, cache.stale, sf.received,
        sf.claimed, own, sf.passed, sf.dropped, sf.claimed, own, sf.restored,
        fib ? fmt::format(" + passed after claim {}", sf.passed_after_claim) : "", sf.dropped_after_claim);
    if (kernel) {
        out += fmt::format("kernel       to_kernel {} + fragments {} = restored {}{} + dropped {} + not returned {}\n",
                           kernel->to_kernel, kernel->fragments, kernel->restored,
                           fib ? fmt::format(" + passed {}", kernel->passed) : "", kernel->dropped,
                           kernel->not_returned());
        out += kernel->not_returned() == 0 ? "" : fmt::format("             hint: {}\n", msg::not_returned_hint());
    }
    return out + fmt::format("balanced     {}\n", sums.balanced() ? "yes" : "NO");
}

} // namespace sfc
