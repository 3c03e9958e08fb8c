// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "config/plan.h"
#include "loader/maps.h"

namespace sfc {

using Json = nlohmann::ordered_json;

/// All counters at one moment; indices are the plan's ids.
struct Snapshot {
    std::vector<sfc_counters> ports;
    std::vector<sfc_counters> services;
    CacheUse cache;
};

/// Packets of the services whose SF is the kernel of this host. The kernel may keep any of them, and says of none.
struct KernelSums {
    std::uint64_t to_kernel = 0, fragments = 0; ///< `fragments` that it made, but for the first of each packet
    std::uint64_t restored = 0, dropped = 0;    ///< `dropped` with their ticket
    std::uint64_t passed = 0;                   ///< back to a kernel with their header
    [[nodiscard]] std::uint64_t not_returned() const;
};

/// An SF that gets packets of a service, of which none has come back for a while.
struct Silence {
    bool answers = false; ///< something comes back, and none of it is recognised
    std::string text;
    [[nodiscard]] std::string_view title() const { return answers ? "NOT RECOGNISED" : "DEAD SF?"; }
};
using SilentServices = std::map<std::string, Silence>; ///< by name

/// The equations of packets in and out. `balanced` is exact, to the packet.
struct Conservation {
    struct {
        std::uint64_t received = 0, passed = 0, dropped = 0, to_sf = 0, to_kernel = 0, bypassed = 0;
    } domain;
    struct {
        std::uint64_t to_sf = 0, claimed = 0, expired = 0, evicted = 0, flushed = 0, live = 0, stale = 0;
    } cache;
    struct {
        std::uint64_t received = 0, claimed = 0, passed = 0, dropped = 0, restored = 0, dropped_after_claim = 0;
        std::uint64_t originated = 0;
        std::uint64_t passed_after_claim = 0; ///< to this host's kernel with their header, where there is `fib`
    } sf;
    bool fib = false;                   ///< routes of the kernel say where packets of a service go
    std::optional<KernelSums> kernel{}; ///< nothing where no SF is a kernel
    bool originates = false;            ///< packets that an SF sends on its own may get a header
    bool bypasses = false;              ///< some packets may be sent on and not through an SF
    [[nodiscard]] bool balanced() const;
};

[[nodiscard]] Snapshot take_snapshot(const Maps& maps, const Plan& plan, std::uint64_t now_ns);
[[nodiscard]] Conservation conserve(const Snapshot& snapshot, const Plan& plan);

[[nodiscard]] Json counters_json(const Snapshot& snapshot, const Plan& plan);
[[nodiscard]] Json conservation_json(const Conservation& conservation);
/// "domain port eth0", as a title.
[[nodiscard]] std::string port_title(const Plan::Port& port);
[[nodiscard]] std::string counters_text(const Snapshot& snapshot, const Plan& plan);
[[nodiscard]] std::string conservation_text(const Conservation& conservation);

} // namespace sfc
