// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "mutate.h"
#include "replay/sandbox.h"
#include "setup.h"

namespace sfc::test {
namespace {

bool passed(const MutateResult& result) {
    // Both main outcomes must occur, or the campaign tried nothing.
    const bool tried =
        result.outcomes.contains("to_sf") && result.outcomes.contains("restored") && result.untried.empty();
    return tried && result.wrong == 0 && result.balanced && result.kernel_trouble.empty() &&
           result.not_comparable.empty();
}

void print_text(const MutateResult& result) {
    print_counts("outcomes", result.outcomes);
    print_counts("restored, by kind of packet", result.restored);
    std::cout << fmt::format("late, and the entry had made room: {}\n", result.reaped);
    if (result.wrong > 0) {
        print_counts("differences", result.differences);
    }
    for (const std::string& line : result.examples) {
        std::cout << line << '\n';
    }
    for (const std::string& what : result.untried) {
        std::cout << "never occurred: " << what << '\n';
    }
    if (!result.not_comparable.empty()) {
        std::cout << "not comparable: " << result.not_comparable << '\n';
    }
    for (const std::string& line : result.kernel_trouble) {
        std::cout << "kernel: " << line;
    }
}

void print_json(const MutateOptions& options, const MutateResult& result) {
    std::cout << nlohmann::ordered_json{{"version", 1},
                                        {"campaign", "mutate"},
                                        {"frames", options.frames},
                                        {"seed", options.seed},
                                        {"outcomes", result.outcomes},
                                        {"restored", result.restored},
                                        {"untried", result.untried},
                                        {"reaped", result.reaped},
                                        {"differences", result.differences},
                                        {"not_comparable", result.not_comparable},
                                        {"wrong", result.wrong},
                                        {"examples", result.examples},
                                        {"kernel_trouble", result.kernel_trouble},
                                        {"balanced", result.balanced}}
                     .dump()
              << '\n';
}

int run(const MutateOptions& options, bool json) {
    if (options.build != Build::Native) { // that one needs no interfaces and no privileges
        enter_sandbox(campaign_interfaces());
    }
    const MutateResult result = run_mutate(options);
    if (json) {
        print_json(options, result);
    } else {
        print_text(result);
    }
    std::cout << fmt::format("RESULT {} frames={} seed={} wrong={} kernel_trouble={} balanced={}\n",
                             passed(result) ? "pass" : "fail", options.frames, options.seed, result.wrong,
                             result.kernel_trouble.size(), result.balanced ? "yes" : "no");
    return passed(result) ? 0 : 1;
}

} // namespace

Command mutate_command(CLI::App& app) {
    const auto options = std::make_shared<MutateOptions>();
    const auto json = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand("mutate", "Malformed frames through both programs");
    command->add_option("--frames", options->frames, "How many")->transform(whole_number(1, 1'000'000'000'000));
    command->add_option("--seed", options->seed, "What to start from; the same seed makes the same frames")
        ->transform(whole_number(0, UINT64_MAX));
    command->add_flag("-j,--json", *json, "Print JSON before the RESULT line");
    add_build_option(*command, options->build, true);
    return {command, [=] { return run(*options, *json); }};
}

} // namespace sfc::test
