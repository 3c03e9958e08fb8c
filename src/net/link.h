// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/mac.h"

struct nlmsghdr;

namespace sfc {

class Netlink;

enum class XdpMode : std::uint8_t { None, Native, Generic, Offloaded, Several };

/// A network interface as the kernel describes it.
struct Link {
    std::uint32_t index = 0;
    std::string name;
    std::string kind; ///< "veth", "bridge" ...; empty for hardware
    Mac mac{};
    std::uint32_t mtu = 0;
    bool ethernet = false;
    bool loopback = false;
    bool usable = false;                   ///< up, and the peer is up too
    bool vnet_headers = false;             ///< tap: who sends there may leave checksums and segmentation to this host
    std::uint32_t master = 0;              ///< bridge, bond or VRF that it is in; 0 = none
    std::uint32_t peer_index = 0;          ///< veth: the peer, by its index in its namespace; 0 = none
    std::optional<std::int32_t> peer_nsid; ///< veth: that namespace, nothing where it is this one
    XdpMode xdp = XdpMode::None;
    std::uint32_t xdp_program = 0; ///< its id
    std::uint64_t tx_dropped = 0;  ///< frames that it was given and could not send
};

/// In the namespace of `netlink`, by any of its names. Nothing where there is none of that name or index. Throws Error.
[[nodiscard]] std::optional<Link> find_link(Netlink& netlink, const std::string& name);
[[nodiscard]] std::optional<Link> find_link(Netlink& netlink, std::uint32_t index);

/// All of that namespace. Throws Error.
[[nodiscard]] std::vector<Link> all_links(Netlink& netlink);

/// What both ends of a veth pair get at birth.
struct VethEnds {
    std::uint32_t mtu = 0; ///< 0: what the kernel gives
    bool quiet = false;    ///< no ARP, and no multicast: without it IPv6 has no route for its multicast either
};
/// Makes a pair in the namespace of `netlink`. Returns 0 or errno.
[[nodiscard]] int make_veth(Netlink& netlink, const std::string& name, const std::string& peer, const VethEnds& ends);

[[nodiscard]] std::string_view xdp_mode_name(XdpMode mode);

} // namespace sfc
