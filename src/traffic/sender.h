// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <chrono>
#include <functional>

#include "net/link.h"
#include "traffic/traffic_options.h"

namespace sfc {

struct Sent {
    std::uint64_t packets = 0;
    double seconds = 0;
};

/// Waits so long for a reason to end early. Returns whether there was one.
using Interrupted = std::function<bool(std::chrono::milliseconds)>;

/// Sends what the options say, at the rate that they say, from the interface to this MAC. Throws Error.
[[nodiscard]] Sent send_traffic(const SendOptions& options, const Link& from, const Mac& to,
                                const Interrupted& interrupted);

} // namespace sfc
