/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an SF must not send: SFC, and what can carry SFC. Functions of their own, as in key_rare.h: frames that are
 * plain IP and have an entry never come here.
 */
#pragma once

#include <linux/if_ether.h>

#include "encap/encaps.h"
#include "key/inner.h"
#include "key/key_rare.h"
#include "key/tunnel.h"

enum {
	WRAPPERS_MAX = 4,
	ETH_P_PBB = 0x88e7,    /* IEEE 802.1Q 9.7: I-TAG, which holds the customer's MACs */
	LENGTH_LIMIT = 0x0600, /* IEEE 802.3 3.2.6: below it the field is a length */
	VLAN_BYTES = 4,
	PBB_BYTES = 18,
	PPPOE_BYTES = 8,    /* RFC 2516 4: 6 bytes, then PPP's protocol */
	SNAP_BYTES = 8,     /* IEEE 802 9.4: AA AA 03, three bytes of organisation, EtherType */
	TYPE_NONE = 0xffff, /* reserved, IEEE 802: stands for what has no EtherType */
	PPP_IP = 0x0021,
	PPP_IPV6 = 0x0057,
	PPP_MPLS_UC = 0x0281, /* RFC 3032 4.3 */
	PPP_MPLS_MC = 0x0283,
};

/* How many bytes the wrapper of this EtherType has behind it, 0 for none. */
static __always_inline __u32 wrapper_bytes(__u32 type)
{
	switch (type) {
	case ETH_P_8021Q:
	case ETH_P_8021AD:
	case ETH_P_QINQ1:
	case ETH_P_QINQ2:
		return VLAN_BYTES;
	case ETH_P_PBB:
		return PBB_BYTES;
	case ETH_P_PPP_SES:
		return PPPOE_BYTES;
	default:
		return type < LENGTH_LIMIT ? SNAP_BYTES : 0;
	}
}

/* PPP has protocol numbers of its own. */
static __always_inline __u32 wrapper_ppp_type(__u32 protocol)
{
	switch (protocol) {
	case PPP_IP:
		return ETH_P_IP;
	case PPP_IPV6:
		return ETH_P_IPV6;
	case PPP_MPLS_UC:
	case PPP_MPLS_MC:
		return ETH_P_MPLS_UC;
	default:
		return TYPE_NONE;
	}
}

/* The EtherType that ends a wrapper of `type` whose last eight bytes are at `tail_off`. */
static __always_inline __u32 wrapper_next(struct xdp_md *ctx, __u32 type, __u32 tail_off)
{
	struct cursor cur = cursor_at(ctx, tail_off);
	__u8 *tail = cursor_take(&cur, SNAP_BYTES);
	__u32 next;

	if (!tail)
		return TYPE_NONE;
	next = tail[SNAP_BYTES - 2] << 8 | tail[SNAP_BYTES - 1];
	if (type == ETH_P_PPP_SES)
		return wrapper_ppp_type(next);
	if (type < LENGTH_LIMIT && (tail[0] != 0xaa || tail[1] != 0xaa || tail[2] != 0x03))
		return TYPE_NONE;
	return next;
}

/*
 * Looks through up to four wrappers behind the Ethernet header at `frame_off`. inner->l3_off and ->version become those
 * of an IP packet in there; version is 0 where there is none. Returns SFC_REASON_sfc_from_sf, or SFC_OK.
 */
__noinline int untrusted_unwrap(struct xdp_md *ctx, struct work *work, __u32 frame_off)
{
	struct cursor cur = cursor_at(ctx, frame_off & INNER_L3_MASK);
	struct ethhdr *eth = cursor_take(&cur, sizeof(*eth));
	__u32 type, bytes;

	if (!work || !eth)
		return SFC_REASON_runt;
	/* The offset is that of the eight bytes before the payload: the verifier loses a difference of two offsets. */
	work->inner.walk_off = frame_off + ETH_HLEN - SNAP_BYTES;
	work->inner.version = 0;
	type = bpf_ntohs(eth->h_proto);
	for (int i = 0; i < WRAPPERS_MAX; i++) {
		bytes = wrapper_bytes(type);
		if (!bytes)
			break;
		*(volatile __u32 *)&work->inner.walk_off += bytes;
		type = wrapper_next(ctx, type, forget(&work->inner.walk_off, INNER_L3_MASK));
		asm volatile("" : "+r"(type));
	}
	if (encap_is_sfc(bpf_htons(type)) || wrapper_bytes(type))
		return SFC_REASON_sfc_from_sf;
	work->inner.l3_off = work->inner.walk_off + SNAP_BYTES;
	work->inner.version = type == ETH_P_IP ? 4 : type == ETH_P_IPV6 ? 6 : 0;
	return SFC_OK;
}

static __always_inline int untrusted_is_later(const struct inner *inner)
{
	__u32 offset = inner->version == 4 ? IPV4_OFFSET : FRAGMENT_OFFSET;

	return inner->fragment && inner->fragment_off & bpf_htons(offset);
}

/* What an IPv4 packet carries behind AH stands in its first byte; len shrinks by AH. */
static __always_inline void untrusted_skip_ah(struct xdp_md *ctx, struct inner *inner)
{
	struct cursor cur = cursor_at(ctx, forget(&inner->off, INNER_OFF_MASK));
	__u8 *ah = cursor_take(&cur, 2);
	__u32 size;

	inner->walk_next = inner->proto;
	inner->walk_off = inner->off;
	inner->walk_len = inner->len;
	if (inner->proto != IP_AH || untrusted_is_later(inner) || !ah)
		return;
	size = (ah[1] + 2) * 4;
	if (size > inner->len)
		return;
	inner->walk_next = ah[0];
	inner->walk_off += size;
	inner->walk_len -= size;
}

/* Whether the packet that inner_parse has read is of a kind that can carry SFC. */
static __always_inline int untrusted_is_tunnel(struct xdp_md *ctx, struct inner *inner)
{
	struct cursor cur;
	__be16 *ports;

	/* Behind AH, and in a first IPv6 fragment, the walk has gone on; elsewhere it ends where the key begins. */
	if (!inner->settled)
		untrusted_skip_ah(ctx, inner);
	if (tunnel_is_protocol(inner->walk_next))
		return 1;
	if (inner->walk_next != IPPROTO_UDP || untrusted_is_later(inner))
		return 0; /* the first fragment does not pass, so a later one is of no use */
	cur = cursor_at(ctx, forget(&inner->walk_off, INNER_OFF_MASK));
	ports = cursor_take(&cur, 4);
	return ports && inner->walk_len >= 4 && tunnel_is_port(bpf_ntohs(ports[1]));
}

/* Neighbour discovery, multicast listeners, IGMP: only an SF that gets Ethernet frames has keys for these. */
static __always_inline int untrusted_is_control(struct xdp_md *ctx, const struct inner *inner)
{
	struct cursor cur = cursor_at(ctx, forget(&inner->off, INNER_OFF_MASK));
	__u8 *type;

	if (inner->fragment)
		return 0;
	if (inner->version == 4)
		return inner->proto == IP_IGMP;
	type = cursor_take(&cur, 1);
	return inner->proto == IP_ICMPV6 && inner->len > 0 && type && key_is_control(*type);
}

/*
 * Judges a packet of an SF that has no entry. Returns SFC_REASON_sfc_from_sf for
 * segment routing and, unless the SF's policy lets them pass, for tunnels; SFC_REASON_control for what is the link's
 * own or no IP; else SFC_REASON_miss.
 */
__noinline int untrusted_judge(struct xdp_md *ctx, struct work *work, __u32 tunnels)
{
	struct addresses unused;
	int reason;

	if (!work)
		return SFC_REASON_miss;
	reason = untrusted_unwrap(ctx, work, 0);
	if (reason)
		return reason;
	if (work->inner.version == 0)
		return SFC_REASON_control;
	reason = inner_parse(ctx, work, &unused);
	if (work->inner.sfc)
		return SFC_REASON_sfc_from_sf;
	if (reason == SFC_OK && tunnels != SFC_TUNNELS_PASS && untrusted_is_tunnel(ctx, &work->inner))
		return SFC_REASON_sfc_from_sf;
	return reason == SFC_OK && untrusted_is_control(ctx, &work->inner) ? SFC_REASON_control : SFC_REASON_miss;
}
