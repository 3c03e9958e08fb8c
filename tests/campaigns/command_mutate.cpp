// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include <fmt/format.h>

#include "command_json.h"
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

} // namespace

int mutate_command(const MutateOptions& options, bool json) {
    if (options.build != Build::Native) { // that one needs no interfaces and no privileges
        enter_sandbox(interface_names(campaign_world(options.encaps)));
    }
    const MutateResult result = run_mutate(options);
    if (json) {
        std::cout << json_of(options, result) << '\n';
    } else {
        print_text(result);
    }
    std::cout << fmt::format("RESULT {} frames={} seed={} wrong={} kernel_trouble={} balanced={}\n",
                             passed(result) ? "pass" : "fail", options.frames, options.seed, result.wrong,
                             result.kernel_trouble.size(), result.balanced ? "yes" : "no");
    return passed(result) ? 0 : 1;
}

} // namespace sfc::test
