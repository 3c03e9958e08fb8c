// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/routes.h"

#include <cerrno>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/error.h"
#include "net/messages.h"
#include "net/neighbours.h"

namespace sfc {
namespace {

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

bool any_route_by(Netlink& netlink, std::uint32_t ifindex, bool six) {
    const int on = 1; // the kernel looks for the interface itself: a router has a million routes
    (void)setsockopt(netlink.fd(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
    NetlinkRequest request(RTM_GETROUTE, NLM_F_DUMP);
    request.family_header<rtmsg>().rtm_family = six ? AF_INET6 : AF_INET;
    mnl_attr_put_u32(request.header(), RTA_OIF, ifindex);
    bool any = false;
    const int error = netlink.ask(request, [&](const nlmsghdr& message) { any = any || leads_to_others(message); });
    const int off = 0;
    (void)setsockopt(netlink.fd(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &off, sizeof(off));
    if (error != 0 && error != ENODEV && error != EAFNOSUPPORT) {
        throw system_error(msg::cannot_ask_routes(), error);
    }
    return any;
}

} // namespace sfc
