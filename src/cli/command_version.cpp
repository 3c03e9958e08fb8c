// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "cli/commands.h"

namespace sfc {
namespace {

std::string libbpf_version() {
    return fmt::format("{}.{}", libbpf_major_version(), libbpf_minor_version());
}

} // namespace

std::string version_text() {
    return fmt::format("sfcproxy {} (libbpf {})", SFCPROXY_VERSION, libbpf_version());
}

void command_version(const Options& options) {
    std::cout << (options.json ? fmt::format(R"({{"version":1,"sfcproxy":"{}","libbpf":"{}"}})", SFCPROXY_VERSION,
                                             libbpf_version())
                               : version_text())
              << '\n';
}

} // namespace sfc
