// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "build.h"

namespace sfc::test {

/// A subcommand and what it does: prints its result, "RESULT pass|fail key=value ..." in the last line, and returns
/// the exit code, 0 or 1.
struct Command {
    CLI::App* app;
    std::function<int()> run;
};
[[nodiscard]] Command mutate_command(CLI::App& app);
[[nodiscard]] Command oracle_command(CLI::App& app);
[[nodiscard]] Command flood_command(CLI::App& app);
[[nodiscard]] Command race_command(CLI::App& app);
[[nodiscard]] Command model_command(CLI::App& app);

/// Accepts whole numbers from `least` to `most`, also as 1e8, for CLI::Option::transform; the message has the value and
/// both limits.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);
/// An option that takes one of the builds; without `both` only one of the two.
void add_build_option(CLI::App& app, Build& build, bool both);

/// Names and numbers, one a line.
void print_counts(const std::string& title, const std::map<std::string, std::uint64_t>& counts);

} // namespace sfc::test
