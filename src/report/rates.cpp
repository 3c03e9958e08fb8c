// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/rates.h"

#include <span>

#include <fmt/format.h>

#include "base/names.h"

namespace sfc {
namespace {

class Builder {
public:
    Builder(Rates& rates, std::string owner, bool of_service)
        : rates_(rates), owner_(std::move(owner)), of_service_(of_service) {}

    void add(std::string_view what, const sfc_count& before, const sfc_count& after) {
        if (after.packets != before.packets) {
            rates_.rows.push_back({owner_, std::string(what),
                                   static_cast<double>(after.packets - before.packets) / rates_.seconds,
                                   static_cast<double>(after.bytes - before.bytes) * 8 / rates_.seconds});
        }
    }

    void add_reasons(std::string_view outcome, std::span<const sfc_count> before, std::span<const sfc_count> after) {
        for (std::size_t reason = 0; reason < after.size(); reason++) {
            add(fmt::format("{} {}", outcome, reason_name(reason)), before[reason], after[reason]);
        }
    }

    void add_all(const sfc_counters& before, const sfc_counters& after) {
        for (std::size_t event = 0; event < SFC_EVENT_MAX; event++) {
            add(event_name(event), before.event[event], after.event[event]);
        }
        add_reasons(of_service_ ? "passed after claim" : "passed", before.passed, after.passed);
        add_reasons("dropped", before.dropped, after.dropped);
        add_reasons("dropped after claim", before.dropped_after_claim, after.dropped_after_claim);
    }

private:
    Rates& rates_;
    std::string owner_;
    bool of_service_;
};

} // namespace

Rates rates_between(const Snapshot& before, const Snapshot& after, const Plan& plan, std::uint64_t elapsed_ns) {
    Rates rates{static_cast<double>(elapsed_ns) / 1e9, {}};
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        Builder(rates, port_title(plan.ports[id]), false).add_all(before.ports[id], after.ports[id]);
    }
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        Builder(rates, fmt::format("service {}", plan.services[id].name), true)
            .add_all(before.services[id], after.services[id]);
    }
    return rates;
}

std::string rates_text(const Rates& rates) {
    std::string out = fmt::format("{:<30} {:<28} {:>12} {:>12}\n", "a second", "", "packets", "Mbit");
    for (const RateRow& row : rates.rows) {
        out += fmt::format("{:<30} {:<28} {:>12.1f} {:>12.3f}\n", row.owner, row.what, row.packets, row.bits / 1e6);
    }
    return out;
}

} // namespace sfc
