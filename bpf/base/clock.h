/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "base/maps.h"

/*
 * The time in nanoseconds. Nothing else in the programs reads a clock: replay and campaigns set it through a map, and
 * the load-time constant makes the other branch dead code. The kernel's ticks do not jump with the wall clock, and the
 * call is inlined: it is one load. User space makes the hold times whole ticks and a half (ticks.h), so that no entry
 * expires early, and none more than a tick late.
 */
static __always_inline __u64 clock_now(void)
{
	__u32 zero = 0;
	__u64 *now;

	if (sfc_config.clock == SFC_CLOCK_KERNEL)
		return bpf_jiffies64() * sfc_config.tick_ns;
	now = bpf_map_lookup_elem(&set_clock, &zero);
	return now ? *(volatile __u64 *)now : 0;
}
