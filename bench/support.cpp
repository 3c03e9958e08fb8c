// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <fmt/format.h>

#include "commands.h"

namespace sfc::bench {

Plan bench_plan(std::uint32_t capacity, std::uint32_t remember) {
    Plan plan = make_plan(parse_config(fmt::format(R"(
cache: {{capacity: {}, remember: {}}}
sfs: [{{name: fw, ports: {{left: left, right: right}}, hold: {}}}]
services: [{{name: out, match: {{encapsulation: mpls, label: 16001}}, domain: d0, sf: {{name: fw, in: left}},
            next_hop: {{interface: e0, mac: "02:00:00:00:00:99"}}, last_label: plain}}]
)",
                                                   capacity, remember, remember == 0 ? "60s" : "100ms"),
                                       "bench"));
    for (Plan::Port& port : plan.ports) { // as an interface would have it; the frames are for it
        port.entry.mac[0] = 0x02;
        port.entry.mac[5] = 0x01;
    }
    return plan;
}

} // namespace sfc::bench
