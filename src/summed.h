// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "sfc_abi.h"

namespace sfc {

/// Fills in where the running kernel keeps skb->ip_summed, by its own description of its types (BTF). Leaves 0 where it
/// has none, or where a program of this process may not read the kernel's memory: without CAP_PERFMON, or under the
/// lockdown "confidentiality".
void set_summed(sfc_config& config);

} // namespace sfc
