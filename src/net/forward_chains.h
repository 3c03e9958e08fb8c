// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>
#include <vector>

namespace sfc {

/// A chain that every forwarded packet goes through and whose policy is to drop.
struct ForwardChain {
    std::string name; ///< "chain 'FORWARD' of nftables table 'ip filter'"
    bool four = false, six = false;
    bool may_accept = false;    ///< it has rules that let something through
    std::string before, behind; ///< the command that lets through what comes in by an interface, around its name
};

/// Those of this thread's network namespace: of nftables, of iptables' own kind by it, and of the older iptables where
/// that is in use. Throws Error.
[[nodiscard]] std::vector<ForwardChain> dropping_forward_chains();

} // namespace sfc
