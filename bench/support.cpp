// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <fmt/format.h>

#include "commands.h"

namespace sfc::bench {

Plan bench_plan(const std::string& service, std::uint32_t capacity, std::uint32_t remember) {
    Plan plan = make_plan(parse_config(fmt::format(R"(
cache: {{capacity: {}, remember: {}}}
sfs: [{{name: fw, ports: {{left: left, right: right}}, hold: {}}}]
services: [{{name: out, domain: d0, sf: {{name: fw, in: left}}, {}}}]
)",
                                                   capacity, remember, remember == 0 ? "60s" : "100ms", service),
                                       "bench"));
    for (Plan::Port& port : plan.ports) { // as an interface would have it; the frames are for it
        port.entry.mac[0] = 0x02;
        port.entry.mac[5] = 0x01;
    }
    return plan;
}

} // namespace sfc::bench
