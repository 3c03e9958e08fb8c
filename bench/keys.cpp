// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// bench keys [--rounds N] [--in-flight N] [--labels N] [-j]: what each kind of packet costs, strip and restore.
#include <algorithm>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "error.h"
#include "micro.h"
#include "sandbox.h"

namespace {

using namespace sfc::bench;

struct Options {
    unsigned rounds = 31;
    std::uint32_t in_flight = 1000;
    unsigned labels = 5;
    bool json = false;
};

sfc::Plan plan() {
    return sfc::make_plan(sfc::parse_config(R"(
sfs: [{name: fw, ports: {left: left, right: right}, hold: 10s}]
services: [{name: out, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: fw, in: left},
            next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}]
)",
                                            "bench"));
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

/// Every kind once a round, so that what the machine does meanwhile meets all of them.
nlohmann::ordered_json measure(const Options& options) {
    const auto list = kinds();
    std::vector<std::vector<double>> strip(list.size()), restore(list.size()), harness(list.size());
    Micro micro(plan(), options.in_flight);
    for (unsigned round = 0; round <= options.rounds; round++) {
        for (std::size_t i = 0; i < list.size(); i++) {
            const Cost cost = micro.measure(list[i], options.labels);
            if (round != 0) { // the first warms caches
                strip[i].push_back(cost.strip - cost.harness);
                restore[i].push_back(cost.restore - cost.harness);
                harness[i].push_back(cost.harness);
            }
        }
    }
    auto rows = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < list.size(); i++) {
        rows.push_back({{"kind", list[i].name},
                        {"harness_ns", median(harness[i])},
                        {"strip_ns", median(strip[i])},
                        {"restore_ns", median(restore[i])},
                        {"raw", {{"strip_ns", strip[i]}, {"restore_ns", restore[i]}}}});
    }
    return rows;
}

void print(const nlohmann::ordered_json& rows) {
    const double strip = rows[0]["strip_ns"], restore = rows[0]["restore_ns"];
    std::cout << fmt::format("{:<22} {:>9} {:>9} {:>9}   ratio to {}\n", "median ns a packet", "harness", "strip",
                             "restore", rows[0]["kind"].get<std::string>());
    for (const auto& row : rows) {
        const double s = row["strip_ns"], r = row["restore_ns"];
        std::cout << fmt::format("{:<22} {:>9.0f} {:>9.0f} {:>9.0f}   {:.2f} {:.2f}\n", row["kind"].get<std::string>(),
                                 row["harness_ns"].get<double>(), s, r, s / strip, r / restore);
    }
}

int run(int argc, char** argv) {
    CLI::App app{"What the packet path costs", "bench"};
    app.require_subcommand(1);
    Options options;
    auto* keys = app.add_subcommand("keys", "Nanoseconds in the kernel for each kind of packet, net of the harness");
    keys->add_option("--rounds", options.rounds, "Medians are of so many")->check(CLI::Range(1, 100000));
    keys->add_option("--in-flight", options.in_flight, "Packets in the SF at once")->check(CLI::Range(1, 60000));
    keys->add_option("--labels", options.labels, "Entries of the stack")->check(CLI::Range(2, 16));
    keys->add_flag("-j,--json", options.json, "Print JSON, with every round, before the RESULT line");
    CLI11_PARSE(app, argc, argv);
    sfc::enter_sandbox({"left", "right", "d0", "e0"});
    const auto rows = measure(options);
    if (options.json) {
        std::cout << nlohmann::ordered_json{{"version", 1},
                                            {"bench", "keys"},
                                            {"labels", options.labels},
                                            {"in_flight", options.in_flight},
                                            {"rows", rows}}
                         .dump()
                  << '\n';
    } else {
        print(rows);
    }
    std::cout << fmt::format("RESULT pass rounds={} in_flight={} labels={} kinds={}\n", options.rounds,
                             options.in_flight, options.labels, rows.size());
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "bench: error: " << error.what() << "\nRESULT fail\n";
        return 1;
    }
}
