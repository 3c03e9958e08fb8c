// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "oracle_bytes.h"
#include "sfc_reasons.h"

namespace sfc::test::oracle {

/// What becomes of a label stack.
struct Stack {
    sfc_reason fault = SFC_OK; ///< truncated, no_bottom, too_many_labels
    std::size_t size = 0;      ///< bytes, all entries
    std::string left;          ///< the entries as they leave; may be empty
};

/// `data` starts with the top entry, which is there and whose TTL is above 1.
[[nodiscard]] Stack judge_stack(View data, bool pipe);

} // namespace sfc::test::oracle
