// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sfc {

/// "[PORT=]FILE" as given; `port` is empty until it is resolved.
struct PortFile {
    std::string port;
    std::string file;
};

struct ReplayOptions {
    std::vector<PortFile> in;
    std::vector<PortFile> from_sf;
    std::string to_sf;
    std::string out;
    std::uint64_t window = 1; ///< frames that are in the SF at once
    std::uint64_t tick_ns = 0;
};

} // namespace sfc
