// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "commands.h"
#include "race.h"
#include "replay/sandbox.h"

namespace sfc::test {
namespace {

struct Options {
    RaceOptions race{};
    bool json = false;
};

struct Total {
    std::uint64_t events = 0, wrong = 0, torn = 0, restored = 0, stalled_wrong = 0, faults = 0;
    bool balanced = true;
};

Total total(const RaceResult& result) {
    Total sum;
    for (const RacePart& part : result.parts) {
        const bool plain = part.setup.build == RaceBuild::Plain;
        sum.events += part.events;
        sum.restored += part.counts[RACE_RESTORED];
        sum.wrong += plain ? part.counts[RACE_WRONG] : 0;
        sum.torn += plain ? part.counts[RACE_TORN] : 0;
        sum.stalled_wrong += plain ? 0 : part.counts[RACE_WRONG] + part.counts[RACE_TORN];
        sum.faults += part.faults.size();
        sum.balanced = sum.balanced && part.balanced;
    }
    return sum;
}

nlohmann::ordered_json counts_json(const RaceCounts& counts) {
    return {{"to_sf", counts[RACE_TO_SF]},
            {"ambiguous", counts[RACE_AMBIGUOUS]},
            {"cache_full", counts[RACE_FULL]},
            {"restored", counts[RACE_RESTORED]},
            {"restored_long", counts[RACE_RESTORED_LONG]},
            {"miss", counts[RACE_MISS]},
            {"late", counts[RACE_LATE]},
            {"wrong", counts[RACE_WRONG]},
            {"torn", counts[RACE_TORN]},
            {"false_ambiguous", counts[RACE_FALSE_AMBIGUOUS]},
            {"strange", counts[RACE_STRANGE]}};
}

std::string build_name(const RacePart& part) {
    return part.setup.build == RaceBuild::Plain ? "plain" : "stalled";
}

void print_json(const RaceOptions& options, const RaceResult& result) {
    nlohmann::ordered_json json{
        {"version", 1}, {"campaign", "race"}, {"seed", options.seed}, {"parts", nlohmann::ordered_json::array()}};
    for (const RacePart& part : result.parts) {
        nlohmann::ordered_json entry{{"name", part.name},       {"build", build_name(part)}, {"events", part.events},
                                     {"evicted", part.evicted}, {"expired", part.expired},   {"live", part.live},
                                     {"faults", part.faults},   {"balanced", part.balanced}};
        entry.update(counts_json(part.counts));
        json["parts"].push_back(entry);
    }
    json["naive"] = counts_json(result.naive);
    json["naive_caught_s"] = result.naive_caught_s ? nlohmann::ordered_json(*result.naive_caught_s) : nullptr;
    json["kernel_trouble"] = result.kernel_trouble;
    std::cout << json.dump() << '\n';
}

void print_text(const RaceResult& result) {
    std::cout << fmt::format("{:<16}{:>12}{:>12}{:>11}{:>11}{:>10}{:>10}{:>10}{:>9}{:>9}{:>6}{:>6}\n", "", "events",
                             "restored", "of them", "miss", "late", "ambig-", "evicted", "expired", "cache", "wrong",
                             "torn");
    std::cout << fmt::format("{:<16}{:>12}{:>12}{:>11}{:>11}{:>10}{:>10}{:>10}{:>9}{:>9}\n", "", "", "", "long", "", "",
                             "uous", "", "", "full");
    for (const RacePart& part : result.parts) {
        const RaceCounts& counts = part.counts;
        std::cout << fmt::format("{:<16}{:>12}{:>12}{:>11}{:>11}{:>10}{:>10}{:>10}{:>9}{:>9}{:>6}{:>6}\n",
                                 build_name(part) + " " + part.name, part.events, counts[RACE_RESTORED],
                                 counts[RACE_RESTORED_LONG], counts[RACE_MISS], counts[RACE_LATE],
                                 counts[RACE_AMBIGUOUS], part.evicted, part.expired, counts[RACE_FULL],
                                 counts[RACE_WRONG], counts[RACE_TORN]);
        for (const std::string& fault : part.faults) {
            std::cout << "  " << fault << '\n';
        }
    }
    std::cout << fmt::format("planted bug: {} wrong, {} torn\n", result.naive[RACE_WRONG], result.naive[RACE_TORN]);
    for (const std::string& line : result.kernel_trouble) {
        std::cout << "kernel: " << line;
    }
}

int run(const Options& all) {
    const RaceOptions& options = all.race;
    if (race_cpus().size() < 2) {
        throw Error(ExitCode::Failed, "one CPU is not enough for a race; this campaign needs two");
    }
    enter_sandbox(race_interfaces());
    const RaceResult result = run_race(options);
    const Total sum = total(result);
    const bool pass = sum.faults == 0 && sum.balanced && result.naive_caught_s && result.kernel_trouble.empty();
    if (all.json) {
        print_json(options, result);
    } else {
        print_text(result);
    }
    std::cout << fmt::format("RESULT {} events={} seed={} wrong={} torn={} restored={} stalled_wrong={} "
                             "naive_caught_s={} faults={} kernel_trouble={} balanced={}\n",
                             pass ? "pass" : "fail", sum.events, options.seed, sum.wrong, sum.torn, sum.restored,
                             sum.stalled_wrong,
                             result.naive_caught_s ? fmt::format("{:.2f}", *result.naive_caught_s) : "no", sum.faults,
                             result.kernel_trouble.size(), sum.balanced ? "yes" : "no");
    return pass ? 0 : 1;
}

} // namespace

Command race_command(CLI::App& app) {
    const auto options = std::make_shared<Options>();
    RaceOptions& values = options->race;
    CLI::App* race = app.add_subcommand("race", "Strip and restore of the same packets on all CPUs at once");
    race->add_option("--events", values.events, "Packets through both programs, such as 1e8")
        ->transform(whole_number(100'000, 1'000'000'000'000));
    race->add_option("--seed", values.seed, "What the CPUs start to draw from")->transform(whole_number(0, UINT64_MAX));
    race->add_option("--seconds-naive", values.seconds_naive, "How long the planted bug may stay unnoticed")
        ->transform(whole_number(1, 3600));
    race->add_flag("-j,--json", options->json, "Print JSON before the RESULT line");
    return {race, [=] { return run(*options); }};
}

} // namespace sfc::test
