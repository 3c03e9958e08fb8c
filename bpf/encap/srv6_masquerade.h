/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * End.AM of draft-ietf-spring-sr-service-programming-12: the packet goes to the SF as it is, with the last segment as
 * its destination, so the SF sees a segment routing header. The one that comes back must be the same.
 */
#pragma once

#include <linux/ipv6.h>

#include "encap/bytes.h"

enum {
	SRV6_NEXT = 6, /* where fields of the IPv6 header stand, RFC 8200 3 */
	SRV6_HOPS = 7,
	SRV6_TO = 24,
	SRV6_LEFT = 3, /* and of the segment routing header, RFC 8754 2 */
	SRV6_LIST = 8,
	SRV6_SEGMENT = 16,
	SRV6_UNIT = 8,                                /* what lengths count in, RFC 8200 4 */
	SRV6_KEPT_WORDS = sizeof(struct ipv6hdr) / 8, /* of the IPv6 header, which are not compared */
};

/* Keeps the destination of the packet as it came: a reduced list does not have it. */
static __always_inline int srv6_keep_destination(struct xdp_md *ctx, struct work *work)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const struct ipv6hdr *ip = cursor_take(&cur, sizeof(*ip));

	if (!ip)
		return SFC_REASON_truncated;
	__builtin_memcpy(&work->icmp.came, &ip->daddr, sizeof(work->icmp.came));
	return SFC_OK;
}

/*
 * parse, where the header has been advanced in work->header, all `cut` bytes of it. They go back into the frame, with
 * the last segment as the destination. Kept are the extension headers up to the one at `srh`, and in the place of the
 * IPv6 header its protocol number and `srh`.
 */
static __always_inline int srv6_masquerade(struct xdp_md *ctx, struct work *work, __u32 srh)
{
	__u64 *word = work->header.word + SFC_HEADER_META;
	__u8 *bytes = work->header.f.bytes, next = bytes[SRV6_NEXT];
	__u32 last = work->encap.cut - 1, end = srh + (bytes[srh + 1] + 1) * SRV6_UNIT;

	if (sfc_config.icmp && srv6_keep_destination(ctx, work))
		return SFC_REASON_truncated;
	word[SRV6_TO / 8] = word[(srh + SRV6_LIST) / 8];
	word[SRV6_TO / 8 + 1] = word[(srh + SRV6_LIST) / 8 + 1];
	asm volatile("" : "+r"(last)); /* as in rewrite_restore */
	if (last >= SFC_HEADER_MAX || bpf_xdp_store_bytes(ctx, l2_len(work), bytes, last + 1))
		return SFC_REASON_no_room;
	__builtin_memset(word, 0, sizeof(struct ipv6hdr));
	bytes[0] = srh;
	bytes[SRV6_NEXT] = next;
	work->encap.cut = 0;
	work->encap.kept = end;
	work->encap.inner = SFC_INNER_IPV6;
	return SFC_OK;
}

/* Undoes that, for a message about the packet as it came. Returns SFC_OK or a reason. */
static __always_inline int srv6_unmasquerade(struct xdp_md *ctx, struct work *work)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	__u8 *ip = cursor_take(&cur, sizeof(struct ipv6hdr)), left;
	__u32 srh = work->header.f.bytes[0];

	asm volatile("" : "+r"(srh));
	if (!ip || srh > SFC_HEADER_MAX - SRV6_UNIT)
		return SFC_REASON_truncated;
	ip[SRV6_HOPS]++;
	__builtin_memcpy(ip + SRV6_TO, &work->icmp.came, sizeof(work->icmp.came));
	left = work->header.f.bytes[srh + SRV6_LEFT] + 1;
	return bpf_xdp_store_bytes(ctx, l2_len(work) + srh + SRV6_LEFT, &left, 1) ? SFC_REASON_no_room : SFC_OK;
}

/* Whether the extension headers in the frame, which are in work->piece, are those that are kept. */
static __always_inline int srv6_same(const struct work *work, __u32 words)
{
	const __u64 *is = (const __u64 *)work->piece, *was = work->header.word + SFC_HEADER_META;
	__u64 differs = work->piece[SRV6_NEXT] ^ work->header.f.bytes[SRV6_NEXT];

#pragma clang loop unroll(disable)
	for (__u32 i = SRV6_KEPT_WORDS; i < SFC_HEADER_MAX / 8; i++) {
		if (i >= words)
			break;
		differs |= is[i] ^ was[i];
	}
	return !differs;
}

/*
 * At return: the next segment becomes the destination of the packet, for one hop. Not static, as extensions_walk.
 * Returns SFC_OK, SFC_REASON_ttl, or SFC_REASON_sfc_from_sf for a packet with another header than went to the SF.
 */
__noinline int srv6_unmask(struct xdp_md *ctx, struct work *work)
{
	struct cursor cur;
	__u32 last, srh, at;
	__u8 *ip;

	if (!work)
		return SFC_REASON_sfc_from_sf;
	last = (__u32) * (volatile __u16 *)&work->header.f.len - 1;
	asm volatile("" : "+r"(last));
	if (last >= SFC_HEADER_MAX || bpf_xdp_load_bytes(ctx, l2_len(work), work->piece, last + 1))
		return SFC_REASON_sfc_from_sf;
	srh = work->header.f.bytes[0];
	asm volatile("" : "+r"(srh));
	if (!srv6_same(work, (last + 1) / 8) || srh > SFC_HEADER_MAX - SRV6_UNIT)
		return SFC_REASON_sfc_from_sf;
	at = (srh + SRV6_LIST + work->header.f.bytes[srh + SRV6_LEFT] * SRV6_SEGMENT) / 8;
	cur = cursor_at(ctx, l2_len(work));
	ip = cursor_take(&cur, sizeof(struct ipv6hdr));
	if (!ip || at > SFC_HEADER_MAX / 8 - 2)
		return SFC_REASON_sfc_from_sf;
	if (ip[SRV6_HOPS] <= 1)
		return SFC_REASON_ttl;
	ip[SRV6_HOPS]--;
	*(__u64 *)(ip + SRV6_TO) = work->header.word[SFC_HEADER_META + at];
	*(__u64 *)(ip + SRV6_TO + 8) = work->header.word[SFC_HEADER_META + at + 1];
	return SFC_OK;
}
