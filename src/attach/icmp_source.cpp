// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/icmp_source.h"

#include <algorithm>

#include <net/if.h>

#include "attach/messages.h"
#include "attach/own_address.h"
#include "base/error.h"
#include "net/neighbours.h"

namespace sfc {
namespace {

/// Whether the address is of that version (0 is IPv4, 1 IPv6), and good beyond its link (RFC 3927, RFC 4291 2.5.6).
bool is_global(const IpBytes& ip, int version) {
    constexpr std::uint8_t kAuto0 = 169, kAuto1 = 254, kLoopback = 127;
    if (version == 1) {
        return ip.size() != sizeof(std::uint32_t) && !link_local(ip);
    }
    return ip.size() == sizeof(std::uint32_t) && ip[0] != kLoopback && (ip[0] != kAuto0 || ip[1] != kAuto1);
}

sfc_address source_at(const std::vector<OwnAddress>& own, const std::string& interface, int version) {
    const std::uint32_t ifindex = if_nametoindex(interface.c_str());
    const auto found = std::find_if(own.begin(), own.end(), [&](const OwnAddress& one) {
        return ifindex != 0 && one.ifindex == ifindex && is_global(one.ip, version);
    });
    return found == own.end() ? sfc_address{} : to_address(found->ip);
}

void add_sources(Plan& plan, const std::vector<OwnAddress>& own, int version) {
    sfc_address first{};
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        sfc_address& source = plan.icmp[id].source[version];
        if (plan.ports[id].entry.role == SFC_ROLE_DOMAIN && unspecified(source)) {
            source = source_at(own, plan.ports[id].name, version);
        }
        first = unspecified(first) ? source : first;
    }
    for (sfc_icmp& icmp : plan.icmp) {
        icmp.source[version] = unspecified(icmp.source[version]) ? first : icmp.source[version];
    }
}

} // namespace

void add_icmp_sources(Plan& plan) {
    if (!plan.icmp_on) {
        return;
    }
    const std::vector<OwnAddress> own = own_addresses();
    add_sources(plan, own, 0);
    add_sources(plan, own, 1);
    plan.shape.icmp = plan.icmp_versions();
}

std::vector<std::string> icmp_gaps(const Plan& plan) {
    std::vector<std::string> gaps;
    if (std::any_of(plan.ports.begin() + 1, plan.ports.end(), [](const Plan::Port& port) {
            return port.entry.role == SFC_ROLE_DOMAIN && if_nametoindex(port.name.c_str()) == 0;
        })) {
        return gaps; // its addresses are not known here
    }
    for (const auto& [version, name] : {std::pair(SFC_ICMP_IPV4, "IPv4"), std::pair(SFC_ICMP_IPV6, "IPv6")}) {
        if (plan.icmp_on && (plan.shape.icmp & version) == 0) {
            gaps.push_back(msg::no_icmp_source(name));
        }
    }
    return gaps;
}

} // namespace sfc
