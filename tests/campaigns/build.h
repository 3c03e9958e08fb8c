// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <memory>

#include "config/plan.h"
#include "runner.h"

namespace sfc::test {

/// Which build of the programs.
enum class Build : std::uint8_t { Kernel, Native, Both };

/// The process must be in a sandbox with the plan's interfaces, but for Build::Native.
[[nodiscard]] std::unique_ptr<Runner> make_runner(const Plan& plan, Build build);

} // namespace sfc::test
