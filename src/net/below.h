// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>

#include "net/link.h"

namespace sfc {

/// Whether it is a bridge, a bond, a macvlan or the like, which gets its frames from interfaces below it.
[[nodiscard]] bool above_another(const Link& link);
/// Which interface to name in its place, in this thread's network namespace. `alone`: it must be in no bridge or bond.
/// Empty where it is above none. Throws Error.
[[nodiscard]] std::string name_below(const Link& link, bool alone);

} // namespace sfc
