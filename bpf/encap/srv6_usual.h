/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The usual packets with SRv6. Their headers are read as srv6.h does it, but word by word, because the cache would wait
 * for words that were stored in pieces. A packet that shows a fault is read once more there.
 */
#pragma once

#include <linux/in.h>
#include <linux/ipv6.h>

#include "encap/bytes.h"
#include "encap/srv6_csid.h"
#include "encap/srv6_masquerade.h"
#include "encap/srv6_static.h"

enum {
	SRV6_ROUTING = 43, /* RFC 8200 4.4 */
	SRV6_LENGTH = 4,   /* where fields of the outer IPv6 header stand, RFC 8200 3 */
	SRV6_TYPE_SRH = 4,
	SRV6_USUAL = 10, /* segments at most: IPv6, and a segment routing header of so many, have 208 bytes */
};

/* The kind of packet that a next header stands for; -1 for none that an SF could get. */
static __always_inline int srv6_inner(__u32 next)
{
	return next == IPPROTO_IPIP    ? SFC_INNER_IPV4
	       : next == IPPROTO_IPV6  ? SFC_INNER_IPV6
	       : next == SRV6_ETHERNET ? SFC_INNER_ETHERNET
				       : -1;
}

static __always_inline int srv6_serves(int inner, struct srv6_service what)
{
	return inner == what.inner || (what.inner == SFC_INNER_IP && inner >= 0 && inner != SFC_INNER_ETHERNET);
}

/* RFC 8200 3: whether the frame has all of the outer packet, which ends at `end`. */
static __always_inline int srv6_whole(const struct work *work, __u32 end)
{
	return end <= work->result.frame_len - l2_len(work);
}

/* Whether the outer packet has all of an IP packet inside. */
static __always_inline int srv6_holds(struct xdp_md *ctx, struct work *work, int inner, __u32 end)
{
	__u32 cut = encap_cut(work);

	return inner == SFC_INNER_ETHERNET || cut + encap_ip_len(ctx, l2_len(work) + cut) <= end;
}

/* The outer IPv6 header without its length, and one hop less. */
static __always_inline void srv6_put_outer(__u64 *out, const __u64 *word)
{
	out[0] = (word[0] & ~(0xffffULL << 8 * SRV6_LENGTH)) - (1ULL << 8 * SRV6_HOPS);
	out[1] = word[1];
	out[2] = word[2];
}

/* Whether a header of `cut` bytes was all that there is in front of the packet, without a fault. `says_at`: the byte
 * that says what the packet is. */
static __always_inline int srv6_found(struct xdp_md *ctx, struct work *work, int inner, __u32 cut, __u32 says_at,
				      __u64 first)
{
	__u32 end = bpf_ntohs((__u16)(first >> 8 * SRV6_LENGTH)) + sizeof(struct ipv6hdr);

	work->encap.cut = cut;
	work->encap.kept = cut;
	work->encap.says_at = says_at;
	work->encap.inner = inner;
	return cut <= end && srv6_whole(work, end) && srv6_holds(ctx, work, inner, end);
}

/* A compressed SID, of which there are more, in front of a packet for the SF: the header is one of IPv6 alone. Returns
 * 1 where it was one, and all was well. */
static __always_inline int srv6_read_csid(struct xdp_md *ctx, struct work *work, struct srv6_service what)
{
	struct srv6_bits argument = srv6_behind((what.block + what.function) * 8), sid, to;
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const __u64 *word = cursor_take(&cur, sizeof(struct ipv6hdr));
	__u64 *out = work->header.word + SFC_HEADER_META;
	int inner = srv6_inner(work->encap.next);

	if (!what.function || what.options & SFC_OPTION_STATIC || !word || !srv6_serves(inner, what))
		return 0;
	sid = (struct srv6_bits){bpf_be64_to_cpu(word[3]), bpf_be64_to_cpu(word[4])};
	to = srv6_shift(sid, srv6_behind(what.block * 8), what.function * 8);
	if (!((sid.high & argument.high) | (sid.low & argument.low)) ||
	    !(((to.high ^ sid.high) & ~argument.high) | ((to.low ^ sid.low) & ~argument.low)) || word[0] >> 57 == 0)
		return 0;
	srv6_put_outer(out, word);
	out[3] = bpf_cpu_to_be64(to.high);
	out[4] = bpf_cpu_to_be64(to.low);
	return srv6_found(ctx, work, inner, sizeof(struct ipv6hdr), SRV6_NEXT, word[0]);
}

/* The segment routing header right behind the outer one, without TLVs, RFC 8986 4.1. `first` has its first 8 bytes.
 * Returns the number of its segments, 0 where it is another one, or has a fault. */
static __always_inline __u32 srv6_srh_segments(__u64 first)
{
	__u32 length = first >> 8 & 0xff, left = first >> 24 & 0xff, segments = (first >> 32 & 0xff) + 1;

	if ((first >> 16 & 0xff) != SRV6_TYPE_SRH || length != 2 * segments || segments > SRV6_USUAL)
		return 0;
	return left && left <= segments ? segments : 0;
}

/* That, in front of a packet for the SF. Returns 1 where it was so, and all was well. */
static __always_inline int srv6_read_srh(struct xdp_md *ctx, struct work *work, struct srv6_service what)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const __u64 *word = cursor_take(&cur, sizeof(struct ipv6hdr) + SRV6_LIST), *segment;
	__u64 *out = work->header.word + SFC_HEADER_META, first, srh;
	__u32 segments, at;
	int inner;

	if (what.function || what.options & (SFC_OPTION_STATIC | SFC_OPTION_MASQUERADE) ||
	    work->encap.next != SRV6_ROUTING || !word || word[0] >> 57 == 0)
		return 0;
	first = word[0];
	srh = word[5];
	segments = srv6_srh_segments(srh);
	inner = srv6_inner(srh & 0xff);
	if (!segments || !srv6_serves(inner, what) ||
	    sizeof(struct ipv6hdr) + SRV6_LIST + segments * SRV6_SEGMENT > sfc_config.header_room)
		return 0;
	srv6_put_outer(out, word);
	out[5] = srh - (1ULL << 8 * SRV6_LEFT);
	for (__u32 i = 0; i < SRV6_USUAL && i < segments; i++) {
		segment = cursor_take(&cur, SRV6_SEGMENT);
		if (!segment)
			return 0;
		out[6 + 2 * i] = segment[0];
		out[7 + 2 * i] = segment[1];
	}
	at = (srh >> 8 * SRV6_LEFT & 0xf) - 1;
	if (at >= SRV6_USUAL)
		return 0; /* never: that many are no usual ones */
	out[3] = out[6 + 2 * at];
	out[4] = out[7 + 2 * at];
	return srv6_found(ctx, work, inner, sizeof(struct ipv6hdr) + SRV6_LIST + segments * SRV6_SEGMENT,
			  sizeof(struct ipv6hdr), first);
}
