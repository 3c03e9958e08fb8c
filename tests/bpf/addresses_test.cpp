// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Addresses of this host: the hints follow them, whatever order they come and go in.
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include "proxy.h"

namespace sfc::test {
namespace {

sfc_address ipv4(std::uint8_t third, std::uint8_t last) {
    const std::array<std::uint8_t, 4> bytes = {198, 51, third, last};
    sfc_address address{.word = {0, 0, htonl(0xffff), 0}};
    std::memcpy(&address.word[3], bytes.data(), bytes.size());
    return address;
}

class Addresses : public testing::Test {
protected:
    Programs programs{standard_plan(), {}};

    [[nodiscard]] bool hinted(const sfc_address& address) const {
        const std::uint32_t position = sfc_address_position(&address);
        sfc_address hint{};
        EXPECT_EQ(bpf_map_lookup_elem(programs.maps().fd(MapId::address_hints), &position, &hint), 0);
        return std::memcmp(&hint, &address, sizeof(hint)) == 0;
    }
    [[nodiscard]] bool known(const sfc_address& address) const {
        std::uint8_t ours = 0;
        return bpf_map_lookup_elem(programs.maps().fd(MapId::own_addresses), &address, &ours) == 0;
    }
    void have(const std::vector<sfc_address>& addresses) const { programs.maps().set_own_addresses(addresses); }
};

TEST_F(Addresses, TheirHintsComeAndGo) {
    const sfc_address one = ipv4(100, 1), two = ipv4(100, 2);
    have({one, two});
    EXPECT_TRUE(hinted(one) && hinted(two) && known(one) && known(two));
    have({two});
    EXPECT_TRUE(hinted(two) && known(two));
    EXPECT_FALSE(hinted(one) || known(one));
    have({});
    EXPECT_FALSE(hinted(two) || known(two));
}

TEST_F(Addresses, OnePositionHasOneHint) {
    const sfc_address one = ipv4(100, 1), alike = ipv4(1, 100);
    ASSERT_EQ(sfc_address_position(&one), sfc_address_position(&alike));
    have({one, alike});
    EXPECT_NE(hinted(one), hinted(alike));
    EXPECT_TRUE(known(one) && known(alike));
    for (const auto& [stays, goes] : {std::pair{one, alike}, std::pair{alike, one}}) {
        have({one, alike});
        have({stays});
        EXPECT_TRUE(hinted(stays) && known(stays));
        EXPECT_FALSE(known(goes));
    }
}

} // namespace
} // namespace sfc::test
