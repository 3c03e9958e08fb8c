// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "encap.h"

namespace sfc::test::oracle {

constexpr std::size_t kNshRoom = 216; // docs/nsh.md "Room"
constexpr std::uint32_t kNshType = 0x894f, kGpePort = 4790;

/// A frame of the domain side by RFC 8300 and docs/nsh.md; nothing where it has no NSH.
[[nodiscard]] std::optional<Judged> judge_nsh(const World& world, int port, View frame);

} // namespace sfc::test::oracle
