// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sfc {

/// Who else uses bits of skb->mark in this thread's network namespace: the first rule of policy routing or of nftables
/// (iptables' own kind included, as far as nftables holds it) that reads or writes one of `mask`, in words. What is
/// set up later, by TC or by sockets is not seen. Throws Error where the kernel does not answer.
[[nodiscard]] std::optional<std::string> mark_conflict(std::uint32_t mask);

} // namespace sfc
