// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/options.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/number.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/options_traffic.h"
#include "cli/usage_fault.h"

namespace sfc {
namespace {

constexpr std::uint64_t kTickMostNs = 3600ULL * 1'000'000'000;

std::uint64_t parse_tick(const std::string& text) {
    const auto ns = parse_duration(text);
    if (!ns || *ns > kTickMostNs) {
        throw Error(ExitCode::Usage, msg::bad_tick(text));
    }
    return *ns;
}

std::uint64_t parse_window(const std::string& text) {
    constexpr std::uint64_t kMost = SFC_CAPACITY_MAX;
    const auto number = parse_number(text, 1, kMost);
    if (!number) {
        throw Error(ExitCode::Usage, msg::bad_window(text, kMost));
    }
    return *number;
}

double parse_watch(const std::string& text) {
    constexpr double kLeast = 0.1, kMost = 3600;
    char* end = nullptr;
    const double seconds = text.empty() ? 1 : std::strtod(text.c_str(), &end);
    if ((end != nullptr && *end != '\0') || !(seconds >= kLeast && seconds <= kMost)) {
        throw Error(ExitCode::Usage, msg::bad_watch(text, kLeast, kMost));
    }
    return seconds;
}

/// What the parser writes to, before it becomes Options.
struct Raw {
    Options options;
    std::vector<std::string> in, from_sf;
    std::string window, tick, watch, help;
};

void add_commands(CLI::App& app, Raw& raw) {
    auto* check = app.add_subcommand("check", "Check a configuration and show what becomes of it");
    auto* replay = app.add_subcommand("replay", "Push captures through the real BPF programs");
    auto* version = app.add_subcommand("version", "Show the version");
    auto* help = app.add_subcommand("help", "Show the commands, or the options of one");
    for (auto* command : {check, replay}) {
        command->add_option("-c,--config", raw.options.config, "Configuration (YAML); - is standard input")
            ->required()
            ->type_name("FILE");
    }
    for (auto* command : {check, replay, version}) {
        command->add_flag("-j,--json", raw.options.json, "Print JSON");
    }
    replay->add_option("--in", raw.in, "Frames that arrive on domain port PORT; may be repeated")
        ->required()
        ->type_name("[PORT=]FILE")
        ->allow_extra_args(false);
    replay->add_option("--to-sf", raw.options.replay.to_sf, "Written: what the SF gets")->required()->type_name("FILE");
    replay
        ->add_option("--from-sf", raw.from_sf,
                     "Frames that come back on SF port PORT, after all of --in; may be repeated")
        ->type_name("[PORT=]FILE")
        ->allow_extra_args(false);
    replay->add_option("--out", raw.options.replay.out, "Written: what leaves to the next hop")
        ->required()
        ->type_name("FILE");
    replay->add_option("--window", raw.window, "Strip N frames, then return these N (default 1)")->type_name("N");
    replay->add_option("--tick", raw.tick, "Time that passes with each program run (default none)")
        ->type_name("DURATION");
    check->callback([&raw] { raw.options.command = Command::Check; });
    replay->callback([&raw] { raw.options.command = Command::Replay; });
    version->callback([&raw] { raw.options.command = Command::Version; });
    help->add_option("COMMAND", raw.help, "The command whose options are wanted")->type_name("");
    help->callback([&raw] { raw.options.command = Command::Help; });
}

void add_attached_commands(CLI::App& app, Raw& raw) {
    auto* run = app.add_subcommand("run", "Attach, keep next hops and ports current, detach at the end");
    auto* attach = app.add_subcommand("attach", "Attach and return; no process is needed afterwards");
    auto* detach = app.add_subcommand("detach", "Take everything off again");
    auto* status = app.add_subcommand("status", "Show what the kernel says is attached");
    auto* stats = app.add_subcommand("stats", "Show counters, reasons and where packets are lost");
    AttachOptions& options = raw.options.attach;
    for (auto* command : {run, attach, detach, status, stats}) {
        command->add_option("--pin", options.pin, "Directory on a BPF file system that holds everything")
            ->type_name("DIR")
            ->capture_default_str();
    }
    for (auto* command : {run, attach}) {
        command->add_option("-c,--config", options.config, "Configuration (YAML); - is standard input")
            ->required()
            ->type_name("FILE");
        command->add_flag("--generic", options.generic, "Generic XDP: for interfaces without native XDP; slower");
    }
    for (auto* command : {status, stats}) {
        command->add_flag("-j,--json", raw.options.json, "Print JSON");
    }
    status->add_flag("-v,--verbose", raw.options.verbose, "List the offloads that are changed until detach");
    run->add_flag("--keep", raw.options.keep, "Stay attached when stopped");
    stats->add_option("-w,--watch", raw.watch, "Print rates every SECONDS (default 1), until stopped")
        ->type_name("SECONDS")
        ->expected(0, 1);
    run->callback([&raw] { raw.options.command = Command::Run; });
    attach->callback([&raw] { raw.options.command = Command::Attach; });
    detach->callback([&raw] { raw.options.command = Command::Detach; });
    status->callback([&raw] { raw.options.command = Command::Status; });
    stats->callback([&raw, stats] {
        raw.options.command = Command::Stats;
        raw.options.watch_s = stats->count("--watch") == 0 ? 0 : parse_watch(raw.watch);
    });
}

void print_help(const CLI::App& app, const std::string& command) {
    const auto found = app.get_subcommands([&](const CLI::App* one) { return one->get_name() == command; });
    if (found.empty() && !command.empty()) {
        throw Error(ExitCode::Usage, unknown_command(app, command));
    }
    // App::help() of `app` would be that of `help`, the command that was given.
    std::cout << app.get_formatter()->make_help(command.empty() ? &app : found.front(),
                                                command.empty() ? app.get_name() : app.get_name() + " " + command,
                                                CLI::AppFormatMode::Normal);
}

void finish_replay(Raw& raw) {
    ReplayOptions& replay = raw.options.replay;
    const auto unresolved = [](const std::string& text) { return PortFile{"", text}; };
    std::transform(raw.in.begin(), raw.in.end(), std::back_inserter(replay.in), unresolved);
    std::transform(raw.from_sf.begin(), raw.from_sf.end(), std::back_inserter(replay.from_sf), unresolved);
    if (!raw.window.empty()) {
        replay.window = parse_window(raw.window);
        if (!replay.from_sf.empty()) {
            throw Error(ExitCode::Usage, msg::window_and_from_sf());
        }
    }
    if (!raw.tick.empty()) {
        replay.tick_ns = parse_tick(raw.tick);
    }
    std::error_code none; // of a descriptor whose file is gone: it has no name
    const auto to_sf = std::filesystem::weakly_canonical(replay.to_sf, none);
    if (!to_sf.empty() && to_sf == std::filesystem::weakly_canonical(replay.out, none) &&
        !std::filesystem::is_character_file(replay.out, none)) { // both may go to /dev/null
        throw Error(ExitCode::Usage, msg::same_file_twice(replay.out));
    }
}

/// Splits "[PORT=]FILE" where the part before "=" is a port, and checks it against the candidates.
void resolve(PortFile& input, const std::string& option, const std::vector<std::string>& candidates) {
    const std::string text = input.file;
    const std::string names = fmt::format("{}", fmt::join(candidates, ", "));
    if (const std::size_t equals = text.find('='); equals != std::string::npos) {
        input.port = text.substr(0, equals);
        input.file = text.substr(equals + 1);
        if (std::find(candidates.begin(), candidates.end(), input.port) != candidates.end()) {
            return;
        }
        throw Error(ExitCode::Usage, msg::port_not_possible(option, text, input.port, names));
    }
    if (candidates.size() != 1) {
        throw Error(ExitCode::Usage, msg::say_which_port(option, text, names));
    }
    input.port = candidates.front();
}

std::vector<std::string> ports_with_role(const Plan& plan, sfc_role role) {
    std::vector<std::string> names;
    for (const Plan::Port& port : plan.ports) {
        if (port.entry.role == role) {
            names.push_back(port.name);
        }
    }
    return names;
}

/// Ports that some service's packets come back on.
std::vector<std::string> return_ports(const Plan& plan) {
    std::set<std::uint16_t> ids;
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        ids.insert(plan.services[id].entry.return_port);
    }
    ids.erase(SFC_NONE); // of a service through a kernel
    std::vector<std::string> names;
    std::transform(ids.begin(), ids.end(), std::back_inserter(names),
                   [&](std::uint16_t id) { return plan.ports[id].name; });
    return names;
}

} // namespace

std::optional<Options> parse_options(int argc, char** argv) {
    CLI::App app{"Caching SFC proxy: strips SFC encapsulation before a service function and restores it behind it",
                 "sfcproxy"};
    Raw raw;
    app.require_subcommand(1);
    app.set_version_flag(
        "-V,--version", [] { return version_text(); }, "Show the version");
    add_attached_commands(app, raw);
    add_traffic_commands(app, raw.options);
    add_commands(app, raw);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        std::cout << app.help();
        return std::nullopt;
    } catch (const CLI::CallForVersion& version) {
        std::cout << version.what() << '\n';
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        throw Error(ExitCode::Usage, usage_fault(app, error));
    }
    if (raw.options.command == Command::Help) {
        print_help(app, raw.help);
        return std::nullopt;
    }
    if (raw.options.command == Command::Replay) {
        finish_replay(raw);
    }
    return raw.options;
}

void resolve_ports(ReplayOptions& options, const Plan& plan) {
    for (PortFile& input : options.in) {
        resolve(input, "--in", ports_with_role(plan, SFC_ROLE_DOMAIN));
    }
    for (PortFile& input : options.from_sf) {
        // Any SF port may be named, so that a packet on the wrong port can be tried; the only return port is the
        // default.
        const bool named = input.file.find('=') != std::string::npos;
        resolve(input, "--from-sf", named ? ports_with_role(plan, SFC_ROLE_SF) : return_ports(plan));
    }
}

} // namespace sfc
