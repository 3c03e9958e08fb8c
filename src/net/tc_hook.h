// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>

#include "base/fd.h"
#include "net/link.h"
#include "net/tc_side.h"

namespace sfc {

/// A TC program on one side of an interface. To find it again later, the BPF link or all else has to be kept.
struct TcHook {
    TcSide side = TcSide::Egress;
    Fd link;                    ///< TCX: the program stays as long as this BPF link, or a pin of it, does
    std::uint32_t program = 0;  ///< its id
    bool clsact = false;        ///< a kernel without TCX: no BPF link; the program stays until it is taken off
    bool created_qdisc = false; ///< with clsact: the interface had no such qdisc before
};

/// All that attach_tc() would return but for the BPF link, while nothing is changed yet.
[[nodiscard]] TcHook plan_tc(int program, const Link& link, TcSide side);
/// Attaches a TC program to `link`, which is in this thread's network namespace: by TCX, or as a filter of clsact where
/// the kernel has no TCX (before 6.6). It runs before all that are there: one that ends the run would keep packets from
/// it. Throws Error{Kernel}.
[[nodiscard]] TcHook attach_tc(int program, const Link& link, TcSide side);
/// The id of the program that the hook runs; 0 for none.
[[nodiscard]] std::uint32_t tc_program(const Link& link, const TcHook& hook);
/// Takes the program off at once. With clsact another program in its stead stays, and the qdisc goes too if it was made
/// for it and nobody else uses it by now. Of two sides the one that was attached first goes last.
void detach_tc(const Link& link, const TcHook& hook);

} // namespace sfc
