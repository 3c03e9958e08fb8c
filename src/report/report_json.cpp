// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The figures as JSON for programs.
#include <span>

#include <nlohmann/json.hpp>

#include "base/names.h"
#include "report/messages.h"
#include "report/rates.h"
#include "report/report.h"
#include "report/stats.h"

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

/// A kernel has no entries in the cache, so nothing of one can expire; and of this host's, nothing is claimed at a
/// port.
std::vector<unsigned> events_in_sf(const Plan& plan, const Plan::Service& service) {
    if (plan.through_host_kernel(service)) {
        return {SFC_EVENT_TO_KERNEL, SFC_EVENT_FRAGMENTS, SFC_EVENT_RESTORED};
    }
    if (plan.through_kernel(service)) {
        return {SFC_EVENT_TO_KERNEL, SFC_EVENT_FRAGMENTS, SFC_EVENT_CLAIMED, SFC_EVENT_RESTORED};
    }
    std::vector<unsigned> events = {SFC_EVENT_TO_SF,   SFC_EVENT_CLAIMED, SFC_EVENT_RESTORED,
                                    SFC_EVENT_EXPIRED, SFC_EVENT_EVICTED, SFC_EVENT_FLUSHED};
    if (plan.memory_lines != 0) {
        events.push_back(SFC_EVENT_FORGOTTEN);
    }
    return events;
}

std::vector<unsigned> events_of(const Plan& plan, const Plan::Service& service) {
    std::vector<unsigned> events = events_in_sf(plan, service);
    if ((service.entry.options & SFC_OPTION_LAST) != 0) {
        events.push_back(SFC_EVENT_ORIGINATED);
    }
    if (plan.may_bypass(service)) {
        events.push_back(SFC_EVENT_BYPASSED);
    }
    return events;
}

/// Messages to senders, those of each type that were sent.
void add_icmp(Json& json, const sfc_counters& counters) {
    constexpr std::string_view kSent = "icmp_sent ";
    json["icmp_sent"] = Json::object();
    for (unsigned event = SFC_EVENT_ICMP_FRAGMENTATION_NEEDED; event < SFC_EVENT_ICMP_LIMITED; event++) {
        if (counters.event[event].packets != 0) {
            json["icmp_sent"][std::string(event_name(event).substr(kSent.size()))] = cell_json(counters.event[event]);
        }
    }
    json["icmp_limited"] = cell_json(counters.event[SFC_EVENT_ICMP_LIMITED]);
}

Json service_json(const sfc_counters& counters, const std::vector<unsigned>& events, bool by_routes) {
    Json json;
    for (const unsigned event : events) {
        json[std::string(event_name(event))] = cell_json(counters.event[event]);
    }
    if (by_routes) {
        json["passed_after_claim"] = reasons_json(counters.passed);
    }
    json["dropped"] = reasons_json(counters.dropped);
    json["dropped_after_claim"] = reasons_json(counters.dropped_after_claim);
    return json;
}

Json port_json(const sfc_counters& counters, bool kernel_egress) {
    Json json{{"received", cell_json(counters.event[SFC_EVENT_RECEIVED])},
              {"passed", reasons_json(counters.passed)},
              {"dropped", reasons_json(counters.dropped)}};
    if (kernel_egress) { // what leaves the kernel of this host and belongs to no service ends here
        json["dropped_after_claim"] = reasons_json(counters.dropped_after_claim);
    }
    return json;
}

const char* group_of(const Plan::Port& port) {
    return port.entry.role == SFC_ROLE_DOMAIN ? "domain_ports"
           : port.entry.role == SFC_ROLE_SF   ? "sf_ports"
                                              : "egress_ports";
}

/// Hints for the reasons that occur.
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

Json lost_json(const LostByPort& lost) {
    Json json{{"packets", total_lost(lost)}, {"ports", Json::object()}};
    for (const auto& [port, frames] : lost) {
        json["ports"][port] = {
            {"not_redirected", frames.not_redirected}, {"not_sent", frames.not_sent}, {"unknown", frames.unknown}};
    }
    return json;
}

} // namespace

Json counters_json(const Snapshot& snapshot, const Plan& plan) {
    Json json{{"domain_ports", Json::object()}, {"services", Json::object()}, {"sf_ports", Json::object()}};
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        const Plan::Port& port = plan.ports[id];
        if (port.has_counters()) {
            json[group_of(port)][port.name] = port_json(snapshot.ports[id], port.kernel_egress);
        }
    }
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        json["services"][plan.services[id].name] =
            service_json(snapshot.services[id], events_of(plan, plan.services[id]), Plan::by_routes(plan.services[id]));
        if (plan.shape.icmp != 0) {
            add_icmp(json["services"][plan.services[id].name], snapshot.services[id]);
        }
    }
    return json;
}

Json conservation_json(const Conservation& sums) {
    const auto& [domain, cache, sf, fib, kernel, originates, bypasses] = sums;
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
    if (originates) {
        json["sf"]["originated"] = sf.originated;
    }
    if (bypasses) {
        json["domain"]["bypassed"] = domain.bypassed;
    }
    if (kernel) {
        json["domain"]["to_kernel"] = domain.to_kernel;
        json["kernel"] = {{"to_kernel", kernel->to_kernel},
                          {"fragments", kernel->fragments},
                          {"restored", kernel->restored},
                          {"dropped", kernel->dropped},
                          {"not_returned", kernel->not_returned()}};
    }
    if (fib) {
        json["sf"]["passed_after_claim"] = sf.passed_after_claim;
    }
    if (fib && kernel) {
        json["kernel"]["passed"] = kernel->passed;
    }
    json["balanced"] = sums.balanced();
    return json;
}

std::string stats_json(const Attachment& attachment, const SteadySnapshot& steady) {
    const Plan& plan = attachment.plan();
    const LostByPort lost = after_verdict(attachment);
    const Conservation sums = conserve(steady.snapshot, plan);
    Json conservation = conservation_json(sums);
    Json hints = hints_json(steady.snapshot);
    if (sums.kernel && sums.kernel->not_returned() != 0) {
        hints["not_returned"] = msg::not_returned_hint();
    }
    conservation["still"] = steady.still;
    const Json json{{"version", 1},
                    {"counters", counters_json(steady.snapshot, plan)},
                    {"conservation", conservation},
                    {"after_verdict", lost_json(lost)},
                    {"hints", hints},
                    {"silent", silence_json(silent_services(attachment, steady.snapshot))}};
    return json.dump();
}

Json silence_json(const SilentServices& silent) {
    Json json = Json::object();
    for (const auto& [service, silence] : silent) {
        json[service] = silence.text;
    }
    return json;
}

std::string rates_json(const Rates& rates, const SilentServices& silent) {
    Json json{{"version", 1}, {"seconds", rates.seconds}, {"rates", Json::array()}};
    for (const RateRow& row : rates.rows) {
        json["rates"].push_back({{"owner", row.owner},
                                 {"what", row.what},
                                 {"packets_per_second", row.packets},
                                 {"bits_per_second", row.bits}});
    }
    json["silent"] = silence_json(silent);
    return json.dump();
}

} // namespace sfc
