// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "replay/sandbox.h"
#include "traffic.h"

namespace sfc::test {
namespace {

constexpr std::uint64_t kMillion = 1'000'000;

bool passed(const TrafficOptions& options, const TrafficResult& result) {
    return result.wrong == 0 && result.balanced && result.untried.empty() && result.kernel_trouble.empty() &&
           result.early * kMillion <= options.early_limit * result.to_sf;
}

void print_text(const TrafficResult& result) {
    print_counts("events", result.classes);
    print_counts("references in the cache", result.counters);
    std::cout << fmt::format("evicted early: {} of services with fewer than {} entries in flight\n", result.early,
                             result.quota);
    if (result.wrong > 0) {
        print_counts("differences", result.differences);
    }
    for (const std::string& line : result.examples) {
        std::cout << line << '\n';
    }
    for (const std::string& what : result.untried) {
        std::cout << "never occurred: " << what << '\n';
    }
    for (const std::string& line : result.kernel_trouble) {
        std::cout << "kernel: " << line;
    }
}

void print_json(const TrafficOptions& options, const TrafficResult& result) {
    std::cout << nlohmann::ordered_json{{"version", 1},
                                        {"campaign", "oracle"},
                                        {"events", result.events},
                                        {"seed", options.seed},
                                        {"capacity", options.capacity},
                                        {"classes", result.classes},
                                        {"counters", result.counters},
                                        {"quota", result.quota},
                                        {"to_sf", result.to_sf},
                                        {"wrong", result.wrong},
                                        {"limit", result.limit},
                                        {"early", result.early},
                                        {"early_limit", options.early_limit},
                                        {"differences", result.differences},
                                        {"examples", result.examples},
                                        {"untried", result.untried},
                                        {"kernel_trouble", result.kernel_trouble},
                                        {"balanced", result.balanced}}
                     .dump()
              << '\n';
}

int run(const TrafficOptions& options, bool json) {
    if (options.build != Build::Native) {
        enter_sandbox(traffic_interfaces());
    }
    const TrafficResult result = run_traffic(options);
    if (json) {
        print_json(options, result);
    } else {
        print_text(result);
    }
    std::cout << fmt::format("RESULT {} events={} seed={} wrong={} limit={} early={} balanced={}\n",
                             passed(options, result) ? "pass" : "fail", result.events, options.seed, result.wrong,
                             result.limit, result.early, result.balanced ? "yes" : "no");
    return passed(options, result) ? 0 : 1;
}

} // namespace

Command oracle_command(CLI::App& app) {
    const auto options = std::make_shared<TrafficOptions>();
    const auto json = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand("oracle", "Does each packet get its own header back?");
    command->add_option("--events", options->events, "How many program runs")
        ->transform(whole_number(1, 1'000'000'000));
    command->add_option("--seed", options->seed, "What to start from; the same seed makes the same run")
        ->transform(whole_number(0, UINT64_MAX));
    command->add_option("--capacity", options->capacity, "Slots of the cache, rounded up to a power of two")
        ->transform(whole_number(SFC_CAPACITY_MIN, SFC_CAPACITY_MAX));
    command
        ->add_option("--early-limit", options->early_limit,
                     "Evictions of services below their quota that are allowed, per million packets to the SFs")
        ->transform(whole_number(0, kMillion));
    command->add_flag("-j,--json", *json, "Print JSON before the RESULT line");
    add_build_option(*command, options->build, false);
    return {command, [=] { return run(*options, *json); }};
}

} // namespace sfc::test
