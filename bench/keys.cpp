// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// bench keys: what each kind of packet costs, strip and restore.
#include <iostream>

#include <fmt/format.h>

#include "replay/sandbox.h"
#include "rows.h"

namespace sfc::bench {
namespace {

constexpr std::uint64_t kPackets = 20'000; // of each kind and round

/// Every kind once a round, so that what the machine does meanwhile meets all of them.
std::vector<KeyRow> measure(const KeysOptions& options) {
    const auto list = kinds();
    std::vector<KeyRow> rows;
    rows.reserve(list.size());
    for (const Kind& kind : list) {
        rows.push_back({kind.name});
    }
    const Header header = label_stack(options.labels);
    Micro micro(bench_plan(header.service, 65536));
    for (unsigned round = 0; round <= options.rounds; round++) {
        for (std::size_t i = 0; i < list.size(); i++) {
            const Cost cost = micro.measure(Variant::Proxy, list[i], header, options.in_flight, kPackets);
            const Cost harness = micro.measure(Variant::Nothing, list[i], header, options.in_flight, kPackets);
            if (round != 0) { // the first warms caches
                rows[i].strip.push_back(cost.strip - harness.strip);
                rows[i].restore.push_back(cost.restore - harness.restore);
            }
        }
    }
    return rows;
}

void print(const std::vector<KeyRow>& rows) {
    const double strip = median(rows[0].strip), restore = median(rows[0].restore);
    std::cout << fmt::format("{:<22} {:>9} {:>9}   ratio to {}\n", "median ns a packet", "strip", "restore",
                             rows[0].kind);
    for (const KeyRow& row : rows) {
        const double s = median(row.strip), r = median(row.restore);
        std::cout << fmt::format("{:<22} {:>9.0f} {:>9.0f}   {:.2f} {:.2f}\n", row.kind, s, r, s / strip, r / restore);
    }
}

} // namespace

int run_keys(const KeysOptions& options) {
    enter_sandbox({"left", "right", "d0", "e0"});
    const auto rows = measure(options);
    if (options.json) {
        std::cout << to_json(options, rows) << '\n';
    } else {
        print(rows);
    }
    std::cout << fmt::format("RESULT pass rounds={} in_flight={} labels={} kinds={}\n", options.rounds,
                             options.in_flight, options.labels, rows.size());
    return 0;
}

} // namespace sfc::bench
