// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <filesystem>
#include <iostream>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/names.h"
#include "cli/commands.h"
#include "cli/messages.h"
#include "config/yaml_reader.h"
#include "replay/replay.h"
#include "replay/sandbox.h"
#include "report/report.h"

namespace sfc {
namespace {

Json entry_json(const ReplayEntry& entry, const Plan& plan) {
    return {{"n", entry.n},
            {"side", entry.sf_side != 0 ? "sf" : "domain"},
            {"service", entry.service == SFC_NONE ? Json(nullptr) : Json(plan.services[entry.service].name)},
            {"verdict", verdict_name(entry.verdict)},
            {"reason", reason_name(entry.reason)},
            {"out_len", entry.out_len}};
}

/// Frames one by one, not as one document: a capture of millions must not become millions of nodes in memory.
void print_json(const Replay& replay, const Plan& plan) {
    const Snapshot snapshot = replay.snapshot();
    std::cout << R"({"version":1,"frames":[)";
    const char* comma = "";
    for (const ReplayEntry& entry : replay.entries()) {
        std::cout << comma << entry_json(entry, plan).dump();
        comma = ",\n";
    }
    std::cout << R"(],"counters":)" << counters_json(snapshot, plan).dump() << R"(,"conservation":)"
              << conservation_json(conserve(snapshot, plan)).dump() << "}\n";
}

void print_text(const Replay& replay, const Plan& plan) {
    std::map<std::pair<int, std::string>, std::uint64_t> outcomes;
    for (const ReplayEntry& entry : replay.entries()) {
        outcomes[{entry.sf_side, fmt::format("{} {}", verdict_name(entry.verdict), reason_name(entry.reason))}]++;
    }
    for (const auto& [outcome, frames] : outcomes) {
        std::cout << fmt::format("{:<12} {:>10} frames  {}\n", outcome.first != 0 ? "from the SF" : "from domain",
                                 frames, outcome.second);
    }
    const Snapshot snapshot = replay.snapshot();
    std::cout << '\n' << counters_text(snapshot, plan) << '\n' << conservation_text(conserve(snapshot, plan));
}

void refuse_kernel_mode(const Config& config) {
    for (const SfConfig& sf : config.sfs) {
        if (sf.kernel) {
            throw config_error(config.file, sf.at, msg::replay_has_no_kernel(sf.name));
        }
    }
}

/// By whatever name, hard links too: it would be gone when the output is finished.
void refuse_output_over_input(const ReplayOptions& replay) {
    namespace fs = std::filesystem;
    std::error_code ignored; // of a file that is not there
    for (const auto& [option, output] : {std::pair("--to-sf", replay.to_sf), std::pair("--out", replay.out)}) {
        for (const auto* inputs : {&replay.in, &replay.from_sf}) {
            for (const PortFile& input : *inputs) {
                if (fs::is_regular_file(input.file, ignored) && fs::equivalent(output, input.file, ignored)) {
                    throw Error(ExitCode::Usage, msg::output_is_input(option, output, input.file));
                }
            }
        }
    }
}

} // namespace

void command_replay(Options options) {
    const Config config = load_config(options.config);
    refuse_kernel_mode(config);
    const Plan plan = make_plan(config);
    resolve_ports(options.replay, plan);
    refuse_output_over_input(options.replay);
    std::vector<std::string> interfaces;
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        interfaces.push_back(sandbox_interface(id));
    }
    enter_sandbox(interfaces);
    Replay replay(plan, options.replay);
    replay.run();
    if (options.json) {
        print_json(replay, plan);
    } else {
        print_text(replay, plan);
    }
}

} // namespace sfc
