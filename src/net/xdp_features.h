// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>

namespace sfc {

/// Whether XDP_REDIRECT into interface `ifindex` of this namespace reaches it now: its driver can send such frames, and
/// a veth's peer polls. Nothing where the kernel does not say (before 6.3).
[[nodiscard]] std::optional<bool> takes_redirects(std::uint32_t ifindex);

} // namespace sfc
