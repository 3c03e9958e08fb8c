/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A bounded view of the frame, and the compiler facts that keep the verifier convinced. */
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "base/maps.h"

/* Upper bounds of offsets in a frame, as masks: the verifier of 6.1 follows packet pointers up to 64 KiB. */
enum {
	INNER_L3_MASK = 0x1ff,   /* Ethernet, 216 bytes of encapsulation, Ethernet, 4 wrappers: at most 316 bytes */
	INNER_OFF_MASK = 0x7fff, /* and 8 extension headers of 2 KiB */
};

/* Everything read directly is in the linear part; `pos` never passes `end` without a check. */
struct cursor {
	void *pos;
	void *end;
};

/*
 * A scalar that the verifier knows only by this mask. Forgetting the exact value on purpose makes the states of all
 * label counts equal, so what follows is verified once and not sixteen times.
 */
static __always_inline __u32 forget(const __u32 *value, __u32 mask)
{
	return *(const volatile __u32 *)value & mask;
}

/* Bytes of the Ethernet header, in front of what the link carries. */
static __always_inline __u32 l2_len(const struct work *work)
{
	(void)work;
	return ETH_HLEN;
}

/* Bytes of encapsulation, as a value that the verifier knows only the bounds of. */
static __always_inline __u32 encap_cut(const struct work *work)
{
	return forget(&work->encap.cut, CUT_MASK);
}

/*
 * The cursor at `offset` bytes into the frame; pointers from before an adjust_head are dead, so it always starts anew.
 * The barrier keeps clang 14 from folding two cursors into one pointer whose range the verifier has lost.
 */
static __always_inline struct cursor cursor_at(struct xdp_md *ctx, __u32 offset)
{
	struct cursor cur = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	__u64 wide = offset; /* or clang widens what comes out of the barrier */

	asm volatile("" : "+r"(wide));
	cur.pos += wide;
	return cur;
}

/* The next `size` bytes, or NULL where the frame ends before; moves on. `size` must be a compile-time constant. */
static __always_inline void *cursor_take(struct cursor *cur, __u32 size)
{
	void *at = cur->pos;

	if (at + size > cur->end)
		return NULL;
	__builtin_assume(at != NULL); /* or clang asks once more */
	cur->pos = at + size;
	return at;
}
