// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "chain_variants.h"

namespace sfc::bench {

/// The proxy without its cache (nocache.bpf.c), at the ports that the configuration in that file has. A packet gets the
/// header that strip read last, so all must have the same one. Throws Error.
[[nodiscard]] std::unique_ptr<Variant> make_nocache(const Netns& proxy, const std::string& config);

} // namespace sfc::bench
