/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The only callers of adjust_head. All pointers and cursors from before a call are dead after it. */
#pragma once

#include "cursor.h"
#include "maps.h"

/*
 *   before:  | Ethernet | encapsulation | inner packet |
 *   after:                   | Ethernet | inner packet |
 *
 * Returns SFC_OK or SFC_REASON_no_room; the frame is unchanged then.
 */
static __always_inline int rewrite_strip(struct xdp_md *ctx, __u32 cut, __be16 ethertype)
{
	struct cursor cur = cursor_at(ctx, 0);
	struct ethhdr *eth = cursor_take(&cur, sizeof(*eth));
	struct ethhdr saved;

	if (!eth)
		return SFC_REASON_runt;
	saved = *eth;
	saved.h_proto = ethertype;
	if (bpf_xdp_adjust_head(ctx, (int)cut))
		return SFC_REASON_no_room;
	cur = cursor_at(ctx, 0);
	eth = cursor_take(&cur, sizeof(*eth));
	if (!eth)
		return SFC_REASON_runt;
	*eth = saved;
	return SFC_OK;
}

/*
 * Cuts everything before an inner Ethernet frame: `cut` bytes and the outer Ethernet header.
 * Returns SFC_OK or SFC_REASON_no_room; the frame is unchanged then.
 */
static __always_inline int rewrite_strip_ethernet(struct xdp_md *ctx, __u32 cut)
{
	return bpf_xdp_adjust_head(ctx, (int)(cut + ETH_HLEN)) ? SFC_REASON_no_room : SFC_OK;
}

/*
 *   before:            | Ethernet | inner packet |      `outer` is 0
 *   after:   | Ethernet | header  | inner packet |
 *
 *   before:                       | inner frame  |      `outer` is ETH_HLEN; MACs are zero
 *   after:   | Ethernet | header  | inner frame  |
 *
 * An empty header (last_label: plain) leaves the frame and its EtherType as they are.
 * Returns SFC_OK or SFC_REASON_no_room; the frame is unchanged then.
 */
static __always_inline int rewrite_restore(struct xdp_md *ctx, struct sfc_header_fields *header, __u32 outer)
{
	struct cursor cur = cursor_at(ctx, 0);
	struct ethhdr *eth = cursor_take(&cur, sizeof(*eth));
	__u32 len = *(volatile __u16 *)&header->len;
	struct ethhdr saved = {};

	if (len == 0)
		return SFC_OK;
	if (!eth || len > SFC_HEADER_MAX)
		return SFC_REASON_no_room;
	if (!outer)
		saved = *eth;
	saved.h_proto = header->ethertype;
	if (bpf_xdp_adjust_head(ctx, -(int)(len + outer)))
		return SFC_REASON_no_room;
	cur = cursor_at(ctx, 0);
	eth = cursor_take(&cur, sizeof(*eth));
	/* As in digest_short: 6.1 must be shown that the length is at least 1. */
	len--;
	asm volatile("" : "+r"(len));
	len &= SFC_HEADER_MAX - 1;
	if (!eth || bpf_xdp_store_bytes(ctx, sizeof(*eth), header->bytes, len + 1))
		return SFC_REASON_no_room;
	*eth = saved;
	return SFC_OK;
}

/* The MACs of the next link. */
static __always_inline int rewrite_macs(struct xdp_md *ctx, const __u8 *dst, const __u8 *src)
{
	struct cursor cur = cursor_at(ctx, 0);
	struct ethhdr *eth = cursor_take(&cur, sizeof(*eth));

	if (!eth)
		return SFC_REASON_runt;
	__builtin_memcpy(eth->h_dest, dst, ETH_ALEN);
	__builtin_memcpy(eth->h_source, src, ETH_ALEN);
	return SFC_OK;
}
