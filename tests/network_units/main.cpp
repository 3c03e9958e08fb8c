// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Tests of single modules against the running kernel: interfaces and hooks, in network namespaces of this process.
#include <gtest/gtest.h>

#include "replay/sandbox.h"

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    sfc::enter_sandbox({}); // before any test, so that none can touch the host by mistake
    return RUN_ALL_TESTS();
}
