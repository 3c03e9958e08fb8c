// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "native_runner.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sfc::test {

NativeRunner::NativeRunner(const Plan& plan, const LoadSettings& settings) : plan_(plan) {
    machine.constants = load_constants(plan, settings);
    machine.constants.any_mac = 1; // ports have no interface here, and so no MAC; accept.cpp is about those that have
    size_maps();
    fill_maps();
}

/// As Programs does it: what is outside a plan has no entry, so that a wrong id finds nothing.
void NativeRunner::size_maps() {
    const auto ports = static_cast<std::uint32_t>(plan_.ports.size());
    const auto services = static_cast<std::uint32_t>(plan_.services.size());
    for (const char* name : {"ports", "tx_ports", "port_counters"}) {
        machine.map(name).resize(ports);
    }
    machine.map("port_id_hash").resize(2 * ports);
    for (const char* name :
         {"services", "service_counters", "pools", "magazines", "tunnels", "last_headers", "fixed_headers"}) {
        machine.map(name).resize(services);
    }
    machine.map("sfs").resize(static_cast<std::uint32_t>(plan_.sfs.size()));
    machine.map("matches").resize(std::max<std::uint32_t>(static_cast<std::uint32_t>(plan_.matches.size()), 1));
    machine.map("buckets").resize(plan_.index_size().lines());
    machine.map("slots").resize(plan_.capacity);
    machine.map("tails").resize(plan_.capacity);
    machine.map("icmp_ports").resize(plan_.shape.icmp != 0 ? ports : 1);
    machine.map("memory").resize(std::max<std::uint32_t>(plan_.memory_lines, 1));
    machine.map("arrival_numbers").set_key_size(SFC_HEADER_META * sizeof(std::uint64_t) + plan_.shape.header_room);
    if (plan_.shape.kernel_mode) {
        machine.map("headers").resize(plan_.capacity);
        machine.map("arrivals").resize(plan_.capacity);
        machine.map("arrival_numbers").resize(plan_.capacity);
        machine.map("number_hints").resize(machine.constants.number_mask + 1);
    }
}

void NativeRunner::fill_maps() {
    for (std::uint32_t id = 1; id < plan_.ports.size(); id++) {
        const std::uint32_t interface = ifindex(static_cast<std::uint16_t>(id));
        machine.map("ports").set(id, plan_.ports[id].entry);
        machine.map(interface < SFC_PORT_ARRAY ? "port_id_array" : "port_id_hash").set(interface, id);
        machine.map("tx_ports").set(id, interface);
        if (plan_.shape.icmp != 0) {
            machine.map("icmp_ports").set(id, plan_.icmp[id]);
        }
    }
    for (std::uint32_t id = 1; id < plan_.sfs.size(); id++) {
        machine.map("sfs").set(id, plan_.sfs[id].entry);
    }
    for (std::uint32_t id = 1; id < plan_.services.size(); id++) {
        machine.map("services").set(id, plan_.services[id].entry);
        machine.map("tunnels").set(id, plan_.services[id].tunnel.value_or(sfc_tunnel{}));
        machine.map("fixed_headers").set(id, plan_.services[id].fixed.value_or(sfc_fixed_header{}));
    }
    for (const auto& [position, hint] : match_hints(plan_)) {
        machine.map("match_hints").set(position, hint);
    }
    for (const Plan::Match& match : plan_.matches) {
        machine.map("matches").set(match.match, match.service);
    }
}

Ran NativeRunner::run(Machine::Program program, std::uint16_t port_id, std::span<const std::uint8_t> frame) {
    const std::uint32_t zero = 0;
    void* work = machine.map("scratch").lookup(&zero); // a test may have taken it away
    Ran ran;
    if (work != nullptr) {
        std::memset(work, 0, sizeof(ran.result)); // or a run without a result would leave the last one's
    }
    ran.action = static_cast<unsigned>(machine.run(program, frame, ifindex(port_id)));
    if (work != nullptr) {
        std::memcpy(&ran.result, work, sizeof(ran.result)); // it comes first there
    }
    bytes_ = machine.frame_bytes();
    ran.bytes = bytes_;
    return ran;
}

Ran NativeRunner::strip(std::uint16_t port_id, std::span<const std::uint8_t> frame) {
    return run(sfc_strip, port_id, frame);
}

Ran NativeRunner::restore(std::uint16_t port_id, std::span<const std::uint8_t> frame) {
    return run(sfc_restore, port_id, frame);
}

void NativeRunner::set_time(std::uint64_t ns) {
    now_ = ns;
    machine.map("set_clock").set(std::uint32_t{0}, ns);
}

void NativeRunner::set_own_addresses(const std::vector<std::array<std::uint8_t, 16>>& addresses) {
    for (const auto& address : addresses) {
        machine.map("own_addresses").set(std::bit_cast<sfc_address>(address), std::uint8_t{1});
    }
}

void NativeRunner::each_entry(const std::function<void(const sfc_slot& slot, unsigned references)>& what) {
    NativeMap &buckets = machine.map("buckets"), &slots = machine.map("slots");
    for (std::uint32_t index = 0; index < buckets.entries(); index++) {
        for (const std::uint32_t word : buckets.at<sfc_bucket>(index).word) {
            if (word != 0) {
                const auto& slot = slots.at<sfc_slot>(word & (plan_.capacity - 1));
                what(slot, slot_references(slot, word));
            }
        }
    }
}

Snapshot NativeRunner::snapshot() {
    Snapshot snapshot;
    for (std::uint32_t id = 0; id < plan_.ports.size(); id++) {
        snapshot.ports.push_back(machine.map("port_counters").at<sfc_counters>(id));
    }
    for (std::uint32_t id = 0; id < plan_.services.size(); id++) {
        snapshot.services.push_back(machine.map("service_counters").at<sfc_counters>(id));
    }
    each_entry([&](const sfc_slot& slot, unsigned references) {
        snapshot.cache.live += references;
        snapshot.cache.stale += now_ > slot.deadline ? references : 0;
    });
    return snapshot;
}

Totals NativeRunner::totals() {
    const Conservation sums = conserve(snapshot(), plan_);
    return {.balanced = sums.balanced(),
            .evicted = sums.cache.evicted,
            .expired = sums.cache.expired,
            .flushed = sums.cache.flushed,
            .live = sums.cache.live};
}

void NativeRunner::raise_epoch(std::uint16_t sf_id) {
    machine.map("sfs").at<sfc_sf>(sf_id).epoch++;
}

sfc_counters NativeRunner::service_counters(std::uint16_t id) {
    return machine.map("service_counters").at<sfc_counters>(id);
}

std::vector<std::uint64_t> NativeRunner::live_of_services() {
    std::vector<std::uint64_t> live(plan_.services.size());
    each_entry([&](const sfc_slot& slot, unsigned references) { live.at(slot_header(slot).service) += references; });
    return live;
}

std::unique_ptr<Runner> make_native_runner(const Plan& plan) {
    return std::make_unique<NativeRunner>(plan);
}

} // namespace sfc::test
