// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attach/attachment.h"
#include "config/plan.h"
#include "replay/replay_options.h"
#include "traffic/traffic_options.h"

namespace sfc {

enum class Command { None, Run, Attach, Detach, Status, Stats, Check, Replay, Send, Sink, Version, Help };

struct Options {
    Command command = Command::None;
    bool json = false;
    bool verbose = false; ///< status: also offloads that are as they should be
    std::string config;
    ReplayOptions replay;
    AttachOptions attach;
    SendOptions send;
    SinkOptions sink;
    bool keep = false;  ///< run: stay attached at the end
    double watch_s = 0; ///< stats: seconds between two reports; 0 = one report
};

/// Reads the command line. Throws Error{Usage}. Nothing where help was asked for, which has been printed then.
[[nodiscard]] std::optional<Options> parse_options(int argc, char** argv);

/// Gives every input its port: the one named, or the only one there is. Throws Error{Usage} naming the candidates.
void resolve_ports(ReplayOptions& options, const Plan& plan);

} // namespace sfc
