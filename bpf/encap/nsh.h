/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * NSH (RFC 8300), behind an EtherType, VLAN tags, or VXLAN-GPE (nsh_gpe.h). docs/nsh.md says what is read in which
 * order. All of it is kept: tags or outer packet, the NSH, and what else stands in front of the packet for the SF.
 * Advance lowers the service index.
 */
#pragma once

#include "encap/bytes.h"
#include "encap/nsh_gpe.h"

enum {
	NSH_LEAST = 8,        /* base and service path header, RFC 8300 2.1 */
	NSH_MD1 = 24,         /* 2.4 */
	NSH_WORD = 4,         /* what lengths count in */
	NSH_NEXT_AT = 3,      /* where the next protocol stands, here and in IOAM */
	NSH_SI = 7,           /* where the service index stands */
	NSH_VERSION = 0xc000, /* 2.2: the first half of the base header */
	NSH_OAM = 0x2000,
	NSH_TTL = 0x0fc0,
	NSH_TTL_ONE = 0x0040,
	NSH_LENGTH = 0x003f,
	NSH_MD_TYPE = 0x0f00, /* the second half */
	NSH_MD_TYPE_1 = 0x0100,
	NSH_MD_TYPE_2 = 0x0200,
	NSH_NEXT = 0x00ff,
	NSH_IPV4 = 1, /* next protocols, 11.2.5 */
	NSH_IPV6 = 2,
	NSH_ETHERNET = 3,
	NSH_NSH = 4,
	NSH_MPLS = 5,
	NSH_IOAM = 6,                          /* RFC 9452 4 */
	NSH_IP = 0x100,                        /* behind MPLS: the first nibble tells which */
	NSH_TLV_LENGTH = 0x7f,                 /* 2.5.1 */
	NSH_PARTS = SFC_HEADER_MAX / NSH_WORD, /* headers in front of the packet: each has a word at least */
};

/* As in the frame. */
struct nsh {
	__be16 first;  /* version, O, U, TTL, length */
	__be16 second; /* U, MD type, next protocol */
	__be32 path;   /* service path identifier and service index */
};

/* Where the NSH begins, behind Ethernet: after tags or the outer packet. */
static __always_inline __u32 nsh_lead(const struct work *work)
{
	return *(const volatile __u8 *)&work->encap.lead & 0x7f;
}

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

/* MD type 1 with a packet right behind it, and no fault that its base header and service index show. */
static __always_inline int nsh_is_usual(const struct work *work, __u32 what)
{
	const __u32 want = NSH_MD1 / NSH_WORD << 16 | NSH_MD_TYPE_1;
	const __u32 mask = (NSH_OAM | NSH_LENGTH) << 16 | NSH_MD_TYPE;
	__u32 base = work->encap.first;

	return !(what & SFC_OPTION_FORWARDER) && (base & mask) == want && (base & NSH_NEXT) - NSH_IPV4 <= 2 &&
	       work->encap.second & 0xff;
}

/* Such an NSH was found behind `lead` bytes. */
static __always_inline void nsh_usual_found(struct work *work, __u32 lead)
{
	__u32 next = work->encap.first & NSH_NEXT;

	work->encap.says_at = lead + NSH_NEXT_AT;
	work->encap.cut = lead + NSH_MD1;
	work->encap.kept = lead + NSH_MD1;
	work->encap.inner = next == NSH_IPV4 ? SFC_INNER_IPV4 : next == NSH_IPV6 ? SFC_INNER_IPV6 : SFC_INNER_ETHERNET;
}

/* That, right behind Ethernet: nearly all there is. Returns 1 where it was so. */
static __always_inline int nsh_read_fast(struct xdp_md *ctx, struct work *work, __u32 what)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const __u64 *word = cursor_take(&cur, NSH_MD1);
	__u64 *out = work->header.word + SFC_HEADER_META;

	if (work->encap.lead || !word || !nsh_is_usual(work, what))
		return 0;
	out[0] = word[0] - (1ULL << 8 * NSH_SI);
	out[1] = word[1];
	out[2] = word[2];
	nsh_usual_found(work, 0);
	return 1;
}

/*
 * The same in VXLAN-GPE over IPv4 without options and UDP checksum. Returns 1 where it was so and the outer packet has
 * no fault. All that nsh_read, nsh_advance and nsh_gpe_parse do, but word by word: what they store in pieces, the cache
 * would wait for.
 */
static __always_inline int nsh_read_gpe_fast(struct xdp_md *ctx, struct work *work, __u32 what)
{
	const struct sfc_tunnel *tunnel = gpe_tunnel(work, what);
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const __u64 *word = cursor_take(&cur, GPE_IPV4_LEAD + NSH_MD1);
	__u64 *out = work->header.word + SFC_HEADER_META, from, to;
	__u32 len;

	if (nsh_lead(work) != GPE_IPV4_LEAD || !word || !nsh_is_usual(work, what) ||
	    (what & SFC_OPTION_TUNNEL && (!tunnel || tunnel->ipv6)))
		return 0;
	nsh_usual_found(work, GPE_IPV4_LEAD);
	len = bpf_ntohs(word[0] >> 16);
	if (!gpe_ipv4_is_usual(work, word, len) || !gpe_holds(ctx, work, len))
		return 0;
	from = tunnel ? tunnel->local.word[3] : (__u32)word[2];
	to = tunnel ? tunnel->remote.word[3] : word[1] >> 32;
	out[0] = word[0] & GPE_IPV4_STAYS;
	out[1] = from << 32 | IPPROTO_UDP << 8 | GPE_TTL;
	out[2] = word[2] >> 32 << 32 | to;
	out[3] = word[3] >> 32 << 32; /* neither length nor checksum of UDP */
	out[4] = word[4];
	out[5] = word[5] - (1 << 24); /* the service index */
	out[6] = word[6];
	out[7] = *(const __u32 *)(word + 7);
	return 1;
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

/* The next protocol of the IP packet behind the header, where a kernel has made IPv6 of IPv4, or wrapped one in the
 * other. */
static __always_inline int nsh_say(struct xdp_md *ctx, const struct work *work)
{
	__u32 says = *(const volatile __u16 *)&work->header.f.says;
	struct cursor cur = cursor_at(ctx, l2_len(work) + (*(const volatile __u16 *)&work->header.f.len & CUT_MASK));
	const __u8 *first = cursor_take(&cur, 1);
	__u8 next;

	if (!says)
		return SFC_OK;
	if (!first)
		return SFC_REASON_truncated;
	next = *first >> 4 == 6 ? NSH_IPV6 : NSH_IPV4;
	return bpf_xdp_store_bytes(ctx, l2_len(work) + (says >> 8), &next, 1) ? SFC_REASON_no_room : SFC_OK;
}

/*
 * finish: an outer packet has lengths and checksums. RFC 8300 3 (figure 8) lets a proxy write context headers here:
 * telemetry belongs here, in front of the checksum.
 */
static __always_inline int nsh_finish(struct xdp_md *ctx, struct work *work, const struct sfc_service *service)
{
	int reason = SFC_OK;

	if (sfc_config.kernel_mode && service->options & SFC_OPTION_KERNEL)
		reason = nsh_say(ctx, work);
	if (reason)
		return reason;
	return encap_finishes(&work->header.f) ? nsh_gpe_finish(ctx, work, service) : SFC_OK;
}
