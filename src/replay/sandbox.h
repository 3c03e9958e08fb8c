// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sfc {

/// Moves this process into a network namespace of its own, which the kernel removes when the process ends, and makes
/// there one interface per name. So names of a configuration are only labels, and no interface of the host is ever
/// touched. Throws Error{Permission} or Error{Kernel}.
void enter_sandbox(const std::vector<std::string>& interfaces);

/// The name of a port's interface in the sandbox, because names of a configuration may be of other namespaces
/// ("fw/eth0").
[[nodiscard]] std::string sandbox_interface(std::uint16_t port);

} // namespace sfc
