// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attach/journal.h"

namespace sfc {
namespace {

const Journal kOfEachKind = {
    {"p0", 11, 3, OffloadChange{"d0", Offload::TxChecksum, {"tx-checksum-ip-generic"}, false}},
    {"p0", 11, 3, OffloadChange{"d0", Offload::TxVlan, {}, false}},
    {"p0", 12, 3, HairpinPair{}},
    {"p0", 12, 3, XdpProgram{"xdp_1"}},
    {"p0", 12, 3, PassProgram{"pass_1"}},
    {"", 12, 3, TcProgram{"leak_guard_3", TcSide::Egress, 77, true, true}},
    {"p0", 12, 3, TcProgram{"ticket_mark_1", TcSide::Ingress, 78, false, false}},
};

TEST(Journal, IsReadAsItWasWritten) {
    const nlohmann::json text = to_json(kOfEachKind);
    const Journal read = parse_journal(nlohmann::json::parse(text.dump()));
    ASSERT_EQ(read.size(), kOfEachKind.size());
    for (std::size_t i = 0; i < read.size(); i++) {
        EXPECT_TRUE(read[i].same_resource(kOfEachKind[i]));
        EXPECT_EQ(read[i].port, kOfEachKind[i].port);
    }
    EXPECT_EQ(to_json(read), text);
}

TEST(Journal, TellsResourcesApart) {
    for (std::size_t i = 0; i < kOfEachKind.size(); i++) {
        for (std::size_t j = 0; j < kOfEachKind.size(); j++) {
            EXPECT_EQ(kOfEachKind[i].same_resource(kOfEachKind[j]), i == j) << i << " " << j;
        }
        Record elsewhere = kOfEachKind[i];
        elsewhere.netns++;
        EXPECT_FALSE(elsewhere.same_resource(kOfEachKind[i])) << i;
        elsewhere = kOfEachKind[i];
        elsewhere.index++;
        EXPECT_FALSE(elsewhere.same_resource(kOfEachKind[i])) << i;
    }
}

TEST(Journal, FlappingLetsNothingGrow) {
    Journal journal = kOfEachKind;
    for (int flap = 0; flap < 100; flap++) {
        for (const Record& record : kOfEachKind) {
            write(journal, record);
        }
    }
    EXPECT_EQ(to_json(journal), to_json(kOfEachKind));
    Record other = kOfEachKind[0]; // needed by two ports, it has a record for each
    other.port = "p1";
    write(journal, other);
    EXPECT_EQ(journal.size(), kOfEachKind.size() + 1);
}

} // namespace
} // namespace sfc
