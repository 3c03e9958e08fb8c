// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "commands.h"
#include "micro.h"

namespace sfc::bench {

[[nodiscard]] double median(std::vector<double> values);

/// One kind of packet of bench keys: nanoseconds in each round, net of the harness.
struct KeyRow {
    std::string kind;
    std::vector<double> strip{}, restore{};
};

/// One row of bench micro: what each variant took in each round.
struct Cell {
    std::uint32_t capacity = 0;
    std::string kind;
    Header header;
    std::uint32_t in_flight = 0;
    std::uint32_t remember = 0; ///< keys
    std::vector<std::array<Cost, kVariants.size()>> rounds{};
    Fill fill{};
    std::uint64_t inserted = 0, evicted = 0; ///< packets, of all rounds; evicted by those that found their bucket full

    /// Net of the harness.
    [[nodiscard]] double ns(Variant variant, double Cost::*side) const;
    [[nodiscard]] double both(Variant variant) const;
    /// Of what ours takes to what it takes there; those of one round stand next to each other in time.
    [[nodiscard]] double ratio(const Cell& other) const;
    /// The paper's prototype knows SR-MPLS, IPv4 and TCP only.
    [[nodiscard]] bool in_paper() const { return header.labels != 0 && kind == "tcp ipv4"; }
    bool disturbed = false; ///< as mark_disturbed found
};

/// Marks disturbed cells. A variant without a cache takes the same time however many packets are in flight. Where it
/// took far more than in the quietest rounds of the same packets, something else on the machine was in the way.
void mark_disturbed(std::vector<Cell>& cells);

[[nodiscard]] std::string to_json(const KeysOptions& options, const std::vector<KeyRow>& rows);
[[nodiscard]] std::string to_json(const MicroOptions& options, const std::vector<Cell>& cells);

} // namespace sfc::bench
