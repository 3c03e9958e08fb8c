// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "cli/commands.h"

namespace sfc {

void command_version(const Options& options) {
    const std::string libbpf = fmt::format("{}.{}", libbpf_major_version(), libbpf_minor_version());
    std::cout << (options.json
                      ? fmt::format(R"({{"version":1,"sfcproxy":"{}","libbpf":"{}"}})", SFCPROXY_VERSION, libbpf)
                      : fmt::format("sfcproxy {} (libbpf {})", SFCPROXY_VERSION, libbpf))
              << '\n';
}

} // namespace sfc
