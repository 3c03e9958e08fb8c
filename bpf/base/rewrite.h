/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The only callers of adjust_head. All pointers and cursors from before a call are dead after it. */
#pragma once

#include "base/cursor.h"
#include "base/maps.h"

/* Both MACs of a frame, in words: byte by byte, as structures that are packed are copied, they cost ten times as much.
 */
struct macs {
	__u32 word[3];
};

static __always_inline struct macs macs_read(const void *at)
{
	const __u32 *word = at;

	return (struct macs){{word[0], word[1], word[2]}};
}

static __always_inline struct macs macs_of(const __u8 *dst, const __u8 *src)
{
	return (struct macs){{*(const __u32 *)dst, *(const __u16 *)(dst + 4) | (__u32) * (const __u16 *)src << 16,
			      *(const __u32 *)(src + 2)}};
}

/* `at` has room for an Ethernet header. */
static __always_inline void macs_write(void *at, const struct macs *macs, __be16 ethertype)
{
	__u32 *word = at;

	word[0] = macs->word[0];
	word[1] = macs->word[1];
	word[2] = macs->word[2];
	*(__be16 *)(word + 3) = ethertype;
}

/* The steps after the MACs are read: cuts the encapsulation off and writes a new Ethernet header. */
static __always_inline int rewrite_cut(struct xdp_md *ctx, __u32 cut, __be16 ethertype, const struct macs *macs)
{
	struct cursor cur;
	void *at;

	if (bpf_xdp_adjust_head(ctx, (int)cut))
		return SFC_REASON_no_room;
	cur = cursor_at(ctx, 0);
	at = cursor_take(&cur, ETH_HLEN);
	if (!at)
		return SFC_REASON_runt;
	macs_write(at, macs, ethertype);
	return SFC_OK;
}

/*
 *   before:  | Ethernet | encapsulation | inner packet |
 *   after:                   | Ethernet | inner packet |
 *
 * The MACs stay, or become those of the link to a routed SF.
 * Returns SFC_OK or SFC_REASON_no_room; the frame is unchanged then.
 */
static __always_inline int rewrite_strip(struct xdp_md *ctx, __u32 cut, __be16 ethertype, const struct sfc_port *to)
{
	struct cursor cur = cursor_at(ctx, 0);
	void *at = cursor_take(&cur, ETH_HLEN);
	struct macs macs;

	if (!at)
		return SFC_REASON_runt;
	macs = to->routed ? macs_of(to->sf_mac, to->mac) : macs_read(at);
	return rewrite_cut(ctx, cut, ethertype, &macs);
}

/*
 * Cuts everything before an inner Ethernet frame: `cut` bytes and the outer Ethernet header.
 * Returns SFC_OK or SFC_REASON_no_room; the frame is unchanged then.
 */
static __always_inline int rewrite_strip_ethernet(struct xdp_md *ctx, __u32 cut)
{
	return bpf_xdp_adjust_head(ctx, (int)(cut + ETH_HLEN)) ? SFC_REASON_no_room : SFC_OK;
}

enum {
	REWRITE_STEP = 4 /* words for which one look at the frame's end is enough: it has as many behind most headers */
};

/*
 * Writes the header word by word, because the kernel's helper takes longer (decision 0024). Returns whether the frame
 * had room for whole steps; else some words are written. The barrier keeps clang from making a loop of it.
 */
static __always_inline int rewrite_words(struct xdp_md *ctx, const struct work *work, __u32 len)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const __u64 *word = work->header.word + SFC_HEADER_META;
	__u64 *at = cur.pos;

	if (len % sizeof(__u32))
		return 0;
#pragma unroll
	for (__u32 i = 0; i < SFC_HEADER_MAX / SFC_HEADER_STEP; i++) {
		asm volatile("" : "+r"(len));
		if (i * SFC_HEADER_STEP >= sfc_config.header_room || i * SFC_HEADER_STEP >= len)
			break;
		if (i % REWRITE_STEP == 0 && (void *)(at + i + REWRITE_STEP) > cur.end)
			return 0;
		if (len < (i + 1) * SFC_HEADER_STEP)
			*(__u32 *)&at[i] = *(const __u32 *)&word[i];
		else
			at[i] = word[i];
	}
	return 1;
}

/* Writes MACs and header over the first bytes of the frame. An empty header (last_label: plain) leaves the EtherType as
 * it is. */
static __always_inline int rewrite_over(struct xdp_md *ctx, struct work *work, const struct macs *macs)
{
	struct sfc_header_fields *header = &work->header.f;
	__u32 len = *(volatile __u16 *)&header->len;
	struct cursor cur = cursor_at(ctx, 0);
	void *at = cursor_take(&cur, ETH_HLEN);

	if (!at)
		return SFC_REASON_runt;
	macs_write(at, macs, len ? header->ethertype : ((struct ethhdr *)at)->h_proto);
	if (!len || rewrite_words(ctx, work, len))
		return SFC_OK;
	/* As in digest_short: 6.1 must be shown that the length is at least 1. */
	len--;
	asm volatile("" : "+r"(len));
	if (len >= SFC_HEADER_MAX)
		return SFC_REASON_no_room;
	return bpf_xdp_store_bytes(ctx, l2_len(work), header->bytes, len + 1) ? SFC_REASON_no_room : SFC_OK;
}

/*
 *   before:            | Ethernet | inner packet |      `outer` is 0
 *   after:   | Ethernet | header  | inner packet |
 *
 *   before:                       | inner frame  |      `outer` is ETH_HLEN
 *   after:   | Ethernet | header  | inner frame  |
 *
 * The MACs become those of the next link. An empty header (last_label: plain) leaves frame and EtherType as they are:
 * the EtherType says what the packet is now.
 * Returns SFC_OK or SFC_REASON_no_room; the frame is unchanged then.
 */
static __always_inline int rewrite_restore(struct xdp_md *ctx, struct work *work, __u32 outer, const struct macs *macs)
{
	__u32 len = *(volatile __u16 *)&work->header.f.len;

	if (len > sfc_config.header_room)
		return SFC_REASON_no_room;
	if (len && bpf_xdp_adjust_head(ctx, -(int)(len + outer)))
		return SFC_REASON_no_room;
	return rewrite_over(ctx, work, macs);
}
