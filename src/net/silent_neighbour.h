// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>

#include "net/link.h"
#include "net/neighbours.h"

namespace sfc {

/// The interface that the kernel knows the neighbours of `link` by: a port of a bridge has none of its own. Throws
/// Error.
[[nodiscard]] Link neighbours_at(Netlink& netlink, const Link& link);
/// Why nobody answers for the address there, as far as can be told, and what to do; to stand behind a colon. Throws
/// Error.
[[nodiscard]] std::string why_silent(Netlink& netlink, const Link& link, const IpBytes& ip);

} // namespace sfc
