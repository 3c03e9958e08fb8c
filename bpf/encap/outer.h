/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The IP packet in which an encapsulation may travel to this host: read before any service is known. */
#pragma once

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include "base/cursor.h"
#include "base/maps.h"

enum {
	OUTER_OFFSET = 0x1fff, /* RFC 791 3.1 */
	OUTER_MORE = 0x2000,
	OUTER_OFFSET_IPV6 = 0xfff8, /* RFC 8200 4.5 */
};

/* RFC 8200 4.5: the fragment header. */
struct outer_ipv6 {
	__u8 next;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

/* A function for the same reason as port_id_slow. */
static __noinline int outer_is_ours_slow(const struct sfc_address *address)
{
	return bpf_map_lookup_elem(&own_addresses, address) != NULL;
}

static __always_inline int outer_is_at(const struct sfc_address *hint, const struct sfc_address *address)
{
	__u32 differ = 0;

#pragma unroll
	for (__u32 i = 0; i < 4; i++)
		differ |= hint->word[i] ^ address->word[i];
	return !differ;
}

/* Whether the packet is for this host. Replay has no addresses, so every one counts there. */
static __always_inline int outer_is_ours(const struct sfc_address *address)
{
	__u32 position = sfc_address_position(address);
	const struct sfc_address *hint = bpf_map_lookup_elem(&address_hints, &position);

	if (sfc_config.any_address)
		return 1;
	/* An address whose last word is zero may be ::, which stands where there is no hint. */
	if (hint && address->word[3] && outer_is_at(hint, address))
		return 1;
	return outer_is_ours_slow(address);
}

/* The destination port of a UDP packet at `off`, host byte order; 0 for none. */
static __always_inline __u16 outer_port_at(struct xdp_md *ctx, __u32 off)
{
	struct cursor cur = cursor_at(ctx, off);
	const struct udphdr *udp = cursor_take(&cur, sizeof(*udp));

	return udp ? bpf_ntohs(udp->dest) : 0;
}

/* Writes down where the encapsulation's own header begins: behind `header` bytes of IP, and UDP. */
static __always_inline __u16 outer_found(struct xdp_md *ctx, struct work *work, __u32 header, int fragment)
{
	work->encap.lead = header + sizeof(struct udphdr);
	work->encap.outer = fragment ? OUTER_FRAGMENT : OUTER_WHOLE;
	return outer_port_at(ctx, l2_len(work) + header);
}

static __always_inline __u16 outer_udp_port_ipv4(struct xdp_md *ctx, struct work *work)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const struct iphdr *ip = cursor_take(&cur, sizeof(*ip));
	struct sfc_address to = {.word = {0, 0, bpf_htonl(0xffff), 0}};
	__u32 header;

	if (!ip || ip->version != 4 || ip->protocol != IPPROTO_UDP || ip->frag_off & bpf_htons(OUTER_OFFSET))
		return 0;
	header = ip->ihl * 4;
	if (header < sizeof(*ip) || bpf_ntohs(ip->tot_len) < header + sizeof(struct udphdr))
		return 0;
	to.word[3] = ip->daddr;
	return outer_is_ours(&to) ? outer_found(ctx, work, header, ip->frag_off & bpf_htons(OUTER_MORE)) : 0;
}

/* RFC 8200 4.5: a fragment header, of which only the first one is of interest, has UDP behind it. */
static __always_inline int outer_is_first(const struct outer_ipv6 *at)
{
	return at->next == IPPROTO_UDP && !(at->offset & bpf_htons(OUTER_OFFSET_IPV6));
}

static __always_inline __u16 outer_udp_port_ipv6(struct xdp_md *ctx, struct work *work)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const struct ipv6hdr *ip = cursor_take(&cur, sizeof(*ip));
	const struct outer_ipv6 *fragment;
	struct sfc_address to;

	if (!ip || ip->version != 6 || (ip->nexthdr != IPPROTO_UDP && ip->nexthdr != IPPROTO_FRAGMENT))
		return 0;
	__builtin_memcpy(&to, &ip->daddr, sizeof(to));
	if (!outer_is_ours(&to))
		return 0;
	if (ip->nexthdr == IPPROTO_UDP)
		return outer_found(ctx, work, sizeof(*ip), 0);
	fragment = cursor_take(&cur, sizeof(*fragment));
	return fragment && outer_is_first(fragment) ? outer_found(ctx, work, sizeof(*ip) + sizeof(*fragment), 1) : 0;
}

/*
 * The destination port of a UDP packet to this host, host byte order; 0 for any other packet, and for a fragment
 * without the port. Fills encap.lead and encap.outer. `type` is the EtherType. Not static, as extensions_walk.
 */
__noinline int outer_udp_port(struct xdp_md *ctx, struct work *work, __u32 type)
{
	if (!work)
		return 0;
	if (type == bpf_htons(ETH_P_IP))
		return outer_udp_port_ipv4(ctx, work);
	return type == bpf_htons(ETH_P_IPV6) ? outer_udp_port_ipv6(ctx, work) : 0;
}
