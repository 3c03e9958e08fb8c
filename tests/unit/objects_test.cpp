// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// include/sfc_objects.h lists what the BPF object has: all of it, and nothing else.
#include <memory>
#include <set>
#include <string>

#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include "loader/objects.h"
#include "sfc_abi.h" // the skeleton has its constants in read-only data

#include "proxy.skel.h"

namespace {

class Objects : public testing::Test {
protected:
    void SetUp() override { ASSERT_NE(skeleton_, nullptr); }
    [[nodiscard]] bpf_object* object() const { return skeleton_->obj; }

private:
    struct Close {
        void operator()(proxy_bpf* skeleton) const { proxy_bpf::destroy(skeleton); }
    };
    std::unique_ptr<proxy_bpf, Close> skeleton_{proxy_bpf::open()};
};

TEST_F(Objects, ProgramsAreThoseOfTheTable) {
    std::set<std::string> found;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object()) {
        found.insert(bpf_program__name(program));
    }
    EXPECT_EQ(found, std::set<std::string>(sfc::kProgramNames.begin(), sfc::kProgramNames.end()));
}

TEST_F(Objects, MapsAreThoseOfTheTable) {
    std::set<std::string> found;
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object()) {
        if (!bpf_map__is_internal(map)) {
            found.insert(bpf_map__name(map));
        }
    }
    EXPECT_EQ(found, std::set<std::string>(sfc::kMapNames.begin(), sfc::kMapNames.end()));
}

} // namespace
