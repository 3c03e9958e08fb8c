/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the edge reads of a packet. The proxy's own headers are not used: this is the model that its work is compared
 * with. */
#pragma once

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "edge.h"

enum {
	ND_FIRST = 133, /* RFC 4861: router solicitation */
	ND_LAST = 137,  /* redirect */
	RTP_PORT = 5004,
	SCTP_VTAG_AT = 4,
	SCTP_TSN_AT = 16,      /* behind the common header of 12 bytes and the first chunk's of 4 */
	GRE_CHECKSUM = 0x8000, /* RFC 2784, RFC 2890; each of them adds 4 bytes, in this order */
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	FRAGMENT4 = 0x3fff, /* offset and "more fragments" */
	FRAGMENT6 = 0xfff9,
};

struct packet {
	__u32 kind;    /* without KIND_V6 */
	__u32 number;  /* which header: from bytes that are the same in a retransmission and that no firewall changes */
	__u32 payload; /* bytes behind the TCP header */
	__be16 port;   /* TCP: destination */
	__u32 ports;   /* TCP: both */
	__u32 end;     /* TCP: sequence number behind the payload */
	bool link;     /* control packets: not for the SFC domain */
	bool ip6;
};

/* RFC 8200 4.5 */
struct fragment_header {
	__u8 next;
	__u8 reserved;
	__be16 offset;
	__be32 id;
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
	packet->ports = tcp.source | (__u32)tcp.dest << 16;
	packet->end = bpf_ntohl(tcp.seq) + packet->payload;
	return 0;
}

/*
 * The first 12 payload bytes; a shorter payload counts by its length. iperf3 has its sequence number in these, and they
 * are the whole header of RTP.
 */
static __always_inline int read_udp(struct xdp_md *ctx, __u32 at, struct packet *packet)
{
	struct udphdr udp;
	__u32 word[3];

	if (bpf_xdp_load_bytes(ctx, at, &udp, sizeof(udp)))
		return -1;
	packet->kind = udp.source == bpf_htons(RTP_PORT) || udp.dest == bpf_htons(RTP_PORT) ? KIND_RTP : KIND_UDP;
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
	if (packet->ip6) {
		__u8 type = *(__u8 *)head;

		packet->link = type >= ND_FIRST && type <= ND_LAST;
	}
	return 0;
}

/* Verification tag, and what the first chunk begins with: the TSN of data, the TSN that a SACK is for, a cookie. */
static __always_inline int read_sctp(struct xdp_md *ctx, __u32 at, __u32 len, struct packet *packet)
{
	__u32 vtag, first = 0;

	if (bpf_xdp_load_bytes(ctx, at + SCTP_VTAG_AT, &vtag, sizeof(vtag)))
		return -1;
	if (len >= SCTP_TSN_AT + sizeof(first) && bpf_xdp_load_bytes(ctx, at + SCTP_TSN_AT, &first, sizeof(first)))
		return -1;
	packet->number = mix(vtag, first);
	return 0;
}

/* SPI and sequence number. */
static __always_inline int read_esp(struct xdp_md *ctx, __u32 at, struct packet *packet)
{
	__u32 word[2];

	if (bpf_xdp_load_bytes(ctx, at, word, sizeof(word)))
		return -1;
	packet->number = mix(word[0], word[1]);
	return 0;
}

/*
 * The IPv4 packet inside a tunnel: its identification, and the 8 bytes behind its header (ICMP: with the sequence
 * number; UDP: with ports and checksum). All that is not IPv4 has the same number.
 */
static __always_inline void read_inside(struct xdp_md *ctx, __u32 at, struct packet *packet)
{
	__u32 word[2];
	struct iphdr ip;

	if (bpf_xdp_load_bytes(ctx, at, &ip, sizeof(ip)) || ip.version != 4 ||
	    bpf_xdp_load_bytes(ctx, at + ip.ihl * 4, word, sizeof(word)))
		return;
	packet->number = mix(mix(word[0], word[1]), ip.id);
}

/* Key and sequence number where both are there; else what is in the tunnel. */
static __always_inline int read_gre(struct xdp_md *ctx, __u32 at, struct packet *packet)
{
	__u32 word[2];
	__be16 head;
	__u16 flags;

	if (bpf_xdp_load_bytes(ctx, at, &head, sizeof(head)))
		return -1;
	flags = bpf_ntohs(head);
	at += flags & GRE_CHECKSUM ? 8 : 4;
	if (flags & GRE_KEY && flags & GRE_SEQUENCE) {
		if (bpf_xdp_load_bytes(ctx, at, word, sizeof(word)))
			return -1;
		packet->number = mix(word[0], word[1]);
		return 0;
	}
	read_inside(ctx, at + (flags & (GRE_KEY | GRE_SEQUENCE) ? 4 : 0), packet);
	return 0;
}

static __always_inline int read_l4(struct xdp_md *ctx, __u32 at, __u8 proto, __u32 len, struct packet *packet)
{
	switch (proto) {
	case IPPROTO_TCP:
		packet->kind = KIND_TCP;
		return read_tcp(ctx, at, len, packet);
	case IPPROTO_UDP:
		return read_udp(ctx, at, packet);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		packet->kind = KIND_ICMP;
		return read_icmp(ctx, at, packet);
	case IPPROTO_SCTP:
		packet->kind = KIND_SCTP;
		return read_sctp(ctx, at, len, packet);
	case IPPROTO_ESP:
		packet->kind = KIND_ESP;
		return read_esp(ctx, at, packet);
	case IPPROTO_GRE:
		packet->kind = KIND_GRE;
		return read_gre(ctx, at, packet);
	}
	packet->kind = KIND_OTHER;
	return 0;
}

/* Identification and position; the ports are in the first one only. */
static __always_inline int fragment(struct packet *packet, __u32 id, __be16 position)
{
	packet->kind = KIND_FRAGMENT;
	packet->number = mix(id, position);
	return 0;
}

static __always_inline int read_ip4(struct xdp_md *ctx, __u32 at, const struct iphdr *ip, struct packet *packet)
{
	__be16 position = ip->frag_off & bpf_htons(FRAGMENT4);
	__u32 header = ip->ihl * 4;

	if (position)
		return fragment(packet, ip->id, position);
	return read_l4(ctx, at + header, ip->protocol, bpf_ntohs(ip->tot_len) - header, packet);
}

static __always_inline int read_ip6(struct xdp_md *ctx, __u32 at, struct packet *packet)
{
	struct fragment_header piece;
	struct ipv6hdr ip6;

	if (bpf_xdp_load_bytes(ctx, at, &ip6, sizeof(ip6)))
		return -1;
	packet->ip6 = true;
	at += sizeof(ip6);
	if (ip6.nexthdr != IPPROTO_FRAGMENT)
		return read_l4(ctx, at, ip6.nexthdr, bpf_ntohs(ip6.payload_len), packet);
	if (bpf_xdp_load_bytes(ctx, at, &piece, sizeof(piece)))
		return -1;
	return fragment(packet, piece.id, piece.offset & bpf_htons(FRAGMENT6));
}

/* The IP packet that begins at `at`. Returns 0, or -1 where it is none or is cut short. */
static __always_inline int read_packet(struct xdp_md *ctx, __u32 at, struct packet *packet)
{
	struct iphdr ip;

	if (bpf_xdp_load_bytes(ctx, at, &ip, sizeof(ip)))
		return -1;
	if (ip.version == 4)
		return read_ip4(ctx, at, &ip, packet);
	return ip.version == 6 ? read_ip6(ctx, at, packet) : -1;
}

/* Which of KIND_MAX. */
static __always_inline __u32 kind_of(const struct packet *packet)
{
	return packet->kind + (packet->ip6 ? KIND_V6 : 0);
}
