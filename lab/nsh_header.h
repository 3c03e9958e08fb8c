/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The NSH (RFC 8300) that follows from a packet, with what carries it, as both stand behind Ethernet: the model that
 * the proxy's work is compared with. */
#pragma once

#include "packet.h"

enum {
	NSH_AT = 64, /* where the NSH begins in a header's bytes: what carries it ends there */
	NSH_HEADER_BYTES = 192,
	NSH_WORDS = NSH_HEADER_BYTES / 8,
	NSH_TYPE = 0x894f,
	NSH_PATH = 777, /* + direction */
	NSH_INDEX = 255,
	NSH_TTL = 63,
	NSH_MD1 = 24,
	TAG_BYTES = 4,
	TAG_CONTROL = 0x6065, /* priority 3, identifier 101, and the direction */
	GPE_PORT = 4790,
	GPE_VNI = 0x123,
	TTL_PUSHED = 17, /* the proxy begins anew with TTL_SENT */
	TTL_SENT = 64,
};

/* All bytes that are not in use are zero. */
struct header {
	__u32 lead; /* bytes of what carries the NSH */
	__u32 len;  /* with the NSH */
	__be16 type;
	union {
		__u8 byte[NSH_HEADER_BYTES];
		__u64 word[NSH_WORDS];
	};
};

struct gpe {
	struct udphdr udp;
	__u8 flags[3]; /* draft-ietf-nvo3-vxlan-gpe-13 3.1: the instance bit and the P bit */
	__u8 next;     /* 4 is NSH */
	__be32 vni;
};

struct gpe4 {
	struct iphdr ip;
	struct gpe gpe;
};

struct gpe6 {
	struct ipv6hdr ip;
	struct gpe gpe;
};

/* Type and length of the carrier of the port's frames, which is between Ethernet and the NSH. */
static __always_inline void set_carrier(const struct edge_port *port, struct header *header)
{
	header->type = bpf_htons(NSH_TYPE);
	if (port->flags & EDGE_TAG) {
		header->type = bpf_htons(ETH_P_8021Q);
		header->lead = TAG_BYTES;
	} else if (port->flags & EDGE_GPE4) {
		header->type = bpf_htons(ETH_P_IP);
		header->lead = sizeof(struct gpe4);
	} else if (port->flags & EDGE_GPE6) {
		header->type = bpf_htons(ETH_P_IPV6);
		header->lead = sizeof(struct gpe6);
	}
}

/* RFC 8300 2.5.1: a context header of `len` bytes. Its value is padded to whole words, and the padding is zero. */
static __always_inline __be32 *put_context(__be32 *at, __u32 type, __u32 len, __u32 n)
{
	*at++ = bpf_htonl(0x01020000 | type << 8 | len);
	if (len)
		*at++ = mix(n, type);
	if (len > 4)
		*at++ = bpf_htonl(mix(n, type + 1) << 8 * (8 - len));
	return at;
}

/* MD type 2 has none, one or two context headers, of 5, 8 and 0 bytes. */
static __always_inline __be32 *put_contexts(const struct edge_port *port, __be32 *at, __u32 n)
{
	if (port->flags & EDGE_MD2) {
		if (n % 3 == 1)
			return put_context(at, 3, 5, n);
		return n % 3 ? put_context(put_context(at, 4, 8, n), 5, 0, n) : at;
	}
	for (__u32 i = 0; i < 4; i++)
		*at++ = mix(n, i);
	return at;
}

/* RFC 8300 2.2, 2.3. The packet behind it is IPv4 or IPv6. */
static __always_inline void put_nsh(const struct packet *packet, const struct edge_port *port, __u32 advanced, __u32 n,
				    struct header *header)
{
	__be32 *at = (__be32 *)(header->byte + NSH_AT);
	__u32 words = put_contexts(port, at + 2, n) - at;

	at[0] = bpf_htonl(NSH_TTL << 22 | words << 16 | (port->flags & EDGE_MD2 ? 2 : 1) << 8 | (packet->ip6 ? 2 : 1));
	at[1] = bpf_htonl((NSH_PATH + port->direction) << 8 | (NSH_INDEX - advanced));
	header->len = header->lead + 4 * words;
}

static __always_inline void put_gpe(struct gpe *gpe, __u32 n, __u32 len)
{
	gpe->udp.source = bpf_htons(49152 + n % 16384);
	gpe->udp.dest = bpf_htons(GPE_PORT);
	gpe->udp.len = bpf_htons(len);
	gpe->flags[0] = 0x0c;
	gpe->next = 4;
	gpe->vni = bpf_htonl(GPE_VNI << 8);
}

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The sender's tunnel is from 192.0.2.10 to 192.0.2.1, the proxy, and the receiver's from 198.51.100.1, the proxy, to
 * 198.51.100.10. `total` are all bytes behind Ethernet. */
static __always_inline void put_gpe4(const struct edge_port *port, __u32 advanced, __u32 n, __u32 total,
				     struct gpe4 *outer)
{
	__u32 net = port->direction != advanced ? 0xc6336400 : 0xc0000200;

	outer->ip.version = 4;
	outer->ip.ihl = 5;
	outer->ip.tos = 0x28;
	outer->ip.tot_len = bpf_htons(total);
	outer->ip.frag_off = bpf_htons(0x4000);
	outer->ip.ttl = advanced ? TTL_SENT : TTL_PUSHED;
	outer->ip.protocol = IPPROTO_UDP;
	outer->ip.saddr = bpf_htonl(net | (advanced ? 1 : 10));
	outer->ip.daddr = bpf_htonl(net | (advanced ? 10 : 1));
	outer->ip.check = ~fold(bpf_csum_diff(NULL, 0, (__be32 *)&outer->ip, sizeof(outer->ip), 0));
	put_gpe(&outer->gpe, n, total - sizeof(outer->ip)); /* without a checksum, as Open vSwitch sends it */
}

/* The same: 2001:db8:1::10 and ::1, 2001:db8:2::1 and ::10. The checksum is left zero. */
static __always_inline void put_gpe6(const struct edge_port *port, __u32 advanced, __u32 n, __u32 total,
				     struct gpe6 *outer)
{
	__be32 net = bpf_htonl(port->direction != advanced ? 0x20000 : 0x10000);

	*(__be32 *)&outer->ip = bpf_htonl(0x62800000 | n % 1048576);
	outer->ip.payload_len = bpf_htons(total - sizeof(outer->ip));
	outer->ip.nexthdr = IPPROTO_UDP;
	outer->ip.hop_limit = advanced ? TTL_SENT : TTL_PUSHED;
	outer->ip.saddr.in6_u.u6_addr32[0] = outer->ip.daddr.in6_u.u6_addr32[0] = bpf_htonl(0x20010db8);
	outer->ip.saddr.in6_u.u6_addr32[1] = outer->ip.daddr.in6_u.u6_addr32[1] = net;
	outer->ip.saddr.in6_u.u6_addr32[3] = bpf_htonl(advanced ? 1 : 0x10);
	outer->ip.daddr.in6_u.u6_addr32[3] = bpf_htonl(advanced ? 0x10 : 1);
	put_gpe(&outer->gpe, n, total - sizeof(outer->ip));
}

/* The header of a packet of `inner` bytes; `advanced`: as the proxy must have made it. */
static __always_inline void make_header(const struct packet *packet, const struct edge_port *port, __u32 advanced,
					__u32 inner, struct header *header)
{
	__u32 n = port->flags & EDGE_STEADY ? mix(packet->ports, 0) : packet->number;

	set_carrier(port, header);
	put_nsh(packet, port, advanced, n, header);
	if (port->flags & EDGE_TAG)
		*(__be32 *)(header->byte + NSH_AT - TAG_BYTES) =
			bpf_htonl((TAG_CONTROL + port->direction) << 16 | NSH_TYPE);
	if (port->flags & EDGE_GPE4)
		put_gpe4(port, advanced, n, header->len + inner, (void *)(header->byte + NSH_AT - sizeof(struct gpe4)));
	if (port->flags & EDGE_GPE6)
		put_gpe6(port, advanced, n, header->len + inner, (void *)(header->byte + NSH_AT - sizeof(struct gpe6)));
}
