// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include <fmt/format.h>

#include "command_json.h"
#include "commands.h"
#include "model.h"

namespace sfc::test {
namespace {

using model::Explored;
using model::Part;
using model::Result;

void print_way(const Explored& explored) {
    for (const std::string& step : explored.way) {
        std::cout << "    " << step << '\n';
    }
}

void print_text(const Result& result, bool ways) {
    std::cout << fmt::format("{:<44}{:>12}{:>14}{:>8}\n", "all interleavings", "states", "transitions", "ends");
    for (const Part& part : result.sound) {
        const Explored& explored = part.explored;
        std::cout << fmt::format("{:<44}{:>12}{:>14}{:>8}\n", part.name, explored.states, explored.transitions,
                                 explored.ends);
        if (!explored.fault.empty()) {
            std::cout << "  " << explored.fault << ":\n";
            print_way(explored);
        }
    }
    for (const std::string& step : result.untried) {
        std::cout << "never occurred: " << step << '\n';
    }
    std::cout << "broken on purpose\n";
    for (const Part& part : result.broken) {
        const Explored& explored = part.explored;
        std::cout << fmt::format("  {:<42}", part.name)
                  << (explored.fault.empty() ? std::string("not noticed")
                                             : fmt::format("{} after {} steps", explored.fault, explored.way.size()))
                  << '\n';
        if (ways) {
            print_way(explored);
        }
    }
}

} // namespace

int model_command(bool ways, bool json) {
    const Result result = model::run_model();
    std::uint64_t states = 0, transitions = 0, violations = 0, found = 0;
    for (const Part& part : result.sound) {
        states += part.explored.states;
        transitions += part.explored.transitions;
        violations += part.explored.fault.empty() ? 0 : 1;
    }
    for (const Part& part : result.broken) {
        found += part.explored.fault.empty() ? 0 : 1;
    }
    if (json) {
        std::cout << json_of(result) << '\n';
    } else {
        print_text(result, ways);
    }
    const bool pass = violations == 0 && found == result.broken.size() && result.untried.empty();
    std::cout << fmt::format("RESULT {} states={} transitions={} violations={} broken_found={}/{} untried={}\n",
                             pass ? "pass" : "fail", states, transitions, violations, found, result.broken.size(),
                             result.untried.size());
    return pass ? 0 : 1;
}

} // namespace sfc::test
