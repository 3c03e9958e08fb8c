/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lock of a bucket: a word, which also counts the bucket's words in overflow lines. The kernel's own lock turns
 * interrupts off and on again, and that took as long as half of an insert. This one does not, so an interrupt may hold
 * its holder up, or a hypervisor that does not run its CPU. Whoever waits gives up after some 65 000 looks, a
 * millisecond: one packet is lost by name, and nothing hangs. Two programs on one CPU never meet here, because packet
 * programs run with bottom halves off.
 */
#pragma once

#include "cache/index.h"

enum { LOCK_LOOKS = 1 << 16 };

struct lock_wait {
	__u32 *lock;
	__u32 taken;
};

static __always_inline int lock_try(__u32 *lock, __u32 seen)
{
	return !(seen & SFC_LOCK_TAKEN) && index_swap(lock, seen, seen | SFC_LOCK_TAKEN);
}

static long lock_look(__u32 look __attribute__((unused)), struct lock_wait *wait)
{
	wait->taken = lock_try(wait->lock, *(volatile __u32 *)wait->lock);
	return wait->taken;
}

/* Returns whether the caller has it now. The loop has no function of its own, because 6.1 gives each 32 bytes of the
 * stack at least. */
static __always_inline int lock_take(struct sfc_bucket *bucket)
{
	struct lock_wait wait;

	/* Two tries before the call of the kernel: the second one is for a bucket with words in overflow lines. */
	if (lock_try(&bucket->lock, 0) ||
	    (sfc_config.overflow_mask && lock_try(&bucket->lock, *(volatile __u32 *)&bucket->lock)))
		return 1;
	wait.lock = &bucket->lock;
	wait.taken = 0;
	bpf_loop(LOCK_LOOKS, lock_look, &wait, 0);
	return wait.taken;
}

/*
 * A store will do where no word is in an overflow line, because nobody else changes the count then. Else what was
 * before is used, or clang takes an atomic addition without a result: that keeps no order on CPUs that have a weak one.
 */
static __always_inline void lock_give(struct sfc_bucket *bucket)
{
	if (index_overflows(bucket)) {
		__u32 before = __sync_fetch_and_sub(&bucket->lock, SFC_LOCK_TAKEN);

		asm volatile("" : : "r"(before));
	} else {
		index_store(&bucket->lock, 0);
	}
}
