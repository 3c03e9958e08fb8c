// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// campaign mutate|oracle|flood|race|model, each with --help. The last line is "RESULT pass|fail key=value ...", the
// exit code says the same: 0 or 1; 2 is a command line that is wrong. All command lines are here, since each file that
// includes CLI11 costs seconds to compile.
#include <charconv>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "commands.h"
#include "flood.h"
#include "mutate.h"
#include "race.h"
#include "sfc_abi.h"
#include "traffic.h"

namespace {

using namespace sfc::test; // NOLINT: the whole program is of it

constexpr std::uint64_t kAny = UINT64_MAX;

/// What the command lines say; only the subcommand that is given has its part filled in.
struct Arguments {
    MutateOptions mutate;
    TrafficOptions oracle;
    FloodOptions flood;
    RaceOptions race;
    bool ways = false;
    bool json = false;
};

/// Returns whether the text is a number and nothing else.
bool digits(std::string_view text, std::uint64_t& value) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && stop == end;
}

/// Accepts whole numbers from `least` to `most`, also as 1e8; the message has the value and both limits.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
    const auto check = [=](std::string& text) -> std::string {
        std::string wrong = fmt::format("'{}' is no whole number from {} to {}", text, least, most);
        const std::string::size_type mark = text.find('e');
        std::uint64_t value = 0, zeros = 0;
        if (!digits(std::string_view(text).substr(0, mark), value) ||
            (mark != std::string::npos && !digits(std::string_view(text).substr(mark + 1), zeros))) {
            return wrong;
        }
        for (; zeros > 0 && value != 0; zeros--) {
            if (__builtin_mul_overflow(value, std::uint64_t{10}, &value)) {
                return wrong;
            }
        }
        if (value < least || value > most) {
            return wrong;
        }
        text = fmt::format("{}", value);
        return "";
    };
    return {check, fmt::format("{}..{}", least, most), "whole number"};
}

template <class Number>
CLI::Option* add_number(CLI::App& app, const char* name, Number& value, std::uint64_t least, std::uint64_t most,
                        const char* help) {
    return app.add_option(name, value, help)->transform(whole_number(least, most));
}

void add_seed(CLI::App& app, std::uint64_t& seed) {
    add_number(app, "--seed", seed, 0, kAny, "What to start from; the same seed makes the same run");
}

void add_build(CLI::App& app, Build& build, bool both) {
    std::map<std::string, Build> builds{{"kernel", Build::Kernel}, {"native", Build::Native}};
    if (both) {
        builds.emplace("both", Build::Both);
    }
    const std::string names = both ? "kernel, native, both" : "kernel, native";
    const auto set = [=, &build](const std::string& name) {
        const auto found = builds.find(name);
        if (found == builds.end()) {
            throw CLI::ValidationError("--build", fmt::format("'{}' is none of {}", name, names));
        }
        build = found->second;
    };
    app.add_option_function<std::string>("--build", set,
                                         "Which build of the programs: the kernel's, or one for user space");
}

void add_encap(CLI::App& app, oracle::Encapsulations& encaps) {
    const auto set = [&encaps](const std::string& name) {
        oracle::Encapsulations chosen;
        std::string names;
        for (const oracle::Encapsulation which : all_encaps()) {
            names += std::string(encap_of(which).name()) + ", ";
            if (name == "all" || name == encap_of(which).name()) {
                chosen.push_back(which);
            }
        }
        if (chosen.empty()) {
            throw CLI::ValidationError("--encap", fmt::format("'{}' is none of {}all", name, names));
        }
        encaps = chosen;
    };
    app.add_option_function<std::string>("--encap", set, "Which encapsulations the services have, all in one run: all");
}

void declare(CLI::App& app, Arguments& to) {
    CLI::App& mutate = *app.add_subcommand("mutate", "Malformed frames through both programs");
    add_number(mutate, "--frames", to.mutate.frames, 1, 1'000'000'000'000, "How many");
    add_seed(mutate, to.mutate.seed);
    add_build(mutate, to.mutate.build, true);
    add_encap(mutate, to.mutate.encaps);

    CLI::App& oracle = *app.add_subcommand("oracle", "Does each packet get its own header back?");
    add_number(oracle, "--events", to.oracle.events, 1, 1'000'000'000, "How many program runs");
    add_seed(oracle, to.oracle.seed);
    add_number(oracle, "--early-limit", to.oracle.early_limit, 0, 1'000'000,
               "Evictions of services below their quota that are allowed, per million packets to the SFs");
    add_number(oracle, "--remember", to.oracle.remember, 0, SFC_REMEMBER_MAX,
               "Keys that are remembered for their hold time");
    add_build(oracle, to.oracle.build, false);
    add_encap(oracle, to.oracle.encaps);

    CLI::App& flood = *app.add_subcommand("flood", "Does one service lose packets when another one is flooded?");
    CLI::Option* seconds =
        add_number(flood, "--seconds", to.flood.seconds, 1, 1000, "How long the flood lasts, by the cache's clock");
    add_number(flood, "--packets", to.flood.packets, 1, 100'000'000, "How many packets the flood has")
        ->excludes(seconds);
    add_seed(flood, to.flood.seed);
    add_encap(flood, to.flood.encaps);

    const char* slots = "Slots of the cache, rounded up to a power of two";
    add_number(oracle, "--capacity", to.oracle.capacity, SFC_CAPACITY_MIN, SFC_CAPACITY_MAX, slots);
    add_number(flood, "--capacity", to.flood.capacity, SFC_CAPACITY_MIN, SFC_CAPACITY_MAX, slots);

    CLI::App& race = *app.add_subcommand("race", "Strip and restore of the same packets on all CPUs at once");
    add_number(race, "--events", to.race.events, 100'000, 1'000'000'000'000,
               "Packets through both programs, such as 1e8");
    add_number(race, "--seed", to.race.seed, 0, kAny, "What the CPUs start to draw from");
    add_encap(race, to.race.encaps);
    add_number(race, "--seconds-naive", to.race.seconds_naive, 1, 3600, "How long the planted bug may stay unnoticed");

    CLI::App& model = *app.add_subcommand("model", "All interleavings of a model of the cache");
    model.add_flag("--ways", to.ways, "Print how each protocol that is broken on purpose goes wrong");

    for (CLI::App* command : {&mutate, &oracle, &flood, &race, &model}) {
        command->add_flag("-j,--json", to.json, "Print JSON before the RESULT line");
    }
}

int run(int argc, char** argv) {
    CLI::App app{"Long checks of the packet path", "campaign"};
    app.require_subcommand(1);
    Arguments given;
    declare(app, given);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        std::cout << app.help();
        return 0;
    } catch (const CLI::ParseError& error) {
        throw sfc::Error(sfc::ExitCode::Usage, std::string(error.what()) + "; see 'campaign --help'");
    }
    return app.got_subcommand("mutate")   ? mutate_command(given.mutate, given.json)
           : app.got_subcommand("oracle") ? oracle_command(given.oracle, given.json)
           : app.got_subcommand("flood")  ? flood_command(given.flood, given.json)
           : app.got_subcommand("race")   ? race_command(given.race, given.json)
                                          : model_command(given.ways, given.json);
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const sfc::Error& error) {
        std::cerr << "campaign: error: " << error.what() << '\n';
        return error.code() == sfc::ExitCode::Usage ? 2 : 1;
    } catch (const std::exception& error) {
        std::cerr << "campaign: error: " << error.what() << '\n';
        return 1;
    }
}
