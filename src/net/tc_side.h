// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <string_view>

namespace sfc {

/// Where a TC program runs: behind the driver and GRO, or in front of the qdisc.
enum class TcSide : std::uint8_t { Ingress, Egress };

/// "ingress" or "egress".
[[nodiscard]] constexpr std::string_view side_name(TcSide side) {
    return side == TcSide::Ingress ? "ingress" : "egress";
}

} // namespace sfc
