// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Tests of the real programs in the kernel (BPF_PROG_TEST_RUN), in a network namespace of this process.
#include <gtest/gtest.h>

#include "replay/sandbox.h"

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    sfc::enter_sandbox({"left", "right", "d0", "e0"});
    return RUN_ALL_TESTS();
}
