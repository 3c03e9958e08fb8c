// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Whose MACs are this host's at an interface.
#include "net/own_macs.h"

#include <gtest/gtest.h>

namespace sfc {
namespace {

constexpr std::uint32_t kPort = 2;

Mac mac(std::uint8_t last) {
    return {0x02, 0, 0, 0, 0, last};
}

/// Interface n has the MAC that ends with n.
Link link_of(std::uint8_t index, const char* kind, std::uint32_t lower = 0, std::uint32_t master = 0) {
    Link link;
    link.index = index;
    link.kind = kind;
    link.mac = mac(index);
    link.ethernet = true;
    link.peer_index = lower;
    link.master = master;
    return link;
}

const Link kAlone = link_of(kPort, "veth", 9);

TEST(OwnMacs, OfAnInterfaceAloneThereIsNoOther) {
    EXPECT_EQ(own_macs_above({kAlone, link_of(9, "veth", kPort), link_of(3, "")}, kPort), std::vector<Mac>{});
}

TEST(OwnMacs, WhatIsOnTheInterface) {
    const std::vector<Link> links = {kAlone,
                                     link_of(3, "macvlan", kPort),
                                     link_of(4, "macvtap", kPort),
                                     link_of(5, "vlan", kPort),
                                     link_of(6, "macvlan", 5),
                                     link_of(7, "macvlan", 8),
                                     link_of(8, "")};
    EXPECT_EQ(own_macs_above(links, kPort), (std::vector<Mac>{mac(3), mac(4), mac(5), mac(6)}));
}

/// Its other members are other ports of the host.
TEST(OwnMacs, WhatTheInterfaceIsIn) {
    const std::vector<Link> links = {link_of(kPort, "", 0, 3), link_of(3, "bond", 0, 4), link_of(4, "bridge"),
                                     link_of(5, "tun", 0, 4),  link_of(6, "macvlan", 4), link_of(7, "macvlan", 5)};
    EXPECT_EQ(own_macs_above(links, kPort), (std::vector<Mac>{mac(3), mac(4), mac(6)}));
}

/// The number is that of an interface in another namespace.
TEST(OwnMacs, AMacvlanOnAnInterfaceElsewhere) {
    Link other = link_of(3, "macvlan", kPort);
    other.peer_nsid = 0;
    EXPECT_EQ(own_macs_above({kAlone, other}, kPort), std::vector<Mac>{});
}

TEST(OwnMacs, EachOnceAndNotThatOfTheInterface) {
    Link vlan = link_of(3, "vlan", kPort), twin = link_of(5, "macvlan", kPort);
    vlan.mac = kAlone.mac;
    twin.mac = mac(4);
    EXPECT_EQ(own_macs_above({kAlone, vlan, link_of(4, "macvlan", kPort), twin}, kPort), std::vector<Mac>{mac(4)});
}

} // namespace
} // namespace sfc
