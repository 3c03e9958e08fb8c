// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/routes.h"

#include <cerrno>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/error.h"
#include "net/messages.h"

namespace sfc {
namespace {

constexpr unsigned kBitsOfByte = 8;

/// RTA_VIA: a gateway of another IP version, with its family in front.
IpBytes gateway_of(const nlattr& attribute) {
    const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(&attribute));
    const std::size_t skip = mnl_attr_get_type(&attribute) == RTA_VIA ? sizeof(rtvia) : 0;
    return {bytes + skip, bytes + mnl_attr_get_payload_len(&attribute)};
}

bool leads_to_others(const nlmsghdr& message) {
    const auto& header = *static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
    IpBytes to;
    each_attribute<rtmsg>(message, [&](const nlattr& attribute) {
        if (mnl_attr_get_type(&attribute) == RTA_DST) {
            const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(&attribute));
            to.assign(bytes, bytes + mnl_attr_get_payload_len(&attribute));
        }
    });
    return header.rtm_type == RTN_UNICAST && !link_local(to);
}

} // namespace

bool is_route(const nlmsghdr& message) {
    return message.nlmsg_type == RTM_NEWROUTE || message.nlmsg_type == RTM_DELROUTE;
}

IpBytes first_hop(Netlink& netlink, std::uint32_t ifindex, const IpBytes& destination) {
    NetlinkRequest request(RTM_GETROUTE, 0);
    auto& header = request.family_header<rtmsg>();
    header.rtm_family = destination.size() == 4 ? AF_INET : AF_INET6;
    header.rtm_dst_len = destination.size() * kBitsOfByte;
    mnl_attr_put(request.header(), RTA_DST, destination.size(), destination.data());
    mnl_attr_put_u32(request.header(), RTA_OIF, ifindex);
    IpBytes hop;
    (void)netlink.ask(request, [&](const nlmsghdr& message) {
        const auto& route = *static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
        IpBytes gateway = destination;
        bool by_interface = false;
        each_attribute<rtmsg>(message, [&](const nlattr& attribute) {
            const auto type = mnl_attr_get_type(&attribute);
            if (type == RTA_GATEWAY || type == RTA_VIA) {
                gateway = gateway_of(attribute);
            } else if (type == RTA_OIF) {
                by_interface = mnl_attr_get_u32(&attribute) == ifindex;
            }
        });
        if (is_route(message) && route.rtm_type == RTN_UNICAST && by_interface) {
            hop = gateway;
        }
    });
    return hop;
}

bool any_route_by(Netlink& netlink, std::uint32_t ifindex, bool six) {
    const int on = 1; // the kernel looks for the interface itself: a router has a million routes
    (void)setsockopt(netlink.fd(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
    NetlinkRequest request(RTM_GETROUTE, NLM_F_DUMP);
    request.family_header<rtmsg>().rtm_family = six ? AF_INET6 : AF_INET;
    mnl_attr_put_u32(request.header(), RTA_OIF, ifindex);
    bool any = false;
    const auto visit = [&](const nlmsghdr& message) { any = any || leads_to_others(message); };
    const int error = netlink.ask(request, visit, [&] { any = false; });
    const int off = 0;
    (void)setsockopt(netlink.fd(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &off, sizeof(off));
    if (error != 0 && error != ENODEV && error != EAFNOSUPPORT) {
        throw system_error(msg::cannot_ask_routes(), error);
    }
    return any;
}

} // namespace sfc
