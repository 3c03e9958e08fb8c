// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/neighbours.h"

#include <algorithm>
#include <cerrno>

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

namespace sfc {
namespace {

constexpr std::uint16_t kUsable = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;

} // namespace

IpBytes parse_ip(const std::string& text) {
    IpBytes bytes(text.find(':') == std::string::npos ? 4 : 16);
    inet_pton(bytes.size() == 4 ? AF_INET : AF_INET6, text.c_str(), bytes.data());
    return bytes;
}

std::optional<Neighbour> read_neighbour(const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWNEIGH && message.nlmsg_type != RTM_DELNEIGH) {
        return std::nullopt;
    }
    const auto& header = *static_cast<const ndmsg*>(mnl_nlmsg_get_payload(&message));
    const bool usable = message.nlmsg_type == RTM_NEWNEIGH && (header.ndm_state & kUsable) != 0;
    Neighbour neighbour{.ifindex = static_cast<std::uint32_t>(header.ndm_ifindex), .ip = {}, .mac = {}};
    each_attribute<ndmsg>(message, [&](const nlattr& attribute) {
        const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(&attribute));
        const std::size_t size = mnl_attr_get_payload_len(&attribute);
        if (mnl_attr_get_type(&attribute) == NDA_DST) {
            neighbour.ip.assign(bytes, bytes + size);
        } else if (mnl_attr_get_type(&attribute) == NDA_LLADDR && usable && size == Mac{}.size()) {
            neighbour.mac.emplace();
            std::copy_n(bytes, size, neighbour.mac->begin());
        }
    });
    return neighbour;
}

int resolve_neighbour(Netlink& netlink, std::uint32_t ifindex, const IpBytes& ip) {
    NetlinkRequest request(RTM_NEWNEIGH, NLM_F_CREATE);
    auto& header = request.family_header<ndmsg>();
    header.ndm_family = ip.size() == 4 ? AF_INET : AF_INET6;
    header.ndm_ifindex = static_cast<int>(ifindex);
    header.ndm_flags = NTF_USE; // as if a packet wanted to go there
    mnl_attr_put(request.header(), NDA_DST, ip.size(), ip.data());
    return netlink.ask(request);
}

} // namespace sfc
