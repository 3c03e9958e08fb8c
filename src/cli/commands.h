// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>

#include "base/error.h"
#include "cli/options.h"

namespace sfc {

// Each prints its result on standard output. Faults are thrown as Error.
void command_run(const Options& options);
void command_attach(const Options& options);
void command_detach(const Options& options);
/// Returns whether packets can pass.
[[nodiscard]] ExitCode command_status(const Options& options);
void command_stats(const Options& options);
void command_check(const Options& options);
void command_replay(Options options);
void command_send(const Options& options);
[[nodiscard]] ExitCode command_sink(const Options& options); ///< Failed where packets were lost or wrong
void command_version(const Options& options);
/// One line.
[[nodiscard]] std::string version_text();

} // namespace sfc
