// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Settings of a kernel that keep packets from coming out of it. They are read, and never changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/neighbours.h"

namespace sfc {

/// A way of packets through a kernel, by numbers of interfaces.
struct KernelWay {
    std::string service;
    std::vector<std::uint32_t> in, out; ///< they come in by each of `in`, and leave by one of `out`
    std::optional<bool> six{};          ///< IPv6 alone, or IPv4 alone; nothing: those that it has addresses of
};

/// A way of restored packets, which this host's kernel routes, and sends where the programs cannot.
struct RoutedWay {
    std::string service;
    std::uint32_t in = 0; ///< the SF port that they come back by
    bool six = false;     ///< the IP version of their outer header
    IpBytes source{};     ///< of the outer header, where it is always the same
};

struct ForwardingFaults {
    std::vector<std::string> stops;    ///< no packet gets through, for a reason each
    std::vector<std::string> suspects; ///< packets may stay there, if any are missing
};

/// What this thread's network namespace says, each sentence once. An IP version counts where a way has addresses of it
/// at both of its ends. IPv6 takes one that somebody has given: a router announces addresses to hosts that forward
/// nothing. Throws Error.
[[nodiscard]] ForwardingFaults forwarding_faults(const std::vector<KernelWay>& ways);
/// The same for restored packets. Throws Error.
[[nodiscard]] ForwardingFaults forwarding_faults(const std::vector<RoutedWay>& ways);

} // namespace sfc
