// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "sfc_abi.h"

struct bpf_program;

namespace sfc {

/// Fills in where the running kernel keeps skb->ip_summed, by its own description of its types (BTF). Leaves 0 where it
/// has none, or where a program of this process may not read the kernel's memory: without CAP_PERFMON, or under the
/// lockdown "confidentiality". Where the kernel gives programs its own pointer to a packet (6.2), `reader`, which must
/// not be loaded yet, reads through that. Throws Error where libbpf has no memory for it.
void set_ip_summed(sfc_config& config, bpf_program* reader);

} // namespace sfc
