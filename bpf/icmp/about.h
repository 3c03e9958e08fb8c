/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which packets an ICMP error may be about: RFC 1122 3.2.2, RFC 1812 4.3.2.7, RFC 4443 2.4 (e). The packet may be a
 * broken one, so nothing that is known of it is relied on. */
#pragma once

#include "icmp/types.h"
#include "key/inner.h"

/* Where the packet that the message is about begins in the frame: behind Ethernet and its tags. */
static __always_inline __u32 about_off(const struct work *work)
{
	return *(const volatile __u8 *)&work->icmp.l3_off & ABOUT_OFF_MASK;
}

/* An address that is one host's: not 0/8, loopback, multicast or above. */
static __always_inline int about_host_ipv4(__be32 address)
{
	__u32 first = bpf_ntohl(address) >> 24;

	return first != 0 && first != 127 && first < 224;
}

/* RFC 791, RFC 1812: not about a fragment other than the first, an error, or a packet to many hosts. */
static __always_inline int about_ipv4(struct xdp_md *ctx, struct work *work, const struct iphdr *ip)
{
	struct cursor cur = cursor_at(ctx, about_off(work) + ip->ihl * 4U);
	const __u8 *type = cursor_take(&cur, 1);

	if (!about_host_ipv4(ip->saddr) || bpf_ntohl(ip->daddr) >> 24 >= 224 || ip->frag_off & bpf_htons(IPV4_OFFSET))
		return 0;
	return ip->protocol != IPPROTO_ICMP || (type && *type <= ICMP_LAST && !icmp_is_error(*type));
}

/* Reads the header at walk_off and moves on. Returns 0 where there is no further one that can be read. */
static __always_inline int about_step(struct xdp_md *ctx, struct inner *inner)
{
	struct cursor cur = cursor_at(ctx, forget(&inner->walk_off, INNER_OFF_MASK));
	const struct extension *header = cursor_take(&cur, sizeof(*header));

	if (!header || !extensions_is_one(inner->walk_next))
		return 0;
	/* Only a first fragment shows what it is part of. */
	if (inner->walk_next == NEXTHDR_FRAGMENT && header->word & bpf_htons(FRAGMENT_OFFSET))
		inner->walk_len = 0;
	inner->walk_off += extensions_size(header, inner->walk_next);
	inner->walk_next = header->next;
	return inner->walk_len != 0;
}

/* The first byte of what the headers of an IPv6 packet lead to, if that is ICMPv6; else -1. Of segments too, which
 * extensions_walk does not look behind. */
static __always_inline int about_type_ipv6(struct xdp_md *ctx, struct work *work, __u8 next)
{
	struct inner *inner = &work->inner;
	struct cursor cur;
	const __u8 *type;

	inner->walk_next = next;
	inner->walk_off = about_off(work) + sizeof(struct ipv6hdr);
	inner->walk_len = 1;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < SFC_EXTENSIONS_MAX; i++) {
		if (!about_step(ctx, inner))
			break;
	}
	cur = cursor_at(ctx, forget(&inner->walk_off, INNER_OFF_MASK));
	type = cursor_take(&cur, 1);
	return inner->walk_next == IPPROTO_ICMPV6 && inner->walk_len && type ? *type : -1;
}

/* Whether an address of IPv6 is one host's: not unspecified, loopback or multicast. */
static __always_inline int about_host_ipv6(const __be32 *word)
{
	return (word[0] | word[1] | word[2] || (word[3] && word[3] != bpf_htonl(1))) && *(const __u8 *)word != 0xff;
}

/* RFC 4443 2.4 (e.3): a packet to many hosts may be answered where it is too big, or has an option that nobody knows.
 */
static __always_inline int about_many(const struct work *work)
{
	return work->icmp.kind == ICMP_KIND(ICMP6_TOO_BIG, 0) ||
	       work->icmp.kind == ICMP_KIND(ICMP6_PARAMETER, ICMP6_OPTION);
}

static __always_inline int about_ipv6(struct xdp_md *ctx, struct work *work, const struct ipv6hdr *ip)
{
	int type;

	if (!about_host_ipv6((const __be32 *)&ip->saddr) || (*(const __u8 *)&ip->daddr == 0xff && !about_many(work)))
		return 0;
	type = about_type_ipv6(ctx, work, ip->nexthdr);
	return type < 0 || (type >= ICMP6_INFORMATION && type != ICMP6_REDIRECT);
}

/* Whether its sender may be told. Fills work->icmp.six, and the packet's length by its header. */
static __always_inline int about_allowed(struct xdp_md *ctx, struct work *work)
{
	struct cursor cur = cursor_at(ctx, about_off(work));
	const struct iphdr *ip = cursor_take(&cur, sizeof(*ip));
	const struct ipv6hdr *ipv6 = (const struct ipv6hdr *)ip;

	if (!ip)
		return 0;
	work->icmp.six = ip->version == 6;
	if (ip->version == 4) {
		work->icmp.len = bpf_ntohs(ip->tot_len);
		work->icmp.to.word[3] = ip->saddr;
		return about_ipv4(ctx, work, ip);
	}
	if (ip->version != 6 || !cursor_take(&cur, sizeof(*ipv6) - sizeof(*ip)))
		return 0;
	work->icmp.len = bpf_ntohs(ipv6->payload_len) + sizeof(*ipv6);
	__builtin_memcpy(&work->icmp.to, &ipv6->saddr, sizeof(work->icmp.to));
	return about_ipv6(ctx, work, ipv6);
}
