// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// campaign mutate [--frames N] [--seed S] [--build kernel|native|both] [-j]. The last line is "RESULT pass|fail
// key=value ...", the exit code says the same.
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "error.h"
#include "mutate.h"
#include "sandbox.h"
#include "setup.h"

namespace {

using sfc::test::Build;
using sfc::test::MutateOptions;
using sfc::test::MutateResult;

bool passed(const MutateResult& result) {
    // Both main outcomes must occur, or the campaign tried nothing.
    const bool tried =
        result.outcomes.contains("to_sf") && result.outcomes.contains("restored") && result.untried.empty();
    return tried && result.wrong == 0 && result.balanced && result.kernel_trouble.empty() &&
           result.not_comparable.empty();
}

void print_counts(const char* title, const std::map<std::string, std::uint64_t>& counts) {
    std::cout << title << '\n';
    for (const auto& [name, frames] : counts) {
        std::cout << fmt::format("  {:<40} {:>12}\n", name, frames);
    }
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

void print(const MutateOptions& options, const MutateResult& result, bool json) {
    if (json) {
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
    } else {
        print_text(result);
    }
    std::cout << fmt::format("RESULT {} frames={} seed={} wrong={} kernel_trouble={} balanced={}\n",
                             passed(result) ? "pass" : "fail", options.frames, options.seed, result.wrong,
                             result.kernel_trouble.size(), result.balanced ? "yes" : "no");
}

int run(int argc, char** argv) {
    CLI::App app{"Long checks of the packet path", "campaign"};
    app.require_subcommand(1);
    MutateOptions options;
    bool json = false;
    auto* mutate = app.add_subcommand("mutate", "Malformed frames through both programs");
    mutate->add_option("--frames", options.frames, "How many")->check(CLI::Range(1UL, 1'000'000'000'000UL));
    mutate->add_option("--seed", options.seed, "What to start from; the same seed makes the same frames");
    mutate->add_flag("-j,--json", json, "Print JSON before the RESULT line");
    mutate
        ->add_option("--build", options.build,
                     "Which build of the programs: the kernel's, one for user space, or both, compared")
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, Build>{{"kernel", Build::Kernel}, {"native", Build::Native}, {"both", Build::Both}}));
    CLI11_PARSE(app, argc, argv);
    if (options.build != Build::Native) { // that one needs no interfaces and no privileges
        sfc::enter_sandbox(sfc::test::campaign_interfaces());
    }
    const MutateResult result = sfc::test::run_mutate(options);
    print(options, result, json);
    return passed(result) ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "campaign: error: " << error.what() << '\n';
        return 1;
    }
}
