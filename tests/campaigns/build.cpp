// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "build.h"

#include "both_runners.h"
#include "native_runner.h"
#include "runner_kernel.h"

namespace sfc::test {

std::unique_ptr<Runner> make_runner(const Plan& plan, Build build) {
    switch (build) {
    case Build::Native:
        return make_native_runner(plan);
    case Build::Both:
        return std::make_unique<BothRunners>(make_kernel_runner(plan), make_native_runner(plan));
    default:
        return make_kernel_runner(plan);
    }
}

} // namespace sfc::test
