// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "proxy.h"

#include <algorithm>

#include <net/if.h>

#include "sfc_encaps.h"

namespace sfc::test {

Plan with_macs(Plan plan) {
    for (Plan::Port& port : plan.ports) {
        std::copy(kFrameMac.begin(), kFrameMac.end(), port.entry.mac);
    }
    return plan;
}

Plan standard_plan(std::uint32_t capacity) {
    const Mac next_hop = {0x02, 0, 0, 0, 0, 0x99};
    Config config;
    config.capacity = capacity;
    SfConfig fw;
    fw.name = "fw";
    fw.left = PortConfig{.interface = "left", .mac = {}, .ip = {}, .mtu = {}, .at = {}};
    fw.right = PortConfig{.interface = "right", .mac = {}, .ip = {}, .mtu = {}, .at = {}};
    config.sfs = {fw};
    ServiceConfig out;
    out.name = "out";
    out.match = {.encap = SFC_ENCAP_mpls,
                 .values = {{.value = {16001, 0}, .mask = {{~0ULL, ~0ULL}}, .text = "label 16001"}},
                 .at = {}};
    out.domain = {PortConfig{.interface = "d0", .mac = {}, .ip = {}, .mtu = {}, .at = {}}};
    out.sf = "fw";
    out.in = Side::Left;
    out.next_hop =
        NextHopConfig{.port = PortConfig{.interface = "e0", .mac = next_hop, .ip = {}, .mtu = {}, .at = {}}, .at = {}};
    config.services = {out};
    return with_macs(make_plan(config));
}

Proxy::Proxy(const Plan& plan, LoadSettings settings)
    : programs(plan, settings), plan_(plan), test_run_(programs), ifindex_(plan.ports.size()) {
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        ifindex_[id] = if_nametoindex(plan.ports[id].name.c_str());
        programs.maps().set_interface(static_cast<std::uint16_t>(id), ifindex_[id]);
    }
}

Conservation Proxy::conservation(std::uint64_t now_ns) const {
    return conserve(take_snapshot(programs.maps(), plan_, now_ns), plan_);
}

} // namespace sfc::test
