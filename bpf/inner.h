/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The inner IP header: checked in full before anything is kept of the packet. */
#pragma once

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "cursor.h"
#include "maps.h"

enum {
	IPV4_FRAGMENT = 0x3fff, /* RFC 791: more-fragments bit and offset */
	NEXTHDR_HOP = 0,
	NEXTHDR_ROUTING = 43,
	NEXTHDR_FRAGMENT = 44,
	NEXTHDR_AUTH = 51,
	NEXTHDR_DEST = 60,
	NEXTHDR_ICMPV6 = 58,
	ROUTING_TYPE_SRH = 4, /* RFC 8754 2 */
	ND_FIRST = 133,       /* RFC 4861 4: router solicitation ... redirect */
	ND_LAST = 137,
};

/* The parsed facts about an inner packet. */
struct inner {
	__u32 l4_off; /* from the start of the frame */
	__u32 l4_len; /* bytes of L4 header and payload, by the IP header */
};

/* First nibble of the payload behind Ethernet and `cut` bytes of encapsulation: 4, 6, another value, or -1 where there
 * is none. */
static __always_inline int inner_version(struct xdp_md *ctx, __u32 l3_off)
{
	struct cursor cur = cursor_at(ctx, l3_off);
	__u8 *first = cursor_take(&cur, 1);

	return first ? *first >> 4 : -1;
}

/*
 * RFC 791 3.1. Fills the IP part of the key. Options are skipped by IHL and never part of the key.
 * Returns SFC_OK or the reason; on a reason the key is of no use.
 */
static __always_inline int inner_parse_ipv4(struct xdp_md *ctx, __u32 l3_off, struct sfc_key_fields *key,
					    struct inner *inner)
{
	struct cursor cur = cursor_at(ctx, l3_off);
	struct iphdr *ip = cursor_take(&cur, sizeof(*ip));
	__u32 header, total;

	if (!ip)
		return SFC_REASON_truncated;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || header < sizeof(*ip) || total < header)
		return SFC_REASON_bad_inner;
	if (l3_off + total > bpf_xdp_get_buff_len(ctx))
		return SFC_REASON_truncated;
	if (ip->frag_off & bpf_htons(IPV4_FRAGMENT))
		return SFC_REASON_no_key;
	__builtin_memcpy(key->saddr, &ip->saddr, 4);
	__builtin_memcpy(key->daddr, &ip->daddr, 4);
	key->version = 4;
	key->proto = ip->protocol;
	key->ipv4_id = ip->id;
	inner->l4_off = l3_off + header;
	inner->l4_len = total - header;
	return SFC_OK;
}

/* RFC 8200 3. Extension headers have no key yet: their number ends up in `proto`, which no key builder knows. */
static __always_inline int inner_parse_ipv6(struct xdp_md *ctx, __u32 l3_off, struct sfc_key_fields *key,
					    struct inner *inner)
{
	struct cursor cur = cursor_at(ctx, l3_off);
	struct ipv6hdr *ip = cursor_take(&cur, sizeof(*ip));

	if (!ip)
		return SFC_REASON_truncated;
	if (ip->version != 6)
		return SFC_REASON_bad_inner;
	inner->l4_off = l3_off + sizeof(*ip);
	inner->l4_len = bpf_ntohs(ip->payload_len);
	if (inner->l4_off + inner->l4_len > bpf_xdp_get_buff_len(ctx))
		return SFC_REASON_truncated;
	__builtin_memcpy(key->saddr, &ip->saddr, 16);
	__builtin_memcpy(key->daddr, &ip->daddr, 16);
	key->version = 6;
	key->proto = ip->nexthdr;
	return SFC_OK;
}

/* RFC 1624 by the kernel's ip_decrease_ttl: one hop less adds 0x0100 to the one's complement checksum. */
static __always_inline void ipv4_decrement_ttl(struct iphdr *ip)
{
	__u32 check = ip->check;

	check += bpf_htons(0x0100);
	ip->check = (__sum16)(check + (check >= 0xffff));
	ip->ttl--;
}

/* TTL or hop limit of the packet at `l3_off`, 0 where there is none. */
static __always_inline __u32 inner_hops(struct xdp_md *ctx, __u32 l3_off)
{
	struct cursor cur = cursor_at(ctx, l3_off);
	struct iphdr *ip = cursor_take(&cur, sizeof(*ip));

	if (!ip)
		return 0;
	return ip->version == 4 ? ip->ttl : ((struct ipv6hdr *)ip)->hop_limit;
}

/* Takes one hop off the packet at `l3_off`. Returns SFC_REASON_ttl, and changes nothing, where that would leave none.
 */
static __always_inline int inner_decrement(struct xdp_md *ctx, __u32 l3_off)
{
	struct cursor cur = cursor_at(ctx, l3_off);
	struct iphdr *ip = cursor_take(&cur, sizeof(*ip));

	if (!ip)
		return SFC_REASON_truncated;
	if (ip->version == 4) {
		if (ip->ttl <= 1)
			return SFC_REASON_ttl;
		ipv4_decrement_ttl(ip);
		return SFC_OK;
	}
	if (((struct ipv6hdr *)ip)->hop_limit <= 1)
		return SFC_REASON_ttl;
	((struct ipv6hdr *)ip)->hop_limit--;
	return SFC_OK;
}
