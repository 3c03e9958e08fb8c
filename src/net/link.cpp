// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/link.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "base/error.h"
#include "net/messages.h"
#include "net/netlink.h"

namespace sfc {
namespace {

void read_tun(const nlattr& data, Link& link) {
    each_nested(data, [&](const nlattr& attribute) {
        if (mnl_attr_get_type(&attribute) == IFLA_TUN_VNET_HDR) {
            link.vnet_headers = mnl_attr_get_u8(&attribute) != 0;
        }
    });
}

void read_kind(const nlattr& info, Link& link) {
    each_nested(info, [&](const nlattr& attribute) {
        if (mnl_attr_get_type(&attribute) == IFLA_INFO_KIND) {
            link.kind = mnl_attr_get_str(&attribute);
        } else if (mnl_attr_get_type(&attribute) == IFLA_INFO_DATA && link.kind == "tun") { // behind the kind
            read_tun(attribute, link);
        }
    });
}

XdpMode mode_of(std::uint8_t attached) {
    switch (attached) {
    case XDP_ATTACHED_DRV:
        return XdpMode::Native;
    case XDP_ATTACHED_SKB:
        return XdpMode::Generic;
    case XDP_ATTACHED_HW:
        return XdpMode::Offloaded;
    case XDP_ATTACHED_MULTI:
        return XdpMode::Several;
    default:
        return XdpMode::None;
    }
}

void read_xdp(const nlattr& xdp, Link& link) {
    each_nested(xdp, [&](const nlattr& attribute) {
        if (mnl_attr_get_type(&attribute) == IFLA_XDP_ATTACHED) {
            link.xdp = mode_of(mnl_attr_get_u8(&attribute));
        } else if (mnl_attr_get_type(&attribute) == IFLA_XDP_PROG_ID) {
            link.xdp_program = mnl_attr_get_u32(&attribute);
        }
    });
}

void read_statistics(const nlattr& attribute, Link& link) {
    rtnl_link_stats64 statistics{}; // older kernels send a shorter one
    std::memcpy(&statistics, mnl_attr_get_payload(&attribute),
                std::min<std::size_t>(mnl_attr_get_payload_len(&attribute), sizeof(statistics)));
    link.tx_dropped = statistics.tx_dropped;
}

void read_attribute(const nlattr& attribute, Link& link) {
    switch (mnl_attr_get_type(&attribute)) {
    case IFLA_IFNAME:
        link.name = mnl_attr_get_str(&attribute);
        break;
    case IFLA_ADDRESS:
        if (mnl_attr_get_payload_len(&attribute) == link.mac.size()) {
            const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(&attribute));
            std::copy_n(bytes, link.mac.size(), link.mac.begin());
        }
        break;
    case IFLA_MTU:
        link.mtu = mnl_attr_get_u32(&attribute);
        break;
    case IFLA_MASTER:
        link.master = mnl_attr_get_u32(&attribute);
        break;
    case IFLA_LINK:
        link.peer_index = mnl_attr_get_u32(&attribute);
        break;
    case IFLA_LINK_NETNSID:
        link.peer_nsid = static_cast<std::int32_t>(mnl_attr_get_u32(&attribute));
        break;
    case IFLA_LINKINFO:
        read_kind(attribute, link);
        break;
    case IFLA_STATS64:
        read_statistics(attribute, link);
        break;
    case IFLA_XDP:
        read_xdp(attribute, link);
        break;
    default:
        break;
    }
}

Link read_link(const nlmsghdr& message) {
    const auto& info = *static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message));
    Link link;
    link.index = info.ifi_index;
    link.ethernet = info.ifi_type == ARPHRD_ETHER;
    link.loopback = (info.ifi_flags & IFF_LOOPBACK) != 0;
    // The carrier, and not IFF_RUNNING, which the kernel may tell a second later.
    link.usable =
        (info.ifi_flags & IFF_UP) != 0 && (info.ifi_flags & IFF_LOWER_UP) != 0 && (info.ifi_flags & IFF_DORMANT) == 0;
    each_attribute<ifinfomsg>(message, [&](const nlattr& attribute) { read_attribute(attribute, link); });
    return link;
}

std::optional<Link> ask(Netlink& netlink, NetlinkRequest& request, const std::string& what) {
    std::optional<Link> link;
    const int error = netlink.ask(request, [&](const nlmsghdr& answer) {
        if (answer.nlmsg_type == RTM_NEWLINK) {
            link = read_link(answer);
        }
    });
    if (error != 0 && error != ENODEV) {
        throw system_error(msg::cannot_ask_interface(what), error);
    }
    return link;
}

void put_veth_end(NetlinkRequest& request, const std::string& name, const VethEnds& ends) {
    auto& info = request.family_header<ifinfomsg>();
    if (ends.quiet) {
        info.ifi_flags = IFF_NOARP;
        info.ifi_change = IFF_NOARP | IFF_MULTICAST;
    }
    mnl_attr_put_strz(request.header(), IFLA_IFNAME, name.c_str());
    if (ends.mtu != 0) {
        mnl_attr_put_u32(request.header(), IFLA_MTU, ends.mtu);
    }
}

} // namespace

std::optional<Link> find_link(Netlink& netlink, const std::string& name) {
    NetlinkRequest request(RTM_GETLINK, 0);
    request.family_header<ifinfomsg>().ifi_family = AF_UNSPEC;
    mnl_attr_put_strz(request.header(), IFLA_ALT_IFNAME, name.c_str()); // finds the first name as well
    return ask(netlink, request, fmt::format("'{}'", name));
}

std::optional<Link> find_link(Netlink& netlink, std::uint32_t index) {
    if (index == 0) {
        return std::nullopt;
    }
    NetlinkRequest request(RTM_GETLINK, 0);
    request.family_header<ifinfomsg>().ifi_index = static_cast<int>(index);
    return ask(netlink, request, msg::interface_number(index));
}

std::vector<Link> all_links(Netlink& netlink) {
    NetlinkRequest request(RTM_GETLINK, NLM_F_DUMP);
    request.family_header<ifinfomsg>().ifi_family = AF_UNSPEC;
    std::vector<Link> links;
    const auto visit = [&](const nlmsghdr& answer) {
        if (answer.nlmsg_type == RTM_NEWLINK) {
            links.push_back(read_link(answer));
        }
    };
    const int error = netlink.ask(request, visit, [&] { links.clear(); });
    if (error != 0) {
        throw system_error(msg::cannot_ask_interfaces(), error);
    }
    return links;
}

/// RTM_NEWLINK of kind veth: the peer's own ifinfomsg and attributes stand inside VETH_INFO_PEER.
int make_veth(Netlink& netlink, const std::string& name, const std::string& peer, const VethEnds& ends) {
    NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    put_veth_end(request, name, ends);
    nlmsghdr* header = request.header();
    nlattr* info = mnl_attr_nest_start(header, IFLA_LINKINFO);
    mnl_attr_put_strz(header, IFLA_INFO_KIND, "veth");
    nlattr* data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
    nlattr* nested = mnl_attr_nest_start(header, VETH_INFO_PEER);
    put_veth_end(request, peer, ends);
    mnl_attr_nest_end(header, nested);
    mnl_attr_nest_end(header, data);
    mnl_attr_nest_end(header, info);
    return netlink.ask(request);
}

std::string_view xdp_mode_name(XdpMode mode) {
    switch (mode) {
    case XdpMode::Native:
        return "native";
    case XdpMode::Generic:
        return "generic";
    case XdpMode::Offloaded:
        return "offloaded";
    case XdpMode::Several:
        return "several";
    default:
        return "none";
    }
}

} // namespace sfc
