// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "net/link.h"

namespace sfc {

/// The MACs that this host has at an interface, beside the interface's own: of the bridge, bond or team that it is in,
/// and of the macvlans and VLANs on any of these. `links` are all of this network namespace. In order, each once.
[[nodiscard]] std::vector<Mac> own_macs_above(const std::vector<Link>& links, std::uint32_t ifindex);

} // namespace sfc
