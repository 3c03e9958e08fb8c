// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <memory>

#include "config/plan.h"
#include "runner.h"

namespace sfc::test {

/// The programs in the kernel, each run by BPF_PROG_TEST_RUN, on interfaces of the sandbox named as the plan's ports.
[[nodiscard]] std::unique_ptr<Runner> make_kernel_runner(const Plan& plan);

} // namespace sfc::test
