/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The IP packet in which an encapsulation may travel to this host: read before any service is known. */
#pragma once

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include "base/cursor.h"
#include "base/maps.h"

enum { OUTER_FRAGMENT = 0x3fff /* RFC 791: more-fragments bit and offset */ };

/* Whether the packet is for this host. Replay has no addresses, so every one counts there. */
static __always_inline int outer_is_ours(const struct sfc_address *address)
{
	return sfc_config.any_address || bpf_map_lookup_elem(&own_addresses, address) != NULL;
}

/* The destination port of a UDP packet at `off`, host byte order; 0 for none. */
static __always_inline __u16 outer_port_at(struct xdp_md *ctx, __u32 off)
{
	struct cursor cur = cursor_at(ctx, off);
	const struct udphdr *udp = cursor_take(&cur, sizeof(*udp));

	return udp ? bpf_ntohs(udp->dest) : 0;
}

static __always_inline __u16 outer_udp_port_ipv4(struct xdp_md *ctx, __u32 l3_off)
{
	struct cursor cur = cursor_at(ctx, l3_off);
	const struct iphdr *ip = cursor_take(&cur, sizeof(*ip));
	struct sfc_address to = {.word = {0, 0, bpf_htonl(0xffff), 0}};
	__u32 header;

	if (!ip || ip->version != 4 || ip->protocol != IPPROTO_UDP || ip->frag_off & bpf_htons(OUTER_FRAGMENT))
		return 0;
	header = ip->ihl * 4;
	if (header < sizeof(*ip) || bpf_ntohs(ip->tot_len) < header + sizeof(struct udphdr))
		return 0;
	to.word[3] = ip->daddr;
	return outer_is_ours(&to) ? outer_port_at(ctx, l3_off + header) : 0;
}

static __always_inline __u16 outer_udp_port_ipv6(struct xdp_md *ctx, __u32 l3_off)
{
	struct cursor cur = cursor_at(ctx, l3_off);
	const struct ipv6hdr *ip = cursor_take(&cur, sizeof(*ip));
	struct sfc_address to;

	if (!ip || ip->version != 6 || ip->nexthdr != IPPROTO_UDP)
		return 0;
	__builtin_memcpy(&to, &ip->daddr, sizeof(to));
	return outer_is_ours(&to) ? outer_port_at(ctx, l3_off + sizeof(*ip)) : 0;
}

/*
 * The destination port of a UDP packet to this host, host byte order; 0 for any other packet. Fragments are none: only
 * the first one would have the port.
 */
static __always_inline __u16 outer_udp_port(struct xdp_md *ctx, struct work *work, __be16 type)
{
	if (type == bpf_htons(ETH_P_IP))
		return outer_udp_port_ipv4(ctx, l2_len(work));
	return type == bpf_htons(ETH_P_IPV6) ? outer_udp_port_ipv6(ctx, l2_len(work)) : 0;
}
