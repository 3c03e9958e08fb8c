/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The NSH that nearly all packets have, read and advanced in whole words. */
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
