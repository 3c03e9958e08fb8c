// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic_account.h"

#include <numeric>

#include <fmt/format.h>

namespace sfc::test::traffic {
namespace {

std::uint64_t sum(std::span<const sfc_count> cells) {
    return std::accumulate(cells.begin(), cells.end(), std::uint64_t{0},
                           [](std::uint64_t total, const sfc_count& cell) { return total + cell.packets; });
}

/// Collects what is not as it should be, under one name.
class Check {
public:
    Check(std::vector<Books::Difference>& out, std::string name) : out_(out), name_(std::move(name)) {}
    void equal(const char* what, std::uint64_t counted, std::uint64_t model) { between(what, counted, model, model); }
    void between(const char* what, std::uint64_t counted, std::uint64_t least, std::uint64_t most) {
        if (counted < least || counted > most) {
            out_.push_back({fmt::format("counters of {}: {}", name_, what),
                            fmt::format("{}, by the model {} to {}", counted, least, most)});
        }
    }

private:
    std::vector<Books::Difference>& out_;
    std::string name_;
};

void check_service(Check check, const sfc_counters& counters, const Account& model, std::uint64_t live) {
    const auto event = [&](sfc_event which) { return counters.event[which].packets; };
    const std::uint64_t ambiguous = counters.dropped[SFC_REASON_ambiguous].packets;
    check.equal("to_sf", event(SFC_EVENT_TO_SF), model.to_sf);
    check.equal("ambiguous", ambiguous, model.ambiguous);
    check.equal("dropped for other reasons", sum(counters.dropped) - ambiguous + sum(counters.passed), 0);
    check.equal("claimed", event(SFC_EVENT_CLAIMED), model.restored + model.changed);
    check.equal("restored", event(SFC_EVENT_RESTORED), model.restored);
    check.equal("dropped after the claim", sum(counters.dropped_after_claim), model.changed);
    const std::uint64_t unknown = model.gone + model.left;
    check.between("evicted", event(SFC_EVENT_EVICTED), model.evicted, model.evicted + unknown + model.model());
    check.between("expired", event(SFC_EVENT_EXPIRED), model.late, model.late + unknown + model.stale);
    check.between("live", live, 0, model.left + model.model());
    check.between("entries in flight, which are at most as many as references", model.in_flight, 0, model.model());
    // The equation of the cache, for this service alone.
    check.equal("claimed + expired + evicted + flushed + live",
                event(SFC_EVENT_CLAIMED) + event(SFC_EVENT_EXPIRED) + event(SFC_EVENT_EVICTED) +
                    event(SFC_EVENT_FLUSHED) + live,
                event(SFC_EVENT_TO_SF));
}

} // namespace

Ids ids_of(const oracle::World& world, const Plan& plan) {
    const auto find = [](const auto& table, const std::string& name) {
        std::uint16_t id = 1;
        while (table.at(id).name != name) {
            id++;
        }
        return id;
    };
    Ids ids;
    for (const oracle::Port& port : world.ports) {
        ids.ports.push_back(find(plan.ports, port.name));
    }
    for (const oracle::Sf& sf : world.sfs) {
        ids.sfs.push_back(find(plan.sfs, sf.name));
    }
    for (const oracle::Service& service : world.services) {
        ids.services.push_back(find(plan.services, service.name));
    }
    return ids;
}

Books::Books(Runner& runner, Truth& truth, const Ids& ids, std::uint32_t quota)
    : runner_(runner), truth_(truth), ids_(ids), quota_(quota), ports_(ids.ports.size()),
      evicted_(ids.services.size()) {}

void Books::read_evictions() {
    for (std::size_t service = 0; service < evicted_.size(); service++) {
        Account& account = truth_.accounts()[service];
        const std::uint64_t now = runner_.service_counters(ids_.services[service]).event[SFC_EVENT_EVICTED].packets;
        if (account.in_flight_most < quota_) {
            early_ += now - evicted_[service];
        }
        evicted_[service] = account.evictions_seen = now;
        account.in_flight_most = account.in_flight;
    }
}

bool Books::explains(const Judgement& judgement) {
    if (judgement.evicted_of < 0) {
        return true;
    }
    Account& account = truth_.accounts()[judgement.evicted_of];
    if (account.evictions_seen < judgement.evicted_least) {
        account.evictions_seen =
            runner_.service_counters(ids_.services[judgement.evicted_of]).event[SFC_EVENT_EVICTED].packets;
    }
    return account.evictions_seen >= judgement.evicted_least;
}

std::vector<Books::Difference> Books::differences() {
    std::vector<Difference> out;
    const Snapshot snapshot = runner_.snapshot();
    const std::vector<std::uint64_t> live = runner_.live_of_services();
    for (std::size_t service = 0; service < evicted_.size(); service++) {
        const std::uint16_t id = ids_.services[service];
        check_service({out, fmt::format("service {}", service)}, snapshot.services[id], truth_.accounts()[service],
                      live[id]);
    }
    for (std::size_t port = 0; port < ports_.size(); port++) {
        const sfc_counters& counters = snapshot.ports[ids_.ports[port]];
        const PortAccount& model = ports_[port];
        Check check(out, fmt::format("port {}", port));
        check.equal("received", counters.event[SFC_EVENT_RECEIVED].packets, model.received);
        check.equal("miss, sfc_from_sf",
                    counters.dropped[SFC_REASON_miss].packets + counters.dropped[SFC_REASON_sfc_from_sf].packets,
                    model.missed);
        check.equal("late", counters.dropped[SFC_REASON_late].packets, model.late);
        check.equal("dropped", sum(counters.dropped), model.missed + model.late);
        check.equal("passed", sum(counters.passed), 0);
    }
    return out;
}

} // namespace sfc::test::traffic
