// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <optional>

#include "ceiling.h"
#include "chain_variants.h"

namespace sfc::bench {

/// The stage by its name: pop, ticket, tc, hairpin or ceiling; nothing for another name.
[[nodiscard]] std::optional<enum ceiling_stage> ceiling_stage(const std::string& name);

/// The programs of ceiling.bpf.c, up to that stage, for packets of so many labels. Throws Error.
[[nodiscard]] std::unique_ptr<Variant> make_ceiling(const Netns& proxy, enum ceiling_stage stage, std::uint32_t labels);

} // namespace sfc::bench
