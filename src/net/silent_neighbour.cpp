// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/silent_neighbour.h"

#include <algorithm>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "net/messages.h"

namespace sfc {
namespace {

std::string network_text(const OwnAddress& own) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(own.ip.size() == 4 ? AF_INET : AF_INET6, own.ip.data(), text.data(), text.size());
    return fmt::format("{}/{}", text.data(), own.prefix);
}

} // namespace

Link neighbours_at(Netlink& netlink, const Link& link) {
    const auto master = link.master == 0 ? std::nullopt : find_link(netlink, link.master);
    return master && master->kind == "bridge" ? *master : link;
}

std::string why_silent(Netlink& netlink, const Link& link, const IpBytes& ip) {
    const Link at = neighbours_at(netlink, link);
    const std::string where =
        at.index == link.index ? fmt::format("'{}'", at.name) : msg::bridge_above(at.name, link.name);
    std::vector<OwnAddress> all;
    (void)read_own_addresses(netlink, all);
    std::vector<std::string> networks;
    bool here = false;
    for (const OwnAddress& own : all) {
        if (own.ip == ip) {
            return msg::own_address();
        }
        if (own.ifindex == at.index && own.ip.size() == ip.size()) {
            networks.push_back(network_text(own));
            here = here || same_link(own.ip, ip, own.prefix);
        }
    }
    if (here) {
        return msg::nobody_answers(where);
    }
    const char* version = ip.size() == 4 ? "IPv4" : "IPv6";
    return networks.empty() ? msg::no_address_to_ask(where, version, at.name)
                            : msg::not_on_networks(where, fmt::join(networks, ", "), at.name);
}

} // namespace sfc
