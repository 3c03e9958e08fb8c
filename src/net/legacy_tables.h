// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <optional>

namespace sfc {

struct LegacyPolicy {
    bool drops = false;     ///< what no rule accepts
    bool has_rules = false; ///< there are rules at all
};

/// Of chain FORWARD in table `filter` of the older iptables, which nftables does not show, in this thread's network
/// namespace. Nothing where that table is not in use: to ask for it would load it.
[[nodiscard]] std::optional<LegacyPolicy> legacy_forward_policy(bool six);

} // namespace sfc
