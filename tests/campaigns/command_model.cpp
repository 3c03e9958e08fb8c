// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "model.h"

namespace sfc::test {
namespace {

using model::Explored;
using model::Part;
using model::Result;

struct Options {
    bool ways = false;
    bool json = false;
};

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

nlohmann::ordered_json parts_json(const std::vector<Part>& parts) {
    auto list = nlohmann::ordered_json::array();
    for (const Part& part : parts) {
        list.push_back({{"name", part.name},
                        {"states", part.explored.states},
                        {"transitions", part.explored.transitions},
                        {"ends", part.explored.ends},
                        {"fault", part.explored.fault},
                        {"way", part.explored.way}});
    }
    return list;
}

int run(const Options& options) {
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
    if (options.json) {
        std::cout << nlohmann::ordered_json{{"version", 1},
                                            {"campaign", "model"},
                                            {"scenarios", parts_json(result.sound)},
                                            {"untried", result.untried},
                                            {"broken", parts_json(result.broken)}}
                         .dump()
                  << '\n';
    } else {
        print_text(result, options.ways);
    }
    const bool pass = violations == 0 && found == result.broken.size() && result.untried.empty();
    std::cout << fmt::format("RESULT {} states={} transitions={} violations={} broken_found={}/{} untried={}\n",
                             pass ? "pass" : "fail", states, transitions, violations, found, result.broken.size(),
                             result.untried.size());
    return pass ? 0 : 1;
}

} // namespace

Command model_command(CLI::App& app) {
    const auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("model", "All interleavings of a model of the cache");
    command->add_flag("--ways", options->ways, "Print how each protocol that is broken on purpose goes wrong");
    command->add_flag("-j,--json", options->json, "Print JSON before the RESULT line");
    return {command, [=] { return run(*options); }};
}

} // namespace sfc::test
