/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Internet checksum (RFC 1071) over headers, and over whole frames. Sums are as in memory, whatever the order of
 * bytes is: 2(B). */
#pragma once

#include "base/cursor.h"
#include "base/maps.h"

enum {
	SUM_PIECES = 65536 / SFC_SUM_PIECE + 1,
	SUM_LINEAR = 0x7fff, /* more than any linear part has; the verifier's limit is 0xffff */
};

static __always_inline __u64 sum_words(const __u32 *word, __u32 count)
{
	__u64 sum = 0;

#pragma unroll
	for (__u32 i = 0; i < count; i++)
		sum += word[i];
	return sum;
}

static __always_inline __u16 sum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32 << 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Sums a copy with zeros behind it, to a whole word: a last piece, or one that is not in the linear part. A function,
 * or clang makes one call of the two to bpf_csum_diff, with either pointer. */
static __noinline int sum_copy(struct xdp_md *ctx, struct work *work, __u32 off, __u32 len)
{
	__u32 last = len - 1, word;

	asm volatile("" : "+r"(last)); /* as in digest_short */
	last &= SFC_SUM_PIECE - 1;
	word = last & ~3;
	*(__be32 *)(work->piece + word) = 0;
	if (bpf_xdp_load_bytes(ctx, off, work->piece, last + 1))
		return SFC_REASON_truncated;
	work->sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)work->piece, word + 4, 0);
	return SFC_OK;
}

/* One piece of sum_frame. Not static, as extensions_walk: what is left stands in memory, so each round is the same to
 * the verifier. */
__noinline int sum_piece(struct xdp_md *ctx, struct work *work)
{
	__u32 off, left, piece;
	struct cursor cur;
	void *at;

	if (!work)
		return SFC_REASON_truncated;
	off = work->sum_off;
	left = work->sum_left;
	piece = left < SFC_SUM_PIECE ? left : SFC_SUM_PIECE;
	cur = cursor_at(ctx, off & SUM_LINEAR);
	at = piece == SFC_SUM_PIECE && off <= SUM_LINEAR ? cursor_take(&cur, SFC_SUM_PIECE) : NULL;
	work->sum_off = off + piece;
	work->sum_left = left - piece;
	if (!at)
		return sum_copy(ctx, work, off, piece);
	work->sum += (__u32)bpf_csum_diff(NULL, 0, at, SFC_SUM_PIECE, 0);
	return SFC_OK;
}

/*
 * Adds `len` bytes at `off` of the frame to work->sum, piece by piece: one helper takes 512 bytes at most. Returns
 * SFC_OK, or SFC_REASON_truncated where the frame ends before. Not static, as extensions_walk.
 */
__noinline int sum_frame(struct xdp_md *ctx, struct work *work, __u32 off, __u32 len)
{
	if (!work)
		return SFC_REASON_truncated;
	work->sum_off = off;
	work->sum_left = len;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < SUM_PIECES && work->sum_left; i++) {
		if (sum_piece(ctx, work))
			return SFC_REASON_truncated;
	}
	return SFC_OK;
}
