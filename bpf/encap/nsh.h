/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * NSH (RFC 8300), behind an EtherType, VLAN tags, or VXLAN-GPE (nsh_gpe.h). docs/nsh.md says what is read in which
 * order. All of it is kept: tags or outer packet, the NSH, and what else stands in front of the packet for the SF.
 * Advance lowers the service index.
 */
#pragma once

#include "encap/nsh_usual.h"

/* match: service path identifier and service index, in value[0]. */
static __always_inline int nsh_match(struct xdp_md *ctx, struct work *work, __u64 *value)
{
	int reason = nsh_gpe_match(ctx, work);
	const struct nsh *nsh;
	struct cursor cur;

	if (reason)
		return reason;
	cur = cursor_at(ctx, l2_len(work) + nsh_lead(work));
	nsh = cursor_take(&cur, sizeof(*nsh));
	if (!nsh)
		return SFC_REASON_truncated;
	if (nsh->first & bpf_htons(NSH_VERSION))
		return SFC_REASON_bad_version;
	work->encap.first = bpf_ntohs(nsh->first) << 16 | bpf_ntohs(nsh->second);
	work->encap.second = bpf_ntohl(nsh->path);
	value[0] = work->encap.second;
	value[1] = 0;
	return SFC_OK;
}

/* Length and MD type of a base header. Returns the bytes of the NSH, or less than 0: minus the reason. */
static __always_inline int nsh_bytes(__u32 base)
{
	__u32 words = base >> 16 & NSH_LENGTH;

	switch (base & NSH_MD_TYPE) {
	case NSH_MD_TYPE_1:
		return words == NSH_MD1 / NSH_WORD ? NSH_MD1 : -SFC_REASON_bad_length;
	case NSH_MD_TYPE_2:
		return words >= NSH_LEAST / NSH_WORD ? (int)(words * NSH_WORD) : -SFC_REASON_bad_length;
	default:
		return -SFC_REASON_md_type;
	}
}

/* The next protocol of the NSH or IOAM that begins at encap.cut says what is behind it, unless another one follows. */
static __always_inline void nsh_says_at(struct work *work)
{
	work->encap.says_at = work->encap.cut + NSH_NEXT_AT;
}

/* Reads the header behind the ones that end at encap.cut: fills encap.cut and encap.next. */
static __always_inline int nsh_part(struct work *work, __u32 next, __u32 word)
{
	int bytes;

	switch (next) {
	case NSH_NSH:
		if (word >> 16 & NSH_VERSION)
			return SFC_REASON_bad_version;
		bytes = nsh_bytes(word);
		if (bytes < 0)
			return -bytes;
		nsh_says_at(work);
		work->encap.cut += bytes;
		work->encap.next = word & NSH_NEXT;
		return SFC_OK;
	case NSH_MPLS:
		work->encap.cut += NSH_WORD;
		work->encap.next = word & MPLS_S ? NSH_IP : NSH_MPLS;
		return SFC_OK;
	case NSH_IOAM:
		bytes = (word >> 16 & 0xff) * NSH_WORD;
		nsh_says_at(work);
		work->encap.cut += bytes;
		work->encap.next = word & NSH_NEXT;
		return bytes ? SFC_OK : SFC_REASON_bad_length;
	default:
		return SFC_REASON_next_protocol;
	}
}

static __always_inline int nsh_is_packet(__u32 next)
{
	return (next >= NSH_IPV4 && next <= NSH_ETHERNET) || next == NSH_IP;
}

/* What stands between the NSH and the packet for the SF. Not static, as extensions_walk. */
__noinline int nsh_walk(struct xdp_md *ctx, struct work *work)
{
	if (!work)
		return SFC_REASON_next_protocol;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < NSH_PARTS; i++) {
		__u32 next = work->encap.next, cut = forget(&work->encap.cut, CUT_MASK);
		struct cursor cur;
		const __be32 *word;
		int reason;

		if (nsh_is_packet(next))
			return SFC_OK;
		if (next < NSH_NSH || next > NSH_IOAM)
			return SFC_REASON_next_protocol;
		if (work->encap.cut > SFC_HEADER_MAX)
			return SFC_REASON_header_too_long;
		cur = cursor_at(ctx, l2_len(work) + cut);
		word = cursor_take(&cur, NSH_WORD);
		if (!word)
			return SFC_REASON_truncated;
		reason = nsh_part(work, next, bpf_ntohl(*word));
		if (reason)
			return reason;
	}
	return SFC_REASON_header_too_long;
}

/* RFC 8300 2.5.1: context headers of MD type 2, which must end where the NSH does. Not static, as extensions_walk. */
__noinline int nsh_contexts(struct work *work, __u32 end)
{
	__u32 at;

	if (!work)
		return SFC_REASON_bad_tlv;
	at = nsh_lead(work) + NSH_LEAST;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < NSH_PARTS; i++) {
		__u32 here = at + 3; /* the length */

		if (at >= end)
			return at == end ? SFC_OK : SFC_REASON_bad_tlv;
		if (here >= SFC_HEADER_MAX)
			return SFC_REASON_bad_tlv;
		at += NSH_WORD + ((work->header.f.bytes[here] & NSH_TLV_LENGTH) + NSH_WORD - 1) / NSH_WORD * NSH_WORD;
	}
	return SFC_REASON_bad_tlv;
}

/* RFC 8300 2.2: hops are an SFF's to count. 0 is an old sender's way to say that it does not. */
static __always_inline int nsh_ttl(__u32 base, __u32 what)
{
	return what & SFC_OPTION_FORWARDER && (base >> 16 & NSH_TTL) == NSH_TTL_ONE ? SFC_REASON_ttl : SFC_OK;
}

/* The service index, and for a forwarder the TTL, in the bytes that are kept. */
static __always_inline void nsh_advance(struct work *work, __u32 what)
{
	__u32 lead = nsh_lead(work), first;
	__u8 *nsh = work->header.f.bytes + lead;

	nsh[NSH_SI]--;
	if (!(what & SFC_OPTION_FORWARDER))
		return;
	first = nsh[0] << 8 | nsh[1];
	first = (first & ~NSH_TTL) | ((first - NSH_TTL_ONE) & NSH_TTL);
	nsh[0] = first >> 8;
	nsh[1] = first;
}

/*
 * RFC 8300 2.2: who does not know SFC OAM may send such packets on, unmodified, to the next element of the chain. The
 * next element is where the lower index leads: with the index as it came the packet would come here again. Nothing
 * behind the service path header is looked at.
 */
static __always_inline int nsh_read_oam(struct xdp_md *ctx, struct work *work)
{
	work->encap.bypass = SFC_REASON_oam;
	work->encap.inner = SFC_INNER_ETHERNET; /* not known to be IP */
	return encap_take(ctx, work, nsh_lead(work) + NSH_LEAST);
}

/* Everything of the header that does not depend on how it came. */
static __always_inline int nsh_read(struct xdp_md *ctx, struct work *work, __u32 what)
{
	__u32 base = work->encap.first;
	int bytes = nsh_bytes(base), reason;

	if (!(work->encap.second & 0xff))
		return SFC_REASON_service_index;
	reason = nsh_ttl(base, what);
	if (reason)
		return reason;
	if (base >> 16 & NSH_OAM)
		return what & SFC_OPTION_OAM ? nsh_read_oam(ctx, work) : SFC_REASON_oam;
	if (bytes < 0)
		return -bytes;
	work->encap.cut = nsh_lead(work);
	nsh_says_at(work);
	work->encap.cut += bytes;
	work->encap.next = base & NSH_NEXT;
	reason = nsh_is_packet(work->encap.next) ? SFC_OK : nsh_walk(ctx, work);
	if (reason)
		return reason;
	if (work->encap.next == NSH_IP && what & NSH_FRAMES)
		return SFC_REASON_bad_inner;
	work->encap.inner = work->encap.next == NSH_IPV4       ? SFC_INNER_IPV4
			    : work->encap.next == NSH_IPV6     ? SFC_INNER_IPV6
			    : work->encap.next == NSH_ETHERNET ? SFC_INNER_ETHERNET
							       : SFC_INNER_IP;
	reason = encap_take(ctx, work, work->encap.cut);
	if (!reason && (base & NSH_MD_TYPE) == NSH_MD_TYPE_2)
		reason = nsh_contexts(work, nsh_lead(work) + bytes);
	return reason;
}

/* parse, for a service that is `what`: enum sfc_option and enum nsh_what. Not static, as extensions_walk. */
__noinline int nsh_parse_for(struct xdp_md *ctx, struct work *work, __u32 what)
{
	int reason;

	if (!work)
		return SFC_REASON_unmatched;
	if (nsh_read_fast(ctx, work, what) || nsh_read_gpe_fast(ctx, work, what))
		return nsh_gpe_fits(work, what);
	reason = nsh_read(ctx, work, what) ?: nsh_gpe_fits(work, what);
	if (reason)
		return reason;
	nsh_advance(work, what);
	return work->encap.outer ? nsh_gpe_parse(ctx, work, what) : SFC_OK;
}

/* parse: to the packet for the SF. The bytes are canonical as they leave, but for an outer packet. */
static __always_inline int nsh_parse(struct xdp_md *ctx, struct work *work, const struct sfc_service *service)
{
	__u32 what = service->options;

	what |= service->egress_port == SFC_PORT_INGRESS ? NSH_INGRESS : 0;
	what |= service->inner == SFC_INNER_ETHERNET ? NSH_FRAMES : 0;
	return nsh_parse_for(ctx, work, what);
}

enum { nsh_masks = 1 };

/*
 * glance: MD type 1 or 2 with an IP packet right behind it. Which services there are for these bytes does not matter:
 * the port is compared as well.
 */
static __always_inline void nsh_glance(struct work *work, const __u64 *word, const void *end, __u32 words)
{
	__u32 base = bpf_ntohl((__u32)word[0]), next = base & NSH_NEXT;
	__u64 sum = 0, secret = sfc_config.key_secret[0];
	__u32 bytes = (base >> 16 & NSH_LENGTH) * NSH_WORD, last = (bytes - 1) / SFC_HEADER_STEP;

	if ((next != NSH_IPV4 && next != NSH_IPV6) || bytes < NSH_LEAST ||
	    last >= SFC_HEADER_ROOM_LEAST / SFC_HEADER_STEP)
		return;
#pragma unroll
	for (__u32 i = 0; i < SFC_HEADER_ROOM_LEAST / SFC_HEADER_STEP; i++) {
		__u64 value;

		asm volatile("" : "+r"(last)); /* or clang makes a count of it, and no longer unrolls */
		if (i == words && (void *)(word + SFC_HEADER_ROOM_LEAST / SFC_HEADER_STEP) > end)
			return;
		value = word[i];
		if (i == last) {
			value = bytes & NSH_WORD ? (__u32)value : value;
			work->encap.cut = bytes;
			work->encap.last_word = value;
			work->encap.hash = ((sum ^ value) * secret) >> 32;
			return;
		}
		sum = (sum ^ value) * secret;
	}
}

/*
 * finish: an outer packet has lengths and checksums. RFC 8300 3 (figure 8) lets a proxy write context headers here:
 * telemetry belongs here, in front of the checksum.
 */
static __always_inline int nsh_finish(struct xdp_md *ctx, struct work *work, const struct sfc_service *service)
{
	int reason = encap_say(ctx, work, service, NSH_IPV4, NSH_IPV6);

	if (reason)
		return reason;
	return encap_finishes(&work->header.f) ? nsh_gpe_finish(ctx, work, service) : SFC_OK;
}
