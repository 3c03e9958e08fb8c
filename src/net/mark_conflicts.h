// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sfc {

/// The other user of bits of skb->mark in this thread's network namespace, in words. It is the first rule of policy
/// routing or of nftables (iptables' own kind included, as far as nftables holds it) that reads or writes one of
/// `mask`. Uses that are set up later, or by TC or sockets, are not seen. Throws Error where the kernel does not
/// answer.
[[nodiscard]] std::optional<std::string> mark_conflict(std::uint32_t mask);

} // namespace sfc
