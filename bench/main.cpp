// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// bench keys|cpus|micro|loads [options] [-j], bench hints FILE: figures; the last line is RESULT pass|fail key=value
// ...
#include <iostream>

#include <CLI/CLI.hpp>

#include "commands.h"
#include "headers.h"
#include "kinds.h"

namespace {

using namespace sfc::bench;

constexpr const char* kRounds = "Medians are of so many";
constexpr const char* kJson = "Print JSON, with every round, before the RESULT line";

void add_keys(CLI::App& app, KeysOptions& options, int& code) {
    auto* keys = app.add_subcommand("keys", "Nanoseconds in the kernel for each kind of packet, net of the harness");
    keys->add_option("--rounds", options.rounds, kRounds)->check(CLI::Range(1, 100000));
    keys->add_option("--in-flight", options.in_flight, "Packets in the SF at once")->check(CLI::Range(1, 60000));
    keys->add_option("--labels", options.labels, "Entries of the stack")->check(CLI::Range(2, 16));
    keys->add_flag("-j,--json", options.json, kJson);
    keys->callback([&] { code = run_keys(options); });
}

void add_cpus(CLI::App& app, CpusOptions& options, int& code) {
    auto* cpus = app.add_subcommand("cpus", "Strip and restore in the kernel on two CPUs at once, net of the harness");
    cpus->add_option("--rounds", options.rounds, kRounds)->check(CLI::Range(1, 100000));
    cpus->add_option("--in-flight", options.in_flight, "Packets of each CPU in the SF at once")
        ->check(CLI::Range(1, 15000));
    cpus->add_option("--labels", options.labels, "Entries of the stack")->check(CLI::Range(2, 16));
    cpus->add_flag("-j,--json", options.json, kJson);
    cpus->callback([&] { code = run_cpus(options); });
}

void add_micro(CLI::App& app, MicroOptions& options, int& code) {
    auto* micro = app.add_subcommand("micro", "Strip and restore in the kernel, against no cache and the paper's way");
    micro->add_option("--rounds", options.rounds, kRounds)->check(CLI::Range(1, 100000));
    micro->add_option("--packets", options.packets, "Of each cell, variant and round")
        ->check(CLI::Range(1000, 100'000'000));
    micro->add_option("--sfc", options.sfc, "Encapsulations in front of the packets")
        ->delimiter(',')
        ->check(CLI::IsMember(encapsulations()));
    micro->add_option("--labels", options.labels, "Entries of the stack")->delimiter(',')->check(CLI::Range(1, 16));
    std::vector<std::string> names;
    for (const Kind& kind : kinds()) {
        names.push_back(kind.name);
    }
    micro->add_option("--kinds", options.kinds, "Kinds of packet, as bench keys names them")
        ->delimiter(',')
        ->check(CLI::IsMember(names));
    micro->add_option("--in-flight", options.in_flight, "Packets in the SF at once")
        ->delimiter(',')
        ->check(CLI::Range(1, 1'000'000));
    micro->add_option("--capacity", options.capacities, "Slots of the cache")
        ->delimiter(',')
        ->check(CLI::Range(+SFC_CAPACITY_MIN, +SFC_CAPACITY_MAX));
    micro->add_option("--remember", options.remembers, "Keys that are remembered; 0,N measures both beside each other")
        ->delimiter(',')
        ->check(CLI::Range(0, +SFC_REMEMBER_MAX));
    micro->add_flag("-j,--json", options.json, kJson);
    micro->footer(
        "bench/run micro also takes --against TREE: the build of another checkout, measured beside this one.");
    micro->callback([&] { code = run_micro(options); });
}

void add_loads(CLI::App& app, LoadsOptions& options, int& code) {
    auto* loads = app.add_subcommand("loads", "Nanoseconds of a dependent load in a map, against the lines in use");
    loads->add_option("--rounds", options.rounds, kRounds)->check(CLI::Range(1, 100000));
    loads->add_flag("-j,--json", options.json, kJson);
    loads->callback([&] { code = run_loads(options); });
}

void add_hints(CLI::App& app, std::string& path, int& code) {
    auto* hints = app.add_subcommand("hints", "How services share positions of hints, as JSON");
    hints->add_option("FILE", path, "A configuration of the proxy")->required();
    hints->callback([&] { code = run_hints(path); });
}

int run(int argc, char** argv) {
    CLI::App app{"What the packet path costs", "bench"};
    app.require_subcommand(1);
    int code = 0;
    KeysOptions keys;
    CpusOptions cpus;
    MicroOptions micro;
    LoadsOptions loads;
    std::string path;
    add_keys(app, keys, code);
    add_cpus(app, cpus, code);
    add_micro(app, micro, code);
    add_loads(app, loads, code);
    add_hints(app, path, code);
    CLI11_PARSE(app, argc, argv);
    return code;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "bench: error: " << error.what() << "\nRESULT fail\n";
        return 1;
    }
}
