/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The outer packet of SRv6 (RFC 8754, RFC 9800) that follows from a packet, as it stands behind Ethernet: the model
 * that the proxy's work is compared with. */
#pragma once

#include "packet.h"

enum {
	SRV6_SEGMENTS = 3, /* with that of the proxy, which a reduced list leaves out */
	SRV6_LIST_AT = sizeof(struct ipv6hdr) + 8,
	SRV6_BYTES = SRV6_LIST_AT + SRV6_SEGMENTS * sizeof(struct in6_addr),
	SRV6_WORDS = SRV6_BYTES / 8,
	SRV6_HOPS = 61,
	SRV6_NET = 0x20010db8,
	SRV6_SOURCE = 0x00a10000, /* + 0x10000 of the direction: the second word of 2001:db8:a1::1 */
	SRV6_PROXY = 0x00f00000,  /* 2001:db8:f0::a1 */
	SRV6_PROXY_LAST = 0xa1,
	SRV6_CSID = 0x01000000, /* + 0x1000000 of the direction: 2001:db8:100::/48 */
	SRV6_OTHER = 0x00e00000,
};

/* RFC 8754 2 */
struct srv6_routing {
	__u8 next;
	__u8 length;
	__u8 type;
	__u8 left;
	__u8 last;
	__u8 flags;
	__be16 tag;
};

struct srv6_outer {
	struct ipv6hdr ip;
	struct srv6_routing routing;
	struct in6_addr list[SRV6_SEGMENTS];
};

/* All bytes that are not in use are zero. */
struct header {
	__u32 len;
	__be16 type;
	union {
		struct srv6_outer outer;
		__u64 word[SRV6_WORDS];
	};
};

static __always_inline void put_address(struct in6_addr *at, __u32 second, __u32 third, __u32 last)
{
	at->in6_u.u6_addr32[0] = bpf_htonl(SRV6_NET);
	at->in6_u.u6_addr32[1] = bpf_htonl(second);
	at->in6_u.u6_addr32[2] = bpf_htonl(third);
	at->in6_u.u6_addr32[3] = bpf_htonl(last);
}

/* A container of compressed SIDs: the proxy's own and two others. With the next one in front, zeros come in. */
static __always_inline void put_container(const struct edge_port *port, __u32 advanced, __u32 n, struct in6_addr *at)
{
	__u32 first = 0x1000 | (n & 0xfff), second = 0x1000 | (n >> 12 & 0xfff);

	if (advanced)
		put_address(at, first << 16 | second, 0, 0);
	else
		put_address(at, SRV6_CSID * (1 + port->direction) | first, second << 16, 0);
}

/* The segment list, from its last segment: two or three, every third one without the proxy's own. Returns its bytes
 * with the header in front. */
static __always_inline __u32 put_routing(const struct edge_port *port, __u32 advanced, __u32 n,
					 struct srv6_outer *outer)
{
	__u32 segments = 2 + (n & 1), reduced = n % 3 == 0, entries = segments - reduced;
	struct srv6_routing *routing = &outer->routing;

	for (__u32 i = 0; i < SRV6_SEGMENTS - 1; i++) {
		if (i < segments - 1)
			put_address(&outer->list[i], SRV6_OTHER + port->direction, mix(n, i), i + 1);
	}
	put_address(&outer->ip.daddr, SRV6_PROXY, 0, SRV6_PROXY_LAST + port->direction);
	if (!reduced && segments == 2)
		outer->list[1] = outer->ip.daddr;
	if (!reduced && segments == SRV6_SEGMENTS)
		outer->list[2] = outer->ip.daddr;
	if (advanced)
		outer->ip.daddr = segments == 2 ? outer->list[0] : outer->list[1];
	routing->next = outer->ip.nexthdr;
	routing->length = 2 * entries;
	routing->type = 4;
	routing->left = segments - 1 - advanced;
	routing->last = entries - 1;
	routing->tag = bpf_htons(n);
	outer->ip.nexthdr = IPPROTO_ROUTING;
	return sizeof(*routing) + entries * sizeof(struct in6_addr);
}

/* The header of a packet of `inner` bytes; `advanced`: as the proxy must have made it. */
static __always_inline void make_header(const struct packet *packet, const struct edge_port *port, __u32 advanced,
					__u32 inner, struct header *header)
{
	__u32 n = port->flags & EDGE_STEADY ? mix(packet->ports, 0) : packet->number;
	struct srv6_outer *outer = &header->outer;
	__u32 len = 0;

	outer->ip.nexthdr = packet->ip6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	put_address(&outer->ip.saddr, SRV6_SOURCE + (port->direction << 16), 0, 1);
	if (port->flags & EDGE_CSID)
		put_container(port, advanced, n, &outer->ip.daddr);
	else
		len = put_routing(port, advanced, n, outer);
	*(__be32 *)&outer->ip = bpf_htonl(0x60000000 | (n & 0x0fffffff));
	outer->ip.payload_len = bpf_htons(len + inner);
	outer->ip.hop_limit = SRV6_HOPS - advanced;
	header->len = sizeof(outer->ip) + len;
	header->type = bpf_htons(ETH_P_IPV6);
}
