// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The same figures twice: as JSON for programs, as a table for people.
#include <span>

#include <fmt/format.h>

#include "base/names.h"
#include "report/report.h"

namespace sfc {
namespace {

Json cell_json(const sfc_count& cell) {
    return {{"packets", cell.packets}, {"bytes", cell.bytes}};
}

Json reasons_json(std::span<const sfc_count> cells) {
    Json json = Json::object();
    for (std::size_t reason = 0; reason < cells.size(); reason++) {
        if (cells[reason].packets != 0) {
            json[std::string(reason_name(reason))] = cell_json(cells[reason]);
        }
    }
    return json;
}

/// A stack has no entries in the cache, so nothing of one can expire; and of this host's, nothing is claimed at a port.
std::vector<unsigned> events_of(const Plan& plan, const Plan::Service& service) {
    if (plan.through_this_stack(service)) {
        return {SFC_EVENT_TO_STACK, SFC_EVENT_RESTORED};
    }
    if (plan.through_stack(service)) {
        return {SFC_EVENT_TO_STACK, SFC_EVENT_CLAIMED, SFC_EVENT_RESTORED};
    }
    return {SFC_EVENT_TO_SF,   SFC_EVENT_CLAIMED, SFC_EVENT_RESTORED,
            SFC_EVENT_EXPIRED, SFC_EVENT_EVICTED, SFC_EVENT_FLUSHED};
}

Json service_json(const sfc_counters& counters, const std::vector<unsigned>& events) {
    Json json;
    for (const unsigned event : events) {
        json[std::string(event_name(event))] = cell_json(counters.event[event]);
    }
    json["dropped"] = reasons_json(counters.dropped);
    json["dropped_after_claim"] = reasons_json(counters.dropped_after_claim);
    return json;
}

Json port_json(const sfc_counters& counters, bool relayed) {
    Json json{{"received", cell_json(counters.event[SFC_EVENT_RECEIVED])},
              {"passed", reasons_json(counters.passed)},
              {"dropped", reasons_json(counters.dropped)}};
    if (relayed) { // what leaves the stack of this host and belongs to no service ends here
        json["dropped_after_claim"] = reasons_json(counters.dropped_after_claim);
    }
    return json;
}

/// An egress port has counters of its own only where packets leave the stack of this host.
bool has_counters(const Plan::Port& port) {
    return port.entry.role != SFC_ROLE_EGRESS || port.relayed;
}

const char* group_of(const Plan::Port& port) {
    return port.entry.role == SFC_ROLE_DOMAIN ? "domain_ports"
           : port.entry.role == SFC_ROLE_SF   ? "sf_ports"
                                              : "egress_ports";
}

void rows(std::string& out, std::string_view outcome, std::span<const sfc_count> cells) {
    for (std::size_t reason = 0; reason < cells.size(); reason++) {
        if (cells[reason].packets != 0) {
            out += fmt::format("  {:<28} {:>12} {:>14}   {}\n", fmt::format("{} {}", outcome, reason_name(reason)),
                               cells[reason].packets, cells[reason].bytes, reason_text(reason));
            out += fmt::format("      hint: {}\n", reason_hint(reason));
        }
    }
}

std::string owner_text(const std::string& title, const sfc_counters& counters) {
    std::string out = fmt::format("{:<30} {:>12} {:>14}\n", title, "packets", "bytes");
    for (unsigned event = 0; event < SFC_EVENT_MAX; event++) {
        if (counters.event[event].packets != 0) {
            out += fmt::format("  {:<28} {:>12} {:>14}\n", event_name(event), counters.event[event].packets,
                               counters.event[event].bytes);
        }
    }
    rows(out, "passed", counters.passed);
    rows(out, "dropped", counters.dropped);
    rows(out, "dropped after claim", counters.dropped_after_claim);
    return out;
}

} // namespace

Json counters_json(const Snapshot& snapshot, const Plan& plan) {
    Json json{{"domain_ports", Json::object()}, {"services", Json::object()}, {"sf_ports", Json::object()}};
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        const Plan::Port& port = plan.ports[id];
        if (has_counters(port)) {
            json[group_of(port)][port.name] = port_json(snapshot.ports[id], port.relayed);
        }
    }
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        json["services"][plan.services[id].name] =
            service_json(snapshot.services[id], events_of(plan, plan.services[id]));
    }
    return json;
}

std::string port_title(const Plan::Port& port) {
    const unsigned role = port.entry.role;
    return fmt::format("{} port {}",
                       role == SFC_ROLE_DOMAIN ? "domain"
                       : role == SFC_ROLE_SF   ? "SF"
                                               : "egress",
                       port.name);
}

Json hints_json(const Snapshot& snapshot) {
    Json hints = Json::object();
    for (const auto* owners : {&snapshot.ports, &snapshot.services}) {
        for (const sfc_counters& counters : *owners) {
            for (std::size_t reason = 1; reason < SFC_REASON_USED; reason++) {
                if (counters.passed[reason].packets + counters.dropped[reason].packets +
                        counters.dropped_after_claim[reason].packets !=
                    0) {
                    hints[std::string(reason_name(reason))] = reason_hint(reason);
                }
            }
        }
    }
    return hints;
}

Json conservation_json(const Conservation& sums) {
    const auto& [domain, cache, sf, stack] = sums;
    Json json{{"domain",
               {{"received", domain.received},
                {"passed", domain.passed},
                {"dropped", domain.dropped},
                {"to_sf", domain.to_sf}}},
              {"cache",
               {{"to_sf", cache.to_sf},
                {"claimed", cache.claimed},
                {"expired", cache.expired},
                {"evicted", cache.evicted},
                {"flushed", cache.flushed},
                {"live", cache.live},
                {"stale", cache.stale}}},
              {"sf",
               {{"received", sf.received},
                {"claimed", sf.claimed},
                {"passed", sf.passed},
                {"dropped", sf.dropped},
                {"restored", sf.restored},
                {"dropped_after_claim", sf.dropped_after_claim}}}};
    if (stack) {
        json["domain"]["to_stack"] = domain.to_stack;
        json["stack"] = {{"to_stack", stack->to_stack},
                         {"restored", stack->restored},
                         {"dropped", stack->dropped},
                         {"not_returned", stack->not_returned()}};
    }
    json["balanced"] = sums.balanced();
    return json;
}

std::string counters_text(const Snapshot& snapshot, const Plan& plan) {
    std::string out;
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        if (has_counters(plan.ports[id])) {
            out += owner_text(port_title(plan.ports[id]), snapshot.ports[id]);
        }
    }
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        out += owner_text(fmt::format("service {}", plan.services[id].name), snapshot.services[id]);
    }
    return out;
}

std::string conservation_text(const Conservation& sums) {
    const auto& [domain, cache, sf, stack] = sums;
    std::string out = fmt::format("domain side  received {} = passed {} + dropped {} + to_sf {}", domain.received,
                                  domain.passed, domain.dropped, domain.to_sf);
    out += stack ? fmt::format(" + to_stack {}\n", domain.to_stack) : "\n";
    out += fmt::format(
        "cache        to_sf {} = claimed {} + expired {} + evicted {} + flushed {} + live {} (stale {})\n"
        "SF side      received {} = claimed {} + passed {} + dropped {};  claimed {} = restored {} + dropped after "
        "claim {}\n",
        cache.to_sf, cache.claimed, cache.expired, cache.evicted, cache.flushed, cache.live, cache.stale, sf.received,
        sf.claimed, sf.passed, sf.dropped, sf.claimed, sf.restored, sf.dropped_after_claim);
    if (stack) {
        out += fmt::format("stack        to_stack {} = restored {} + dropped {} + not returned {}\n", stack->to_stack,
                           stack->restored, stack->dropped, stack->not_returned());
    }
    return out + fmt::format("balanced     {}\n", sums.balanced() ? "yes" : "NO");
}

} // namespace sfc
