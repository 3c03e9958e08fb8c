// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/xdp_features.h"

#include <cerrno>

#include <linux/genetlink.h>

#include "base/error.h"
#include "net/messages.h"
#include "net/netlink.h"

namespace sfc {
namespace {

// linux/netdev.h came with 6.3, the headers of Debian 12 are of 6.1.
constexpr std::uint8_t kDevGet = 1;
constexpr std::uint16_t kIfindex = 1, kXdpFeatures = 3;
constexpr std::uint64_t kNdoXmit = 1 << 2;

std::uint16_t family(Netlink& netlink) {
    NetlinkRequest request(GENL_ID_CTRL, 0);
    request.family_header<genlmsghdr>() = {CTRL_CMD_GETFAMILY, 1, 0};
    mnl_attr_put_strz(request.header(), CTRL_ATTR_FAMILY_NAME, "netdev");
    std::uint16_t id = 0;
    netlink.ask(request, [&](const nlmsghdr& answer) {
        each_attribute<genlmsghdr>(answer, [&](const nlattr& attribute) {
            if (mnl_attr_get_type(&attribute) == CTRL_ATTR_FAMILY_ID) {
                id = mnl_attr_get_u16(&attribute);
            }
        });
    });
    return id;
}

} // namespace

std::optional<bool> takes_redirects(std::uint32_t ifindex) {
    Netlink netlink(NETLINK_GENERIC);
    const std::uint16_t id = family(netlink);
    if (id == 0) {
        return std::nullopt;
    }
    NetlinkRequest request(id, 0);
    request.family_header<genlmsghdr>() = {kDevGet, 1, 0};
    mnl_attr_put_u32(request.header(), kIfindex, ifindex);
    std::optional<bool> takes;
    const int error = netlink.ask(request, [&](const nlmsghdr& answer) {
        each_attribute<genlmsghdr>(answer, [&](const nlattr& attribute) {
            if (mnl_attr_get_type(&attribute) == kXdpFeatures) {
                takes = (mnl_attr_get_u64(&attribute) & kNdoXmit) != 0;
            }
        });
    });
    if (error != 0 && error != ENODEV) {
        throw system_error(msg::cannot_ask_xdp_features(), error);
    }
    return takes;
}

} // namespace sfc
