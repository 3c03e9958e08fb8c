/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe-13) around an NSH: IP, UDP and eight bytes. They are kept with the NSH.
 * Fields that depend on the packet are zero meanwhile, and the addresses are already those of the way back.
 */
#pragma once

#include "base/sum.h"
#include "encap/bytes.h"
#include "encap/outer.h"

enum {
	GPE_BYTES = 8,
	GPE_VERSION = 0x30, /* in the first byte, 3.1 */
	GPE_NEXT = 0x04,    /* the P bit: there is a next protocol */
	GPE_OAM = 0x01,
	GPE_NSH = 4,          /* 3.2, in the fourth byte */
	GPE_TTL = 64,         /* RFC 1700: the proxy sends the packet anew */
	GPE_BYPASS_IPV4 = 8,  /* words from the addresses to the end of the service path header: 2, UDP 2, 2, NSH 2 */
	GPE_BYPASS_IPV6 = 14, /* the same, with 8 of addresses */
	GPE_IPV4_LEAD = 36,   /* IPv4 without options, UDP and the eight bytes */
	GPE_SUMMED = 0xffff   /* stands for a UDP checksum that is to be made; no sum is 0, which means none */
};

/* Properties of a service, beside enum sfc_option. */
enum nsh_what { NSH_INGRESS = 0x100 /* next_hop: ingress */, NSH_FRAMES = 0x200 /* inner: ethernet */ };

struct gpe_ipv4 {
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed, aligned(4)));

struct gpe_ipv6 {
	struct ipv6hdr ip;
	struct udphdr udp;
} __attribute__((packed, aligned(4)));

/* Moves encap.lead behind VXLAN-GPE. Nothing to do for a frame that came otherwise. A frame that ends before the next
 * protocol is not known to have an NSH. */
static __always_inline int nsh_gpe_match(struct xdp_md *ctx, struct work *work)
{
	struct cursor cur;
	const __u8 *gpe;

	if (!work->encap.outer)
		return SFC_OK;
	cur = cursor_at(ctx, l2_len(work) + (*(const volatile __u8 *)&work->encap.lead & 0x7f));
	gpe = cursor_take(&cur, GPE_BYTES / 2);
	if (!gpe || (gpe[0] & (GPE_VERSION | GPE_NEXT)) != GPE_NEXT || gpe[3] != GPE_NSH)
		return SFC_REASON_not_sfc;
	if (!cursor_take(&cur, GPE_BYTES / 2))
		return SFC_REASON_truncated;
	work->encap.lead += GPE_BYTES;
	return gpe[0] & GPE_OAM ? SFC_REASON_oam : SFC_OK;
}

/* The outer packet goes back to its sender, or to a tunnel's other end. A frame without one goes anywhere else. */
static __always_inline int nsh_gpe_fits(const struct work *work, __u32 what)
{
	int tunnel = what & SFC_OPTION_TUNNEL, ingress = what & NSH_INGRESS;

	return (work->encap.outer ? tunnel || ingress : !tunnel) ? SFC_OK : SFC_REASON_no_next_hop;
}

/* The checksum of a UDP datagram of `len` bytes at `off`, without a pseudo header. Returns SFC_OK with it in work->sum,
 * or a reason. */
static __always_inline int gpe_sum(struct xdp_md *ctx, struct work *work, __u32 off, __u32 len, __u64 pseudo)
{
	work->sum = pseudo + bpf_htons(IPPROTO_UDP) + bpf_htons(len);
	return sum_frame(ctx, work, off, len);
}

static __always_inline __u64 gpe_pseudo_ipv4(const struct gpe_ipv4 *outer)
{
	return sum_words((const __u32 *)&outer->ip.saddr, 2);
}

static __always_inline __u64 gpe_pseudo_ipv6(const struct gpe_ipv6 *outer)
{
	return sum_words((const __u32 *)&outer->ip.saddr, 8);
}

/* Whether a UDP checksum is there, and is right; packets with a wrong one must not leave with a right one. */
static __always_inline int gpe_check(struct xdp_md *ctx, struct work *work, const struct udphdr *udp, __u32 off,
				     __u64 pseudo)
{
	int reason;

	if (!udp->check)
		return SFC_OK;
	reason = gpe_sum(ctx, work, off, bpf_ntohs(udp->len), pseudo);
	return reason ?: sum_fold(work->sum) == 0xffff ? SFC_OK : SFC_REASON_bad_outer;
}

/* The tunnel of work's service, or NULL where the packet goes back to its sender. */
static __always_inline const struct sfc_tunnel *gpe_tunnel(const struct work *work, __u32 what)
{
	__u32 id = work->result.service;

	return what & SFC_OPTION_TUNNEL ? bpf_map_lookup_elem(&tunnels, &id) : NULL;
}

static __always_inline void gpe_clear(struct udphdr *udp)
{
	udp->len = 0;
	udp->check = udp->check ? GPE_SUMMED : 0;
}

/* Whether the outer packet, which ends `len` bytes behind Ethernet, has all of an IP packet inside. Padding is behind
 * its end. */
static __always_inline int gpe_holds(struct xdp_md *ctx, struct work *work, __u32 len)
{
	__u32 cut = encap_cut(work);

	return work->encap.inner == SFC_INNER_ETHERNET || cut + encap_ip_len(ctx, l2_len(work) + cut) <= len;
}

/*
 * A packet that goes past the SF keeps its lengths, and its UDP checksum follows from the one that it came with (RFC
 * 1624): changes are in `words` words at `at`, from the addresses to the end of the header, and the frame has them as
 * they were. A checksum of 0 means none.
 */
static __always_inline int gpe_bypass(struct xdp_md *ctx, const struct work *work, struct udphdr *udp, __u32 at,
				      __u32 words)
{
	struct cursor cur = cursor_at(ctx, l2_len(work) + at);
	const __u32 *before = cursor_take(&cur, words * sizeof(*before));
	__u64 sum;

	if (!before)
		return SFC_REASON_truncated;
	if (!udp->check)
		return SFC_OK;
	sum = udp->check + sum_words(before, words);
	sum += (__u16)~sum_fold(sum_words((const __u32 *)(work->header.f.bytes + at), words));
	udp->check = sum_fold(sum) ?: 0xffff;
	return SFC_OK;
}

/* The first eight bytes of an outer IPv4 header, without the length and the identification. */
#define GPE_IPV4_STAYS 0xffff00000000ffffULL

/* Whether an outer packet without options, of `len` bytes, has no fault and no UDP checksum. `word`: all of it in front
 * of the NSH. */
static __always_inline int gpe_ipv4_is_usual(const struct work *work, const __u64 *word, __u32 len)
{
	__u64 sum = sum_words((const __u32 *)word, 5);

	return sum_fold(sum) == 0xffff && len >= work->encap.cut && len <= work->result.frame_len - l2_len(work) &&
	       (__u32)word[3] == bpf_htons(len - sizeof(struct iphdr));
}

static __always_inline int gpe_parse_ipv4(struct xdp_md *ctx, struct work *work, const struct sfc_tunnel *tunnel)
{
	struct gpe_ipv4 *outer = (struct gpe_ipv4 *)work->header.f.bytes;
	__u32 len = bpf_ntohs(outer->ip.tot_len), saddr = outer->ip.saddr;
	int reason;

	if (outer->ip.ihl != 5 || sum_fold(sum_words((const __u32 *)outer, 5)) != 0xffff)
		return SFC_REASON_bad_outer;
	if (len < work->encap.cut || len > work->result.frame_len - l2_len(work) ||
	    bpf_ntohs(outer->udp.len) != len - sizeof(outer->ip) || !gpe_holds(ctx, work, len))
		return SFC_REASON_bad_outer;
	reason = gpe_check(ctx, work, &outer->udp, l2_len(work) + sizeof(outer->ip), gpe_pseudo_ipv4(outer));
	if (reason)
		return reason;
	outer->ip.check = 0;
	outer->ip.ttl = GPE_TTL;
	outer->ip.saddr = tunnel ? tunnel->local.word[3] : outer->ip.daddr;
	outer->ip.daddr = tunnel ? tunnel->remote.word[3] : saddr;
	if (work->encap.bypass) {
		outer->ip.check = ~sum_fold(sum_words((const __u32 *)outer, 5));
		return gpe_bypass(ctx, work, &outer->udp, __builtin_offsetof(struct gpe_ipv4, ip.saddr),
				  GPE_BYPASS_IPV4);
	}
	outer->ip.tot_len = 0;
	outer->ip.id = 0;
	gpe_clear(&outer->udp);
	return SFC_OK;
}

static __always_inline int gpe_parse_ipv6(struct xdp_md *ctx, struct work *work, const struct sfc_tunnel *tunnel)
{
	struct gpe_ipv6 *outer = (struct gpe_ipv6 *)work->header.f.bytes;
	struct sfc_address *source = (struct sfc_address *)&outer->ip.saddr, came = *source;
	__u32 len = bpf_ntohs(outer->ip.payload_len);
	int reason;

	if (len + sizeof(outer->ip) < work->encap.cut ||
	    len + sizeof(outer->ip) > work->result.frame_len - l2_len(work) || bpf_ntohs(outer->udp.len) != len ||
	    !gpe_holds(ctx, work, len + sizeof(outer->ip)))
		return SFC_REASON_bad_outer;
	reason = gpe_check(ctx, work, &outer->udp, l2_len(work) + sizeof(outer->ip), gpe_pseudo_ipv6(outer));
	if (reason)
		return reason;
	outer->ip.hop_limit = GPE_TTL;
	source[0] = tunnel ? tunnel->local : source[1];
	source[1] = tunnel ? tunnel->remote : came;
	if (work->encap.bypass)
		return gpe_bypass(ctx, work, &outer->udp, __builtin_offsetof(struct gpe_ipv6, ip.saddr),
				  GPE_BYPASS_IPV6);
	outer->ip.payload_len = 0;
	gpe_clear(&outer->udp);
	return SFC_OK;
}

/* parse, of the outer packet: its bytes are in work->header. */
static __always_inline int nsh_gpe_parse(struct xdp_md *ctx, struct work *work, __u32 what)
{
	const struct sfc_tunnel *tunnel = gpe_tunnel(work, what);
	int ipv6 = work->header.f.bytes[0] >> 4 == 6;

	if (what & SFC_OPTION_TUNNEL && (!tunnel || ipv6 != (tunnel->ipv6 != 0)))
		return SFC_REASON_no_next_hop; /* an outer packet keeps its IP version */
	return ipv6 ? gpe_parse_ipv6(ctx, work, tunnel) : gpe_parse_ipv4(ctx, work, tunnel);
}

/* Makes a checksum of all that is in the frame now, where there was one. `udp` is in the header as it was kept, which
 * stands in the frame `at` bytes behind its start: GPE_SUMMED there adds nothing, because it is the other zero. */
static __always_inline int gpe_seal(struct xdp_md *ctx, struct work *work, const struct udphdr *udp, __u32 at,
				    __u32 len, __u64 pseudo)
{
	__be16 check;
	int reason;

	if (!udp->check)
		return SFC_OK;
	reason = gpe_sum(ctx, work, at, len, pseudo);
	if (reason)
		return reason;
	check = ~sum_fold(work->sum);
	check = check ?: 0xffff; /* RFC 768 */
	at += __builtin_offsetof(struct udphdr, check);
	return bpf_xdp_store_bytes(ctx, at, &check, sizeof(check)) ? SFC_REASON_no_room : SFC_OK;
}

/* Only the frame is written: a field that is stored in the header as it was kept would make each load of the words
 * around it wait. */
static __always_inline int gpe_finish_ipv4(struct xdp_md *ctx, struct work *work, __u32 total)
{
	const struct gpe_ipv4 *kept = (const struct gpe_ipv4 *)work->header.f.bytes;
	struct cursor cur = cursor_at(ctx, l2_len(work));
	struct gpe_ipv4 *outer = cursor_take(&cur, sizeof(*outer));
	__u32 len = total - sizeof(kept->ip), at = l2_len(work) + sizeof(kept->ip);
	/* RFC 6864 4.1: an identification is of use where the packet may be fragmented. */
	__u16 id = kept->ip.frag_off & bpf_htons(0x4000) ? 0 : bpf_get_prandom_u32();

	if (!outer)
		return SFC_REASON_truncated;
	outer->ip.tot_len = bpf_htons(total);
	outer->ip.id = id;
	outer->ip.check = ~sum_fold(sum_words((const __u32 *)kept, 5) + bpf_htons(total) + id);
	outer->udp.len = bpf_htons(len);
	return gpe_seal(ctx, work, &kept->udp, at, len, gpe_pseudo_ipv4(kept));
}

static __always_inline int gpe_finish_ipv6(struct xdp_md *ctx, struct work *work, __u32 total)
{
	const struct gpe_ipv6 *kept = (const struct gpe_ipv6 *)work->header.f.bytes;
	struct cursor cur = cursor_at(ctx, l2_len(work));
	struct gpe_ipv6 *outer = cursor_take(&cur, sizeof(*outer));
	__u32 len = total - sizeof(kept->ip), at = l2_len(work) + sizeof(kept->ip);

	if (!outer)
		return SFC_REASON_truncated;
	outer->ip.payload_len = bpf_htons(len);
	outer->udp.len = bpf_htons(len);
	return gpe_seal(ctx, work, &kept->udp, at, len, gpe_pseudo_ipv6(kept));
}

/* finish, of the outer packet. */
static __always_inline int nsh_gpe_finish(struct xdp_md *ctx, struct work *work, const struct sfc_service *service)
{
	__u32 total = work->header.f.len + encap_inner_len(ctx, work, service);

	return work->header.f.bytes[0] >> 4 == 6 ? gpe_finish_ipv6(ctx, work, total)
						 : gpe_finish_ipv4(ctx, work, total);
}
