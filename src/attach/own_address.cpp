// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/own_address.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>

#include "attach/messages.h"
#include "base/error.h"
#include "net/netlink.h"

namespace sfc {
namespace {

/// Of an IPv4 network that this host is in (RFC 1122 3.2.1.3); of two hosts there is none (RFC 3021).
bool is_broadcast(const OwnAddress& own, const IpBytes& ip) {
    constexpr unsigned kBits = 32, kTwoHosts = 31;
    if (own.ip.size() != sizeof(std::uint32_t) || ip.size() != own.ip.size() || own.prefix >= kTwoHosts) {
        return false;
    }
    for (unsigned bit = 0; bit < kBits; bit++) {
        const auto at = [&](const IpBytes& bytes) { return bytes[bit / 8] >> (7 - bit % 8) & 1; };
        if (at(ip) != (bit < own.prefix ? at(own.ip) : 1)) {
            return false;
        }
    }
    return true;
}

void refuse(const std::vector<OwnAddress>& own, const std::string& whose, const std::string& ip) {
    const IpBytes bytes = parse_ip(ip);
    if (std::any_of(own.begin(), own.end(), [&](const OwnAddress& one) { return is_broadcast(one, bytes); })) {
        throw Error(ExitCode::Kernel, msg::all_hosts(whose, ip));
    }
    if (std::any_of(own.begin(), own.end(), [&](const OwnAddress& one) { return one.ip == bytes; })) {
        throw Error(ExitCode::Kernel, msg::own_ip(whose, ip));
    }
}

} // namespace

std::vector<OwnAddress> own_addresses() {
    Netlink netlink;
    std::vector<OwnAddress> own;
    if (const int error = read_own_addresses(netlink, own)) {
        throw system_error(msg::cannot_ask_addresses(), error);
    }
    return own;
}

sfc_address to_address(const IpBytes& ip) {
    sfc_address address{};
    const bool four = ip.size() == sizeof(std::uint32_t);
    if (four) {
        address.word[2] = htonl(0xffff);
    }
    std::memcpy(four ? &address.word[3] : address.word, ip.data(), ip.size());
    return address;
}

void refuse_own_ips(const Plan& plan) {
    const std::vector<OwnAddress> own = own_addresses();
    for (const Plan::Port& port : plan.ports) {
        if (port.ip) {
            refuse(own, msg::sf_address_of(port.name), *port.ip);
        }
    }
    for (const Plan::Service& service : plan.services) {
        if (service.next_hop_ip) {
            refuse(own, msg::next_hop_of(service.name), *service.next_hop_ip);
        }
    }
}

void refuse_own_mac(const Plan& plan, std::uint16_t id, const Link& link) {
    const Plan::Port& port = plan.ports[id];
    if (port.entry.routed != 0 && to_mac(port.entry.sf_mac) == link.mac) {
        throw Error(ExitCode::Kernel, msg::own_mac(msg::sf_address_of(port.name), format_mac(link.mac), link.name));
    }
    for (const Plan::Service& service : plan.services) {
        if (service.entry.egress_port == id && to_mac(service.entry.next_hop_mac) == link.mac) {
            throw Error(ExitCode::Kernel,
                        msg::own_mac(msg::next_hop_of(service.name), format_mac(link.mac), link.name));
        }
    }
}

} // namespace sfc
