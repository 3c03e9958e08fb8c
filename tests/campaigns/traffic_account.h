// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>
#include <vector>

#include "config/plan.h"
#include "runner.h"
#include "traffic_truth.h"

namespace sfc::test::traffic {

/// The plan's ids of what the world has by position.
struct Ids {
    std::vector<std::uint16_t> ports, sfs, services;
};
[[nodiscard]] Ids ids_of(const oracle::World& world, const Plan& plan);

/// What happened at a port, as the campaign saw it.
struct PortAccount {
    std::uint64_t received = 0;
    std::uint64_t missed = 0; ///< those with a segment routing header as sfc_from_sf
    std::uint64_t late = 0;
};

/// Compares the programs' counters with the model.
class Books {
public:
    /// `quota` is how many slots each service has at least.
    Books(Runner& runner, Truth& truth, const Ids& ids, std::uint32_t quota);

    [[nodiscard]] PortAccount& port(int port) { return ports_[port]; }
    /// Reads what was evicted; to be called often, as an eviction is early by the most that was in flight since the
    /// last call.
    void read_evictions();
    /// Whether what the judgement takes for evicted may have been.
    [[nodiscard]] bool explains(const Judgement& judgement);
    /// References of services that had fewer entries in flight than their quota.
    [[nodiscard]] std::uint64_t early() const { return early_; }
    struct Difference {
        std::string what;
        std::string figures;
    };
    /// All that does not add up.
    [[nodiscard]] std::vector<Difference> differences();

private:
    Runner& runner_;
    Truth& truth_;
    const Ids& ids_;
    std::uint32_t quota_;
    std::vector<PortAccount> ports_;
    std::vector<std::uint64_t> evicted_; ///< of each service, up to the last window
    std::uint64_t early_ = 0;
};

} // namespace sfc::test::traffic
