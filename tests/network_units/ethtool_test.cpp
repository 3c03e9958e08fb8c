// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/ethtool.h"
#include "sandboxed.h"

namespace sfc::test {
namespace {

using EthtoolTest = Sandboxed;

/// What takes tags out of frames, for both kinds of tags; a filter leaves them where they are.
TEST_F(EthtoolTest, TagsThatHardwareTakesOut) {
    const Ethtool ethtool;
    const std::vector<std::string> features = ethtool.available("one", Offload::RxVlan);
    EXPECT_EQ(features, (std::vector<std::string>{"rx-vlan-hw-parse", "rx-vlan-stag-hw-parse"}));
    ASSERT_TRUE(ethtool.active("one", Offload::RxVlan));
    ethtool.set("one", features, false);
    EXPECT_FALSE(ethtool.active("one", Offload::RxVlan));
    EXPECT_TRUE(ethtool.active("one", Offload::TxVlan)) << "another group";
    EXPECT_EQ(parse_offload(offload_name(Offload::RxVlan)), Offload::RxVlan) << "in the state";
}

} // namespace
} // namespace sfc::test
