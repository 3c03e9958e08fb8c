// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>

#include "attach/location.h"
#include "traffic/traffic_options.h"

namespace sfc {

enum class TrafficEnd { Send, Sink };

/// The interface, which must be up. Throws Error{Kernel}, also for a port of a proxy: there is nothing to see there.
[[nodiscard]] Location traffic_interface(const std::string& name, TrafficEnd end);

/// Whom frames are for: as the options say, or the peer of a veth. Throws Error where that is not known.
[[nodiscard]] Mac next_mac(const Location& at, const SendOptions& options);

} // namespace sfc
