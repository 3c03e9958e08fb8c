// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace sfc {

/// The sentence for a command line that CLI11 does not take: the word that is wrong or missing, and the one that was
/// probably meant.
[[nodiscard]] std::string usage_fault(const CLI::App& app, const CLI::ParseError& error);
/// For a word that is no command.
[[nodiscard]] std::string unknown_command(const CLI::App& app, const std::string& word);

} // namespace sfc
