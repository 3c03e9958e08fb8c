/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The inner IP header: checked in full before anything is kept of the packet. */
#pragma once

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "base/cursor.h"
#include "base/maps.h"
#include "key/extensions.h"

enum {
	IPV4_FRAGMENT = 0x3fff, /* RFC 791: more-fragments bit and offset */
	IPV4_OFFSET = 0x1fff,
};

/* First nibble of what stands at `l3_off`: 4, 6, another value, or -1 where there is nothing. */
static __always_inline int inner_version(struct xdp_md *ctx, __u32 l3_off)
{
	struct cursor cur = cursor_at(ctx, l3_off);
	__u8 *first = cursor_take(&cur, 1);

	return first ? *first >> 4 : -1;
}

/* Source and destination, IPv4 in the first four bytes and zeros behind. In registers on their way into a key. */
struct addresses {
	__u64 word[4];
};

/* RFC 791 3.1. Options are skipped by IHL. Returns SFC_OK or the reason. */
static __always_inline int inner_parse_ipv4(struct xdp_md *ctx, struct work *work, __u32 l3_off,
					    struct addresses *addresses)
{
	struct cursor cur = cursor_at(ctx, l3_off);
	struct iphdr *ip = cursor_take(&cur, sizeof(*ip));
	struct inner *inner = &work->inner;
	__u32 header, total;

	if (!ip)
		return SFC_REASON_truncated;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || header < sizeof(*ip) || total < header)
		return SFC_REASON_bad_inner;
	if (l3_off + total > work->result.frame_len)
		return SFC_REASON_truncated;
	*addresses = (struct addresses){{ip->saddr, 0, ip->daddr, 0}};
	inner->ipv4_id = ip->id;
	inner->proto = ip->protocol;
	inner->off = l3_off + header;
	inner->len = total - header;
	if (ip->frag_off & bpf_htons(IPV4_FRAGMENT)) {
		inner->fragment = 1;
		inner->fragment_off = ip->frag_off & bpf_htons(IPV4_FRAGMENT);
		inner->fragment_id = ip->id;
	}
	return SFC_OK;
}

/* RFC 8200 3. Returns SFC_OK or the reason. */
static __always_inline int inner_parse_ipv6(struct xdp_md *ctx, struct work *work, __u32 l3_off,
					    struct addresses *addresses)
{
	struct cursor cur = cursor_at(ctx, l3_off);
	struct ipv6hdr *ip = cursor_take(&cur, sizeof(*ip));
	struct inner *inner = &work->inner;
	const __u64 *word;

	if (!ip)
		return SFC_REASON_truncated;
	if (ip->version != 6)
		return SFC_REASON_bad_inner;
	inner->off = l3_off + sizeof(*ip);
	inner->len = bpf_ntohs(ip->payload_len);
	if (inner->off + inner->len > work->result.frame_len)
		return SFC_REASON_truncated;
	word = (const __u64 *)&ip->saddr;
	*addresses = (struct addresses){{word[0], word[1], word[2], word[3]}};
	inner->ipv4_id = 0;
	inner->proto = ip->nexthdr;
	return extensions_is_one(ip->nexthdr) ? extensions_walk(ctx, work) : SFC_OK;
}

/*
 * Reads the IP packet of inner->version at inner->l3_off up to what it carries.
 * Returns SFC_OK, SFC_REASON_truncated, _bad_inner or _no_key.
 */
static __always_inline int inner_parse(struct xdp_md *ctx, struct work *work, struct addresses *addresses)
{
	__u32 l3_off = forget(&work->inner.l3_off, INNER_L3_MASK);

	work->inner.fragment = 0;
	work->inner.sfc = 0;
	work->inner.settled = 0;
	if (work->inner.version == 4)
		return inner_parse_ipv4(ctx, work, l3_off, addresses);
	return inner_parse_ipv6(ctx, work, l3_off, addresses);
}

/* RFC 1624 as in the kernel's ip_decrease_ttl: each hop less adds 0x0100 to the one's complement checksum. */
static __always_inline void ipv4_lower_ttl(struct iphdr *ip, __u8 ttl)
{
	__u32 check = ip->check;

	check += bpf_htons((__u16)((ip->ttl - ttl) << 8));
	ip->check = (__sum16)(check + (check >= 0xffff));
	ip->ttl = ttl;
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

/* RFC 3443 3.1, uniform, where the last label has gone: the packet at `at` leaves with `hops` hops, if it has more. 0
 * is no limit. */
static __always_inline void inner_limit(void *at, const void *end, __u8 hops)
{
	struct ipv6hdr *ipv6 = at;
	struct iphdr *ip = at;

	if (!hops || (void *)(ip + 1) > end)
		return;
	if (ip->version == 4 && ip->ttl > hops)
		ipv4_lower_ttl(ip, hops);
	else if (ip->version == 6 && ipv6->hop_limit > hops)
		ipv6->hop_limit = hops;
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
		ipv4_lower_ttl(ip, ip->ttl - 1);
		return SFC_OK;
	}
	if (((struct ipv6hdr *)ip)->hop_limit <= 1)
		return SFC_REASON_ttl;
	((struct ipv6hdr *)ip)->hop_limit--;
	return SFC_OK;
}
