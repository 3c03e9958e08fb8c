/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lock of a bucket: a word, 0 where nobody has it. The kernel's own lock turns interrupts off and on again, and
 * that took as long as half of an insert. This one does not, so an interrupt may hold its holder up, or a hypervisor
 * that does not run its CPU. Whoever waits gives up after some 65 000 looks, a millisecond: one packet is lost by name,
 * and nothing hangs. Two programs on one CPU never meet here, because packet programs run with bottom halves off.
 */
#pragma once

#include "cache/index.h"

enum { LOCK_LOOKS = 1 << 16 };

struct lock_wait {
	__u32 *lock;
	__u32 taken;
};

static long lock_look(__u32 look __attribute__((unused)), struct lock_wait *wait)
{
	wait->taken = !*(volatile __u32 *)wait->lock && index_swap(wait->lock, 0, 1);
	return wait->taken;
}

/* Returns whether the caller has it now. The loop has no function of its own, because 6.1 gives each 32 bytes of the
 * stack at least. */
static __always_inline int lock_take(struct sfc_bucket *bucket)
{
	struct lock_wait wait;

	if (index_swap(&bucket->lock, 0, 1))
		return 1;
	wait.lock = &bucket->lock;
	wait.taken = 0;
	bpf_loop(LOCK_LOOKS, lock_look, &wait, 0);
	return wait.taken;
}

static __always_inline void lock_give(struct sfc_bucket *bucket)
{
	index_store(&bucket->lock, 0);
}
