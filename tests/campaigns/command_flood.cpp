// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "flood.h"
#include "replay/sandbox.h"
#include "sfc_abi.h"

namespace sfc::test {
namespace {

constexpr double kRateLeast = 0.999;

bool passed(const FloodResult& result) {
    return result.beside.rate() >= kRateLeast && result.after.rate() >= kRateLeast &&
           result.live_max <= result.capacity && result.memory_before == result.memory_after && result.wrong == 0 &&
           result.balanced && result.kernel_trouble.empty();
}

void print_text(const FloodResult& result) {
    print_counts("frames", result.classes);
    std::cout << fmt::format("flood: {} packets that never came back\n", result.flooded);
    std::cout << fmt::format("the other service, meanwhile: {} of {} restored\n", result.beside.restored,
                             result.beside.to_sf);
    std::cout << fmt::format("the flooded one, from a hold time after the flood: {} of {} restored\n",
                             result.after.restored, result.after.to_sf);
    std::cout << fmt::format("maps: {} bytes before, {} after; at most {} references live in {} slots\n",
                             result.memory_before, result.memory_after, result.live_max, result.capacity);
    for (const std::string& line : result.examples) {
        std::cout << line << '\n';
    }
    for (const std::string& line : result.kernel_trouble) {
        std::cout << "kernel: " << line;
    }
}

void print_json(const FloodOptions& options, const FloodResult& result) {
    const auto served = [](const Served& of) {
        return nlohmann::ordered_json{{"to_sf", of.to_sf}, {"restored", of.restored}, {"rate", of.rate()}};
    };
    std::cout << nlohmann::ordered_json{{"version", 1},
                                        {"campaign", "flood"},
                                        {"seed", options.seed},
                                        {"capacity", result.capacity},
                                        {"flooded", result.flooded},
                                        {"beside", served(result.beside)},
                                        {"after", served(result.after)},
                                        {"live_max", result.live_max},
                                        {"memory_before", result.memory_before},
                                        {"memory_after", result.memory_after},
                                        {"classes", result.classes},
                                        {"wrong", result.wrong},
                                        {"examples", result.examples},
                                        {"kernel_trouble", result.kernel_trouble},
                                        {"balanced", result.balanced}}
                     .dump()
              << '\n';
}

int run(const FloodOptions& options, bool json) {
    enter_sandbox(flood_interfaces());
    const FloodResult result = run_flood(options);
    if (json) {
        print_json(options, result);
    } else {
        print_text(result);
    }
    std::cout << fmt::format("RESULT {} packets={} seed={} restore_rate={:.5f} after_rate={:.5f} live_max={} "
                             "capacity={} memory={} wrong={} balanced={}\n",
                             passed(result) ? "pass" : "fail", result.flooded, options.seed, result.beside.rate(),
                             result.after.rate(), result.live_max, result.capacity,
                             result.memory_before == result.memory_after ? "constant" : "changed", result.wrong,
                             result.balanced ? "yes" : "no");
    return passed(result) ? 0 : 1;
}

} // namespace

Command flood_command(CLI::App& app) {
    const auto options = std::make_shared<FloodOptions>();
    const auto json = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand("flood", "Does one service lose packets when another one is flooded?");
    CLI::Option* seconds =
        command->add_option("--seconds", options->seconds, "How long the flood lasts, by the cache's clock")
            ->transform(whole_number(1, 1000));
    command->add_option("--packets", options->packets, "How many packets the flood has")
        ->transform(whole_number(1, 100'000'000))
        ->excludes(seconds);
    command->add_option("--seed", options->seed, "What to start from; the same seed makes the same run")
        ->transform(whole_number(0, UINT64_MAX));
    command->add_option("--capacity", options->capacity, "Slots of the cache, rounded up to a power of two")
        ->transform(whole_number(SFC_CAPACITY_MIN, SFC_CAPACITY_MAX));
    command->add_flag("-j,--json", *json, "Print JSON before the RESULT line");
    return {command, [=] { return run(*options, *json); }};
}

} // namespace sfc::test
