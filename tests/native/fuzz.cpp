// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The campaigns in small, with fixed seeds: for the sanitizers, which see all that the programs do here, and nothing of
// it in the kernel.
#include <gtest/gtest.h>

#include "mutate.h"
#include "traffic.h"

namespace sfc::test {
namespace {

std::string text_of(const std::map<std::string, std::uint64_t>& counts, const std::vector<std::string>& examples) {
    std::string text;
    for (const auto& [name, count] : counts) {
        text += name + ": " + std::to_string(count) + "\n";
    }
    for (const std::string& example : examples) {
        text += example + "\n";
    }
    return text;
}

/// So many that everything must have occurred, or it is in `untried`.
TEST(Fuzz, MalformedFramesEndAsTheOracleSays) {
    const MutateResult result = run_mutate({.build = Build::Native, .frames = 50'000, .seed = 3});
    EXPECT_EQ(result.wrong, 0U) << text_of(result.differences, result.examples);
    EXPECT_EQ(result.untried, std::vector<std::string>{});
    EXPECT_EQ(result.not_comparable, "");
    EXPECT_GT(result.outcomes.at("restored"), 0U);
    EXPECT_TRUE(result.balanced);
}

TEST(Fuzz, EachPacketGetsItsOwnHeader) {
    const TrafficOptions options{.build = Build::Native, .events = 200'000, .seed = 3};
    const TrafficResult result = run_traffic(options);
    EXPECT_EQ(result.wrong, 0U) << text_of(result.differences, result.examples);
    EXPECT_EQ(result.untried, std::vector<std::string>{});
    EXPECT_LE(result.early * 1'000'000, options.early_limit * result.to_sf);
    EXPECT_TRUE(result.balanced);
}

} // namespace
} // namespace sfc::test
