// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// bench cpus: what two CPUs do to each other. The times of a packet say how many go through at most.
#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sched.h>

#include "base/error.h"
#include "replay/sandbox.h"
#include "rows.h"

namespace sfc::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLeastBothVsOne = 1.7;
constexpr std::uint64_t kPackets = 120'000; // of each run

struct Row {
    const char* name;
    Sharing sharing;
    Variant variant;
    std::vector<double> strip, restore, rate; ///< ns, ns, packets a second: of each round

    void add(const Cost& cost, const Cost& harness) {
        const double there = cost.strip - harness.strip, back = cost.restore - harness.restore;
        strip.push_back(there);
        restore.push_back(back);
        rate.push_back(1e9 / (sharing == Sharing::One    ? there + back
                              : sharing == Sharing::Both ? (there + back) / 2
                                                         : std::max(there, back)));
    }
    /// Median of the ratios of each round.
    [[nodiscard]] double beside(const Row& other) const {
        std::vector<double> ratios;
        for (std::size_t i = 0; i < rate.size(); i++) {
            ratios.push_back(rate[i] / other.rate[i]);
        }
        return median(ratios);
    }
};

std::array<unsigned, 2> two_cpus() {
    cpu_set_t set;
    std::vector<unsigned> found;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        for (unsigned cpu = 0; cpu < CPU_SETSIZE && found.size() < 2; cpu++) {
            if (CPU_ISSET(cpu, &set)) {
                found.push_back(cpu);
            }
        }
    }
    if (found.size() < 2) {
        throw Error(ExitCode::Usage, "this process may run on one CPU; bench cpus needs two");
    }
    return {found[0], found[1]};
}

std::vector<Row> measure(const CpusOptions& options) {
    const std::array<unsigned, 2> cpus = two_cpus();
    const Kind kind = kinds().front();
    const Header header = label_stack(options.labels);
    Micro micro(bench_plan(header.service, 65536));
    std::vector<Row> rows = {
        {"one CPU", Sharing::One, Variant::Proxy, {}, {}, {}},
        {"two, each strips and restores", Sharing::Both, Variant::Proxy, {}, {}, {}},
        {"two, one strips and one restores", Sharing::Split, Variant::Proxy, {}, {}, {}},
        {"one CPU, no cache", Sharing::One, Variant::NoCache, {}, {}, {}},
        {"two, each strips and restores, no cache", Sharing::Both, Variant::NoCache, {}, {}, {}},
    };
    for (unsigned round = 0; round <= options.rounds; round++) {
        for (Row& row : rows) {
            const auto of = [&](Variant variant) {
                return micro.measure(row.sharing, cpus, variant, kind, header, options.in_flight, kPackets);
            };
            const Cost cost = of(row.variant), harness = of(Variant::Nothing);
            if (round != 0) { // the first warms caches
                row.add(cost, harness);
            }
        }
    }
    return rows;
}

Json json_of(const std::vector<Row>& rows) {
    Json list = Json::array();
    for (const Row& row : rows) {
        list.push_back({{"name", row.name}, {"strip_ns", row.strip}, {"restore_ns", row.restore}, {"rate", row.rate}});
    }
    return list;
}

void print(const std::vector<Row>& rows) {
    std::cout << fmt::format("{:<42} {:>7} {:>8} {:>8}  {}\n", "medians", "strip", "restore", "Mpps", "beside one CPU");
    for (const Row& row : rows) {
        const Row& one = row.variant == Variant::Proxy ? rows[0] : rows[3];
        std::cout << fmt::format("{:<42} {:>4.0f} ns {:>5.0f} ns {:>8.2f}  {:.2f}\n", row.name, median(row.strip),
                                 median(row.restore), median(row.rate) / 1e6, row.beside(one));
    }
}

} // namespace

int run_cpus(const CpusOptions& options) {
    enter_sandbox({"left", "right", "d0", "e0"});
    const std::vector<Row> rows = measure(options);
    const double both = rows[1].beside(rows[0]);
    if (options.json) {
        std::cout << Json{{"version", 1}, {"bench", "cpus"}, {"rounds", options.rounds}, {"rows", json_of(rows)}}
                  << '\n';
    } else {
        print(rows);
    }
    std::cout << fmt::format("RESULT {} both_vs_one={:.2f} split_vs_one={:.2f} nocache_both_vs_one={:.2f} labels={} "
                             "in_flight={} rounds={}\n",
                             both >= kLeastBothVsOne ? "pass" : "fail", both, rows[2].beside(rows[0]),
                             rows[4].beside(rows[3]), options.labels, options.in_flight, options.rounds);
    return both >= kLeastBothVsOne ? 0 : 1;
}

} // namespace sfc::bench
