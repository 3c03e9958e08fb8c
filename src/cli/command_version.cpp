// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.h"

namespace sfc {

void command_version(const Options& options) {
    const std::string libbpf = fmt::format("{}.{}", libbpf_major_version(), libbpf_minor_version());
    if (options.json) {
        std::cout << nlohmann::ordered_json{{"version", 1}, {"sfcproxy", SFCPROXY_VERSION}, {"libbpf", libbpf}}.dump()
                  << '\n';
    } else {
        std::cout << fmt::format("sfcproxy {} (libbpf {})\n", SFCPROXY_VERSION, libbpf);
    }
}

} // namespace sfc
