// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// bench keys: what each kind of packet costs, strip and restore.
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "micro.h"
#include "replay/sandbox.h"

namespace sfc::bench {
namespace {

struct Options {
    unsigned rounds = 31;
    std::uint32_t in_flight = 1000;
    unsigned labels = 5;
    bool json = false;
};

constexpr std::uint64_t kPackets = 20'000; // of each kind and round

/// Every kind once a round, so that what the machine does meanwhile meets all of them.
nlohmann::ordered_json measure(const Options& options) {
    const auto list = kinds();
    std::vector<std::vector<double>> strip(list.size()), restore(list.size());
    Micro micro(bench_plan(65536));
    for (unsigned round = 0; round <= options.rounds; round++) {
        for (std::size_t i = 0; i < list.size(); i++) {
            const Cost cost = micro.measure(Variant::Proxy, list[i], options.labels, options.in_flight, kPackets);
            const Cost harness = micro.measure(Variant::Nothing, list[i], options.labels, options.in_flight, kPackets);
            if (round != 0) { // the first warms caches
                strip[i].push_back(cost.strip - harness.strip);
                restore[i].push_back(cost.restore - harness.restore);
            }
        }
    }
    auto rows = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < list.size(); i++) {
        rows.push_back({{"kind", list[i].name},
                        {"strip_ns", median(strip[i])},
                        {"restore_ns", median(restore[i])},
                        {"raw", {{"strip_ns", strip[i]}, {"restore_ns", restore[i]}}}});
    }
    return rows;
}

void print(const nlohmann::ordered_json& rows) {
    const double strip = rows[0]["strip_ns"], restore = rows[0]["restore_ns"];
    std::cout << fmt::format("{:<22} {:>9} {:>9}   ratio to {}\n", "median ns a packet", "strip", "restore",
                             rows[0]["kind"].get<std::string>());
    for (const auto& row : rows) {
        const double s = row["strip_ns"], r = row["restore_ns"];
        std::cout << fmt::format("{:<22} {:>9.0f} {:>9.0f}   {:.2f} {:.2f}\n", row["kind"].get<std::string>(), s, r,
                                 s / strip, r / restore);
    }
}

int run(const Options& options) {
    enter_sandbox({"left", "right", "d0", "e0"});
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

void add_keys(CLI::App& app, int& code) {
    auto options = std::make_shared<Options>();
    auto* keys = app.add_subcommand("keys", "Nanoseconds in the kernel for each kind of packet, net of the harness");
    keys->add_option("--rounds", options->rounds, "Medians are of so many")->check(CLI::Range(1, 100000));
    keys->add_option("--in-flight", options->in_flight, "Packets in the SF at once")->check(CLI::Range(1, 60000));
    keys->add_option("--labels", options->labels, "Entries of the stack")->check(CLI::Range(2, 16));
    keys->add_flag("-j,--json", options->json, "Print JSON, with every round, before the RESULT line");
    keys->callback([options, &code] { code = run(*options); });
}

} // namespace sfc::bench
