/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the edge reads of a packet, and the label stack that follows from it. The proxy's own headers are not used: this
 * is the model that its work is compared with.
 */
#pragma once

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "edge.h"

enum {
	KIND_TCP,
	KIND_UDP,
	KIND_ICMP,
	KIND_OTHER,
	KIND_V6 = 4,
	ND_FIRST = 133, /* RFC 4861: router solicitation */
	ND_LAST = 137,  /* redirect */
	STACK_MAX = 4,
	LABEL_SHIFT = 12,
	BOTTOM = 1 << 8, /* RFC 3032 2.1 */
	TTL_MASK = 0xff,
	TOP_TTL = 64,
};

struct packet {
	__u32 kind;
	__u32 number;  /* which stack: from bytes that are the same in a retransmission and that no firewall changes */
	__u32 payload; /* bytes behind the TCP header */
	__be16 port;   /* TCP: destination */
	bool link;     /* the link's own: not for the SFC domain */
};

static __always_inline __u32 mix(__u32 a, __u32 b)
{
	__u32 x = a * 0x9e3779b1 ^ b;

	x ^= x >> 16;
	x *= 0x85ebca6b;
	x ^= x >> 13;
	x *= 0xc2b2ae35;
	return x ^ x >> 16;
}

static __always_inline int read_tcp(struct xdp_md *ctx, __u32 at, __u32 len, struct packet *packet)
{
	struct tcphdr tcp;
	__u32 header;

	if (bpf_xdp_load_bytes(ctx, at, &tcp, sizeof(tcp)))
		return -1;
	header = tcp.doff * 4;
	packet->number = mix(tcp.seq, tcp.ack_seq);
	packet->payload = len > header ? len - header : 0;
	packet->port = tcp.dest;
	return 0;
}

/* The first 12 payload bytes; a shorter payload counts by its length. iperf3 has its sequence number in these. */
static __always_inline int read_udp(struct xdp_md *ctx, __u32 at, struct packet *packet)
{
	struct udphdr udp;
	__u32 word[3];

	if (bpf_xdp_load_bytes(ctx, at, &udp, sizeof(udp)))
		return -1;
	packet->number = bpf_ntohs(udp.len);
	if (bpf_ntohs(udp.len) < sizeof(udp) + sizeof(word))
		return 0;
	if (bpf_xdp_load_bytes(ctx, at + sizeof(udp), word, sizeof(word)))
		return -1;
	packet->number = mix(mix(word[0], word[1]), word[2]);
	return 0;
}

/* Echo and echo reply: identifier and sequence number. Others have there what is constant for the same error. */
static __always_inline int read_icmp(struct xdp_md *ctx, __u32 at, struct packet *packet)
{
	__u32 head[2];

	if (bpf_xdp_load_bytes(ctx, at, head, sizeof(head)))
		return -1;
	packet->number = mix(head[1], 0);
	if (packet->kind & KIND_V6) {
		__u8 type = *(__u8 *)head;

		packet->link = type >= ND_FIRST && type <= ND_LAST;
	}
	return 0;
}

static __always_inline int read_l4(struct xdp_md *ctx, __u32 at, __u8 proto, __u32 len, struct packet *packet)
{
	switch (proto) {
	case IPPROTO_TCP:
		packet->kind |= KIND_TCP;
		return read_tcp(ctx, at, len, packet);
	case IPPROTO_UDP:
		packet->kind |= KIND_UDP;
		return read_udp(ctx, at, packet);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		packet->kind |= KIND_ICMP;
		return read_icmp(ctx, at, packet);
	}
	packet->kind |= KIND_OTHER;
	return 0;
}

/* The IP packet that begins at `at`. Returns 0, or -1 where it is none or is cut short. */
static __always_inline int read_packet(struct xdp_md *ctx, __u32 at, struct packet *packet)
{
	struct ipv6hdr ip6;
	struct iphdr ip;

	if (bpf_xdp_load_bytes(ctx, at, &ip, sizeof(ip)))
		return -1;
	if (ip.version == 4) {
		__u32 header = ip.ihl * 4;

		return read_l4(ctx, at + header, ip.protocol, bpf_ntohs(ip.tot_len) - header, packet);
	}
	if (ip.version != 6 || bpf_xdp_load_bytes(ctx, at, &ip6, sizeof(ip6)))
		return -1;
	packet->kind = KIND_V6;
	return read_l4(ctx, at + sizeof(ip6), ip6.nexthdr, bpf_ntohs(ip6.payload_len), packet);
}

static __always_inline __be32 entry(__u32 label, __u32 ttl, __u32 bottom)
{
	return bpf_htonl(label << LABEL_SHIFT | bottom | ttl);
}

/*
 * The chain of this packet: the proxy's SF, then hops of its own; every third one skips the second hop. The TTLs of the
 * hops are on both sides of TOP_TTL, so that each half of the proxy's rule min(own, top - 1) is needed. Returns the
 * depth.
 */
static __always_inline __u32 make_stack(const struct packet *packet, __u32 direction, __be32 stack[STACK_MAX])
{
	__u32 base = direction ? 10000 : 0; /* the directions share no hop, so that mixing them up would show */
	__u32 n = packet->number;
	__be32 second = entry(base + 16100 + n % 50, 32 + n % 64, 0);
	__be32 third = entry(base + 17000 + n % 1000, 32 + n % 63, 0);
	__be32 last = entry(100000 + n % 900000, 32 + n % 61, BOTTOM);

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

/* What the proxy must have made of it: the top entry is gone, the next one's TTL is min(its own, old top - 1). */
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
