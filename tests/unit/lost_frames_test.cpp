// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Sums of losses over interfaces that come and go.
#include "net/lost_frames.h"

#include <gtest/gtest.h>

namespace sfc {
namespace {

TEST(LostFrames, Since) {
    EXPECT_EQ(lost_since({5, 7}, {6, 17}).total(), 11U);
    EXPECT_EQ(lost_since({5, 7}, {5, 7}).total(), 0U);
    EXPECT_EQ(lost_since({5, 7, 3}, {5, 7}).unknown, 3U);
}

/// An interface that was made anew has lost less than the one before: that is no loss, and no huge number.
TEST(LostFrames, CounterThatWentBack) {
    const LostFrames lost = lost_since({1000, 1000}, {3, 2000});
    EXPECT_EQ(lost.not_redirected, 0U);
    EXPECT_EQ(lost.not_sent, 1000U);
}

/// Losses at an interface that has gone stand in `before` as less than nothing.
TEST(LostFrames, LessThanNothing) {
    const LostFrames at_attach = {3, 4}, noted = {100, 200};
    const LostFrames before = {at_attach.not_redirected - noted.not_redirected, at_attach.not_sent - noted.not_sent};
    EXPECT_EQ(lost_since(before, at_attach).not_redirected, 100U);
    EXPECT_EQ(lost_since(before, {13, 4}).not_redirected, 110U);
    EXPECT_EQ(lost_since({0 - noted.not_redirected, 0 - noted.not_sent}, {}).total(), 300U) << "while there is none";
}

} // namespace
} // namespace sfc
