// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include <fmt/format.h>

#include "base/error.h"
#include "command_json.h"
#include "commands.h"
#include "race.h"
#include "replay/sandbox.h"

namespace sfc::test {
namespace {

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

void print_text(const RaceResult& result) {
    std::cout << fmt::format("{:<16}{:>12}{:>12}{:>11}{:>11}{:>10}{:>10}{:>10}{:>9}{:>9}{:>6}{:>6}\n", "", "events",
                             "restored", "of them", "miss", "late", "ambig-", "evicted", "expired", "cache", "wrong",
                             "torn");
    std::cout << fmt::format("{:<16}{:>12}{:>12}{:>11}{:>11}{:>10}{:>10}{:>10}{:>9}{:>9}\n", "", "", "", "long", "", "",
                             "uous", "", "", "full");
    for (const RacePart& part : result.parts) {
        const RaceCounts& counts = part.counts;
        std::cout << fmt::format("{:<16}{:>12}{:>12}{:>11}{:>11}{:>10}{:>10}{:>10}{:>9}{:>9}{:>6}{:>6}\n",
                                 race_build_name(part) + " " + part.name, part.events, counts[RACE_RESTORED],
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

} // namespace

std::string race_build_name(const RacePart& part) {
    return part.setup.build == RaceBuild::Plain ? "plain" : "stalled";
}

int race_command(const RaceOptions& options, bool json) {
    if (race_cpus().size() < 2) {
        throw Error(ExitCode::Failed, "one CPU is not enough for a race; this campaign needs two");
    }
    enter_sandbox(race_interfaces());
    const RaceResult result = run_race(options);
    const Total sum = total(result);
    const bool pass = sum.faults == 0 && sum.balanced && result.naive_caught_s && result.kernel_trouble.empty();
    if (json) {
        std::cout << json_of(options, result) << '\n';
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

} // namespace sfc::test
