// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <vector>

#include <CLI/CLI.hpp>

#include "config/plan.h"

namespace sfc::bench {

/// Each adds its subcommand, which sets `code` to the exit code.
void add_keys(CLI::App& app, int& code);
void add_micro(CLI::App& app, int& code);

/// One service from d0 through an SF behind left and right to e0.
[[nodiscard]] Plan bench_plan(std::uint32_t capacity);
[[nodiscard]] double median(std::vector<double> values);

} // namespace sfc::bench
