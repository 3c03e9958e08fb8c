// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "net/link.h"

namespace sfc {

/// Attaches an XDP program to `link`, which is in this thread's network namespace. The program stays as long as the
/// returned BPF link, or a pin of it, does. Throws Error{Kernel} saying what is in the way and what helps.
[[nodiscard]] Fd attach_xdp(int program, const Link& link, bool generic);
/// The interface that a BPF link is on; 0 where that has gone, or for no link.
[[nodiscard]] std::uint32_t hooked_interface(const Fd& hook);
/// The id of the program that a BPF link runs; 0 for none.
[[nodiscard]] std::uint32_t hooked_program(const Fd& hook);
/// The id of a program that this process has open; 0 for none.
[[nodiscard]] std::uint32_t program_id(int program);
/// The name that a program was loaded with, "?" where there is none of that id.
[[nodiscard]] std::string program_name(std::uint32_t id);
/// Takes the program off at once, whoever else holds the link.
void detach_xdp(const Fd& hook);
/// Throws Error{Kernel} where another XDP program is on the interface.
void check_free(const Link& link);

} // namespace sfc
