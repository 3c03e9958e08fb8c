// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the programs are loaded for: a configuration without a service in kernel mode has nothing of kernel
// mode.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "proxy.h"

namespace sfc::test {
namespace {

/// Instructions by the names of the programs that are loaded.
std::map<std::string, std::uint32_t> instructions(bool kernel_mode) {
    Plan plan = standard_plan();
    plan.shape.kernel_mode = kernel_mode;
    std::map<std::string, std::uint32_t> sizes;
    for (const ProgramInfo& program : Programs(plan, {}).info()) {
        sizes[program.name] = program.instructions;
    }
    return sizes;
}

TEST(Shape, UserModeAloneHasNoneOfKernelMode) {
    const auto without = instructions(false), with = instructions(true);
    std::vector<std::string> names;
    std::transform(without.begin(), without.end(), std::back_inserter(names),
                   [](const auto& one) { return one.first; });
    EXPECT_EQ(names, (std::vector<std::string>{"sfc_pass", "sfc_probe", "sfc_restore", "sfc_strip"}));
    EXPECT_EQ(with.size(), kProgramNames.size());
    // Strip loses known headers, tickets, and the two ways into a kernel.
    EXPECT_LT(without.at("sfc_strip"), with.at("sfc_strip") * 3 / 4);
    EXPECT_LE(without.at("sfc_restore"), with.at("sfc_restore"));
}

/// Each service's headers have positions of their own; with few services they stay within a few pages.
TEST(Shape, HintsOfNumbersGrowWithTheServices) {
    Plan plan = standard_plan();
    for (const auto& [services, positions] : {std::pair{2U, 4096U}, {256U, 4096U}, {4000U, 65536U}, {60000U, 65536U}}) {
        plan.services.resize(services);
        EXPECT_EQ(load_constants(plan, {}).number_mask, positions - 1) << services;
    }
}

TEST(Shape, LongHeadersCostThoseWhoHaveThem) {
    Plan plan = standard_plan();
    const auto restore = [&] { return Programs(plan, {}).info().at(1).instructions; };
    const std::uint32_t shortest = restore();
    plan.shape.header_room = SFC_HEADER_MAX;
    EXPECT_LT(shortest, restore());
}

} // namespace
} // namespace sfc::test
