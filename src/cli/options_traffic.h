// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "cli/options.h"

namespace CLI {
class App;
}

namespace sfc {

/// The commands `send` and `sink`. `options` is filled when the command line is parsed.
void add_traffic_commands(CLI::App& app, Options& options);

} // namespace sfc
