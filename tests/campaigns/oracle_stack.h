// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "oracle_bytes.h"
#include "sfc_reasons.h"

namespace sfc::test::oracle {

constexpr unsigned kHopsMost = 255; // RFC 791, RFC 8200: a byte

/// What becomes of a label stack.
struct Stack {
    sfc_reason fault = SFC_OK; ///< truncated, no_bottom, too_many_labels
    std::size_t size = 0;      ///< bytes, all entries
    std::string left;          ///< the entries as they leave; may be empty
    unsigned hops = kHopsMost; ///< of the packet as it leaves, at most: RFC 3443, where no entry is left
};

/// `data` starts with the top entry, which is there and whose TTL is above 1.
[[nodiscard]] Stack judge_stack(View data, bool pipe);

/// The checksum of IPv4 is mended (RFC 1624, equation 3), so that a wrong one stays wrong.
void limit_hops(std::span<std::uint8_t> ip, unsigned hops);

} // namespace sfc::test::oracle
