// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attachment.h"
#include "plan.h"

namespace sfc {

/// "[PORT=]FILE" as given; `port` is empty until it is resolved.
struct PortFile {
    std::string port;
    std::string file;
};

struct ReplayOptions {
    std::vector<PortFile> in;
    std::vector<PortFile> from_sf;
    std::string to_sf;
    std::string out;
    std::uint64_t window = 1; ///< frames that are in the SF at once
    std::uint64_t tick_ns = 0;
};

enum class Command { None, Run, Attach, Detach, Status, Stats, Check, Replay, Version };

struct Options {
    Command command = Command::None;
    bool json = false;
    std::string config;
    ReplayOptions replay;
    AttachOptions attach;
    bool keep = false;  ///< run: stay attached at the end
    double watch_s = 0; ///< stats: seconds between two reports; 0 = one report
};

/// Reads the command line. Throws Error{Usage}. Nothing where help was asked for, which has been printed then.
[[nodiscard]] std::optional<Options> parse_options(int argc, char** argv);

/// Gives every input its port: the one named, or the only one there is. Throws Error{Usage} naming the candidates.
void resolve_ports(ReplayOptions& options, const Plan& plan);

} // namespace sfc
