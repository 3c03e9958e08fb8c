/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SRv6 (RFC 8754, 8986, 9800): an outer IPv6 header, extension headers with or without a segment routing header among
 * them, and the packet. A service is a SID with a proxy behaviour of draft-ietf-spring-sr-service-programming-12.
 * docs/srv6.md says what is read in which order. All of it is kept, for the next segment.
 */
#pragma once

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>

#include "encap/bytes.h"
#include "encap/outer.h"
#include "encap/srv6_csid.h"
#include "encap/srv6_masquerade.h"
#include "encap/srv6_static.h"
#include "encap/srv6_usual.h"

enum {
	SRV6_PARTS = 8, /* extension headers of one packet */
	SRV6_HOP = 0,   /* next headers */
	SRV6_DEST = 60,
	SRV6_TYPE = 2, /* in the segment routing header, RFC 8754 2 */
	SRV6_LAST = 4,
	SRV6_FIELD = 0x400,
	SRV6_UPPER = 0x404,    /* RFC 8754 10.5: SR Upper-layer Header Error */
	SRV6_PAD1 = 0,         /* the one TLV without a length, RFC 8754 2.1 */
	SRV6_TLV_MASK = 0x1ff, /* a TLV begins within the header, and has 257 bytes */
};

/* RFC 8200 4: the first bytes of an extension header. */
struct srv6_part {
	__u8 next;
	__u8 length; /* in units of 8 bytes, without the first */
	__u8 type;   /* of a routing header */
	__u8 left;   /* segments */
	__be32 more;
};

/* match: the destination, in host byte order, so that the bits that differ are low ones. */
static __always_inline int srv6_match(struct xdp_md *ctx, struct work *work, __u64 *value)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const struct ipv6hdr *ip = cursor_take(&cur, sizeof(*ip));
	const __u64 *to;

	if (!ip || ip->version != 6)
		return SFC_REASON_not_sfc;
	to = (const __u64 *)&ip->daddr;
	value[0] = bpf_be64_to_cpu(to[0]);
	value[1] = bpf_be64_to_cpu(to[1]);
	work->encap.next = ip->nexthdr;
	return SFC_OK;
}

enum { srv6_masks = 1 };

static __always_inline int srv6_is_part(__u32 next)
{
	return next == SRV6_ROUTING || next == SRV6_DEST || next == SRV6_HOP;
}

/* A routing header at `cut`. One without segments left is behind its last segment and says nothing more. */
static __always_inline int srv6_routing(struct work *work, const struct srv6_part *part, __u32 cut)
{
	if (!part->left || work->encap.lead)
		return SFC_OK;
	work->encap.lead = cut;
	return part->type == SRV6_TYPE_SRH ? SFC_OK : srv6_fault(work, SFC_REASON_bad_srh, SRV6_FIELD, cut + SRV6_TYPE);
}

/* Why the walk ends at this next header, SFC_OK where all was well; -1 = it goes on. */
static __always_inline int srv6_stop(__u32 next)
{
	return next == IPPROTO_FRAGMENT ? SFC_REASON_outer_fragment : srv6_is_part(next) ? -1 : SFC_OK;
}

/*
 * From the destination's header to what the extension headers lead to: fills encap.cut and encap.next, and encap.lead
 * with where the segment routing header is that has segments left, 0 for none. None goes on behind encap.first, where
 * the packet ends. Not static, as extensions_walk.
 */
__noinline int srv6_walk(struct xdp_md *ctx, struct work *work)
{
	if (!work)
		return SFC_REASON_bad_srh;
	work->encap.cut = sizeof(struct ipv6hdr);
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < SRV6_PARTS; i++) {
		__u32 next = work->encap.next, cut = forget(&work->encap.cut, CUT_MASK);
		const struct srv6_part *part;
		int reason = srv6_stop(next);
		struct cursor cur;
		__u32 end;

		if (reason >= 0)
			return reason;
		if (work->encap.cut > SFC_HEADER_MAX)
			return SFC_REASON_header_too_long;
		cur = cursor_at(ctx, l2_len(work) + cut);
		part = cursor_take(&cur, sizeof(*part));
		end = part ? work->encap.cut + (part->length + 1) * SRV6_UNIT : 0;
		if (!part || end > work->encap.first)
			return SFC_REASON_truncated;
		if (next == SRV6_ROUTING && srv6_routing(work, part, cut))
			return SFC_REASON_bad_srh;
		work->encap.says_at = cut;
		work->encap.next = part->next;
		work->encap.cut = end;
	}
	return srv6_is_part(work->encap.next) ? SFC_REASON_header_too_long : srv6_stop(work->encap.next);
}

/* RFC 8754 2.1: TLVs fill the header from encap.first to `end`. Where they stand is in memory, and so the same state to
 * the verifier at each of them. Not static, as extensions_walk. */
__noinline int srv6_tlvs(struct work *work, __u32 end)
{
	if (!work)
		return SFC_REASON_bad_tlv;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < SFC_HEADER_MAX; i++) {
		__u32 at = forget(&work->encap.first, SRV6_TLV_MASK);

		if (at >= end)
			return at == end ? SFC_OK : SFC_REASON_bad_tlv;
		if (at >= SFC_HEADER_MAX)
			return SFC_REASON_bad_tlv;
		if (work->header.f.bytes[at] == SRV6_PAD1)
			work->encap.first += 1;
		else if (at < SFC_HEADER_MAX - 1)
			work->encap.first += 2 + work->header.f.bytes[at + 1];
		else
			return SFC_REASON_bad_tlv;
	}
	return SFC_REASON_bad_tlv;
}

/* RFC 8754 4.3.1.1, lines S09 and S10, of the header at `srh` in the bytes that are kept; and that TLVs end with it. */
static __always_inline int srv6_check(struct work *work, __u32 srh)
{
	const __u8 *part = work->header.f.bytes + srh;
	__u32 length = part[1], last = part[SRV6_LAST], left = part[SRV6_LEFT];

	if (2 * (last + 1) > length || left > last + 1)
		return srv6_fault(work, SFC_REASON_bad_srh, SRV6_FIELD, srh + SRV6_LEFT);
	if (2 * (last + 1) == length)
		return SFC_OK;
	work->encap.first = srh + SRV6_LIST + (last + 1) * SRV6_SEGMENT;
	if (srv6_tlvs(work, srh + (length + 1) * SRV6_UNIT))
		return srv6_fault(work, SFC_REASON_bad_tlv, SRV6_FIELD, srh + 1); /* Hdr Ext Len */
	return SFC_OK;
}

/* The next segment becomes the destination. */
static __always_inline int srv6_next_segment(struct work *work, __u32 srh)
{
	__u64 *to = work->header.word + SFC_HEADER_META + SRV6_TO / 8;
	__u32 left = work->header.f.bytes[srh + SRV6_LEFT] - 1, at = (srh + SRV6_LIST + left * SRV6_SEGMENT) / 8;

	if (at > SFC_HEADER_MAX / 8 - 2)
		return SFC_REASON_bad_srh; /* never: srv6_check has seen to that */
	work->header.f.bytes[srh + SRV6_LEFT] = left;
	to[0] = work->header.word[SFC_HEADER_META + at];
	to[1] = work->header.word[SFC_HEADER_META + at + 1];
	return SFC_OK;
}

/* RFC 8986 4.1 and RFC 9800 4.1: hop limit, destination, segments left. */
static __always_inline int srv6_advance(struct work *work, struct srv6_service what)
{
	__u32 srh = work->encap.lead;
	int reason;

	work->encap.second = 0;
	reason = what.function ? srv6_compressed(work, what) : SFC_OK;
	if (reason || work->encap.second)
		return reason;
	asm volatile("" : "+r"(srh));
	if (srh > SFC_HEADER_MAX - SRV6_UNIT)
		return SFC_REASON_header_too_long;
	if (!srh)
		return SFC_REASON_upper_layer;
	if (work->header.f.bytes[SRV6_HOPS] <= 1)
		return srv6_fault(work, SFC_REASON_ttl, SRV6_EXCEEDED, 0);
	reason = srv6_check(work, srh);
	if (reason)
		return reason;
	work->header.f.bytes[SRV6_HOPS]--;
	return srv6_next_segment(work, srh);
}

/* RFC 8986 4.1.1, of a packet that ends at this SID. Ping and neighbour discovery are for the host where the SID is one
 * of its addresses. */
static __always_inline int srv6_ends_here(struct work *work)
{
	struct sfc_address to;

	__builtin_memcpy(&to, work->header.f.bytes + SRV6_TO, sizeof(to));
	if (work->encap.next != IPPROTO_ICMPV6 || !bpf_map_lookup_elem(&own_addresses, &to))
		return srv6_fault(work, SFC_REASON_upper_layer, SRV6_UPPER, work->encap.cut);
	work->result.service = SFC_NONE;
	return SFC_REASON_not_sfc;
}

/* The draft's S15 and S16: the next segment is another one's, as it would be behind an endpoint. */
static __always_inline int srv6_bypass(struct work *work)
{
	work->encap.bypass = SFC_REASON_bypassed;
	return SFC_OK;
}

/* Where the packet ends, counted from its first byte; 0 where the frame does not have all of it. */
static __always_inline __u32 srv6_end(struct xdp_md *ctx, const struct work *work)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const struct ipv6hdr *ip = cursor_take(&cur, sizeof(*ip));
	__u32 end = ip ? bpf_ntohs(ip->payload_len) + sizeof(*ip) : 0;

	return srv6_whole(work, end) ? end : 0;
}

/* parse, for the service that srv6_pack has packed. Not static, as extensions_walk. */
__noinline int srv6_parse_for(struct xdp_md *ctx, struct work *work, __u32 packed)
{
	struct srv6_service what = srv6_unpack(packed);
	int reason, inner;
	__u32 end;

	if (!work)
		return SFC_REASON_unmatched;
	if (srv6_read_csid(ctx, work, what) || srv6_read_srh(ctx, work, what))
		return SFC_OK;
	work->encap.says_at = SRV6_NEXT;
	work->encap.cut = sizeof(struct ipv6hdr);
	work->encap.kept = 0;
	work->encap.lead = 0;
	work->encap.first = end = srv6_end(ctx, work);
	if (!end)
		return SFC_REASON_truncated;
	reason = srv6_stop(work->encap.next) ? srv6_walk(ctx, work) : SFC_OK;
	reason = reason ?: encap_take(ctx, work, work->encap.cut);
	if (reason)
		return reason;
	inner = srv6_inner(work->encap.next);
	reason = srv6_advance(work, what);
	if (reason == SFC_REASON_upper_layer)
		reason = what.options & SFC_OPTION_STATIC && srv6_serves(inner, what) ? SFC_OK : srv6_ends_here(work);
	if (reason)
		return reason;
	if (what.options & SFC_OPTION_MASQUERADE)
		return srv6_masquerade(ctx, work, work->encap.lead);
	if (!srv6_serves(inner, what))
		return srv6_bypass(work);
	if (!srv6_holds(ctx, work, inner, end))
		return SFC_REASON_bad_inner;
	work->encap.inner = inner;
	*(__be16 *)(work->header.f.bytes + SRV6_LENGTH) = 0;
	return what.options & SFC_OPTION_STATIC ? srv6_static(work, inner) : SFC_OK;
}

/* parse: to the packet for the SF. The bytes are canonical as they leave. */
static __always_inline int srv6_parse(struct xdp_md *ctx, struct work *work, const struct sfc_service *service)
{
	return srv6_parse_for(ctx, work, srv6_pack(service));
}

/* glance: nothing. Headers inside IP are found by what they are, and parsed. */
static __always_inline void srv6_glance(struct work *work __attribute__((unused)),
					const __u64 *word __attribute__((unused)),
					const void *end __attribute__((unused)), __u32 words __attribute__((unused)))
{
}

/* finish: the payload length, of the packet as it is now, and its IP version. */
static __always_inline int srv6_finish(struct xdp_md *ctx, struct work *work, const struct sfc_service *service)
{
	__u32 len = work->header.f.len - sizeof(struct ipv6hdr) + encap_inner_len(ctx, work, service);
	struct cursor cur = cursor_at(ctx, l2_len(work));
	__be16 *outer = cursor_take(&cur, sizeof(struct ipv6hdr));
	int reason;

	if (!outer)
		return SFC_REASON_runt;
	outer[SRV6_LENGTH / 2] = bpf_htons(len);
	reason = encap_say(ctx, work, service, IPPROTO_IPIP, IPPROTO_IPV6);
	if (reason)
		return reason;
	return service->options & SFC_OPTION_STATIC ? srv6_label(ctx, work, service->inner) : SFC_OK;
}
