/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The label stack that follows from a packet. The proxy's own headers are not used: this is the model that its work is
 * compared with. */
#pragma once

#include "packet.h"

enum {
	STACK_MAX = 4,
	LABEL_SHIFT = 12,
	BOTTOM = 1 << 8, /* RFC 3032 2.1 */
	TTL_MASK = 0xff,
	TOP_TTL = 64,
};

static __always_inline __be32 entry(__u32 label, __u32 ttl, __u32 bottom)
{
	return bpf_htonl(label << LABEL_SHIFT | bottom | ttl);
}

/*
 * The chain of this packet: the proxy's SF, then hops of its own; every third one skips the second hop. The TTLs of the
 * hops are on both sides of TOP_TTL, so that each half of the proxy's rule min(own, top - 1) is needed. Returns the
 * depth.
 */
static __always_inline __u32 make_stack(const struct packet *packet, const struct edge_port *port,
					__be32 stack[STACK_MAX])
{
	__u32 direction = port->direction;
	__u32 base = direction ? 10000 : 0; /* the directions share no hop, so that mixing them up would show */
	__u32 n = port->flags & EDGE_STEADY ? mix(packet->ports, 0) : packet->number;
	__u32 t = port->flags & EDGE_EVEN ? 0 : n;
	__be32 second = entry(base + 16100 + n % 50, 32 + t % 64, 0);
	__be32 third = entry(base + 17000 + n % 1000, 32 + t % 63, 0);
	__be32 last = entry(100000 + n % 900000, 32 + t % 61, BOTTOM);

	stack[0] = entry(16001 + direction, TOP_TTL, 0);
	if (n % 3 == 0) {
		stack[1] = third;
		stack[2] = last;
		stack[3] = 0;
		return 3;
	}
	stack[1] = second;
	stack[2] = third;
	stack[3] = last;
	return 4;
}

/* Advances the label stack as the proxy must: the top entry is gone, the next one's TTL is min(its own, old top -
 * 1). */
static __always_inline __u32 advance_stack(__be32 stack[STACK_MAX], __u32 depth)
{
	__u32 top = bpf_ntohl(stack[1]);

	if ((top & TTL_MASK) > TOP_TTL - 1)
		top = (top & ~TTL_MASK) | (TOP_TTL - 1);
	stack[0] = bpf_htonl(top);
	stack[1] = stack[2];
	stack[2] = stack[3];
	stack[3] = 0;
	return depth - 1;
}
