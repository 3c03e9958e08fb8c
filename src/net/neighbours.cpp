// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/neighbours.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

namespace sfc {
namespace {

constexpr std::uint16_t kUsable = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;

} // namespace

IpBytes parse_ip(const std::string& text) {
    IpBytes bytes(text.find(':') == std::string::npos ? 4 : 16);
    inet_pton(bytes.size() == 4 ? AF_INET : AF_INET6, text.c_str(), bytes.data());
    return bytes;
}

std::string format_ip(const IpBytes& ip) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(ip.size() == 4 ? AF_INET : AF_INET6, ip.data(), text.data(), text.size());
    return text.data();
}

bool link_local(const IpBytes& ip) {
    return ip.size() == 16 && ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

std::optional<Neighbour> read_neighbour(const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWNEIGH && message.nlmsg_type != RTM_DELNEIGH) {
        return std::nullopt;
    }
    const auto& header = *static_cast<const ndmsg*>(mnl_nlmsg_get_payload(&message));
    constexpr unsigned kFixed = NUD_PERMANENT | NUD_NOARP;
    const bool usable = message.nlmsg_type == RTM_NEWNEIGH && (header.ndm_state & kUsable) != 0;
    Neighbour neighbour{.ifindex = static_cast<std::uint32_t>(header.ndm_ifindex), .ip = {}, .mac = {}};
    neighbour.fixed = usable && (header.ndm_state & kFixed) != 0;
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

int each_neighbour(Netlink& netlink, const std::function<void(const Neighbour&)>& visit) {
    NetlinkRequest request(RTM_GETNEIGH, NLM_F_DUMP);
    request.family_header<ndmsg>().ndm_family = AF_UNSPEC;
    const auto each = [&](const nlmsghdr& message) {
        if (const auto neighbour = read_neighbour(message)) {
            visit(*neighbour);
        }
    };
    return netlink.ask(request, each, [] {}); // one that is visited twice is as well known
}

int read_own_addresses(Netlink& netlink, std::vector<OwnAddress>& addresses) {
    NetlinkRequest request(RTM_GETADDR, NLM_F_DUMP);
    request.family_header<ifaddrmsg>().ifa_family = AF_UNSPEC;
    const auto visit = [&](const nlmsghdr& message) {
        const auto& header = *static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(&message));
        OwnAddress own{.ifindex = header.ifa_index,
                       .ip = {},
                       .prefix = header.ifa_prefixlen,
                       .permanent = (header.ifa_flags & IFA_F_PERMANENT) != 0};
        each_attribute<ifaddrmsg>(message, [&](const nlattr& attribute) {
            const auto type = mnl_attr_get_type(&attribute);
            if (type == IFA_LOCAL || (type == IFA_ADDRESS && own.ip.empty())) { // of a point-to-point link: the other's
                const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(&attribute));
                own.ip.assign(bytes, bytes + mnl_attr_get_payload_len(&attribute));
            }
        });
        addresses.push_back(std::move(own));
    };
    return netlink.ask(request, visit, [&, before = addresses.size()] { addresses.resize(before); });
}

bool same_link(const IpBytes& one, const IpBytes& other, unsigned prefix) {
    constexpr unsigned kByte = 8;
    if (one.size() != other.size()) {
        return false;
    }
    for (unsigned bit = 0; bit < prefix; bit++) {
        if (((one[bit / kByte] ^ other[bit / kByte]) >> (kByte - 1 - bit % kByte) & 1) != 0) {
            return false;
        }
    }
    return true;
}

bool unspecified(const IpBytes& ip) {
    return std::all_of(ip.begin(), ip.end(), [](std::uint8_t byte) { return byte == 0; });
}

IpBytes source_for(Netlink& netlink, std::uint32_t ifindex, const IpBytes& target) {
    constexpr std::uint8_t kLoopback = 127;
    IpBytes best(target.size(), 0);
    std::size_t best_rank = 0; // 0: none; 1: of another interface; above: leading bits that are equal, or link-local
    std::vector<OwnAddress> all;
    (void)read_own_addresses(netlink, all);
    for (const OwnAddress& own : all) {
        if (own.ip.size() != target.size() ||
            (own.ifindex != ifindex && (own.ip.size() != 4 || own.ip[0] == kLoopback))) {
            continue;
        }
        const std::size_t common = std::mismatch(target.begin(), target.end(), own.ip.begin()).first - target.begin();
        const std::size_t rank = own.ifindex != ifindex ? 1 : 2 + (link_local(own.ip) ? target.size() : common);
        if (rank > best_rank) {
            best = own.ip;
            best_rank = rank;
        }
    }
    return best;
}

int resolve_neighbour(Netlink& netlink, std::uint32_t ifindex, const IpBytes& ip) {
    if (ip.size() == 4 && unspecified(source_for(netlink, ifindex, ip))) {
        return EADDRNOTAVAIL; // the kernel would ask from 0.0.0.0
    }
    NetlinkRequest request(RTM_NEWNEIGH, NLM_F_CREATE);
    auto& header = request.family_header<ndmsg>();
    header.ndm_family = ip.size() == 4 ? AF_INET : AF_INET6;
    header.ndm_ifindex = static_cast<int>(ifindex);
    header.ndm_flags = NTF_USE; // as if a packet wanted to go there
    mnl_attr_put(request.header(), NDA_DST, ip.size(), ip.data());
    return netlink.ask(request);
}

} // namespace sfc
