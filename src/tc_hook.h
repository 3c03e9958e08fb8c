// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>

#include "fd.h"
#include "link.h"

namespace sfc {

/// A TC program on the egress of an interface. To find it again later, the BPF link or `clsact` has to be kept.
struct EgressHook {
    Fd link;                    ///< TCX: the program stays as long as this BPF link, or a pin of it, does
    bool clsact = false;        ///< a kernel without TCX: no BPF link; the program stays until it is taken off
    bool created_qdisc = false; ///< with clsact: the interface had no such qdisc before
};

/// Attaches a TC program to `link`, which is in this thread's network namespace: by TCX, or as a filter of clsact where
/// the kernel has no TCX (before 6.6). Programs that are there already run before it with TCX. Throws Error{Kernel}.
[[nodiscard]] EgressHook attach_egress(int program, const Link& link);
/// The id of the program that the hook runs; 0 for none.
[[nodiscard]] std::uint32_t egress_program(const Link& link, const EgressHook& hook);
/// Takes the program off at once. With clsact only if its name says that it is ours ("sfc_..."); the qdisc goes too if
/// it was made for it and nobody else uses it by now.
void detach_egress(const Link& link, const EgressHook& hook);

} // namespace sfc
