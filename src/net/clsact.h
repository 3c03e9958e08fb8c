// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// TC programs on one side of an interface the way of kernels before 6.6: as a filter of the qdisc "clsact".
#pragma once

#include <cstdint>

#include "net/link.h"
#include "net/tc_side.h"

namespace sfc {

/// Attaches a TC program, in this thread's network namespace. It stays until detach_clsact(), whether this process
/// lives or not. Returns true where the interface had no clsact qdisc yet and got one. Throws Error{Kernel}.
[[nodiscard]] bool attach_clsact(int program, const Link& link, TcSide side);
/// The id of the program where attach_clsact() puts one; 0 for none.
[[nodiscard]] std::uint32_t clsact_program(const Link& link, TcSide side);
/// Whether the interface has the qdisc.
[[nodiscard]] bool has_clsact(const Link& link);
/// Takes the program of that id off; another one in its stead stays. `with_qdisc`: the qdisc too, unless somebody uses
/// it by now.
void detach_clsact(const Link& link, TcSide side, std::uint32_t program, bool with_qdisc);

} // namespace sfc
