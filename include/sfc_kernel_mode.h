/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SFs that are the kernel of this host. Part of sfc_abi.h, which includes it. There is no entry per packet: equal
 * headers share one number, and a packet carries a ticket with it through the kernel, in the metadata.
 */
#pragma once

/*
 * The 16 bytes in front of a packet. Forwarding overwrites the last two of them (the copy of a neighbour's header is 16
 * bytes long), so they stay unused. Equal headers have equal tickets, because GRO merges only packets with equal
 * metadata.
 */
struct sfc_ticket {
	__u32 header;     /* number of the header, plus 1; 0 = came in without one */
	__u32 generation; /* of the number: even */
	__u32 check;      /* of both, by a secret, and of where the ticket is: sfc_ticket_hash */
	__u32 reserved;
};

/*
 * Where a ticket is. The check differs, so a ticket that was seen in MACs is none in metadata or in a mark. In the MACs
 * of a frame there are the first twelve bytes of struct sfc_ticket, in the byte order of this host.
 */
enum sfc_ticket_in { SFC_TICKET_IN_METADATA, SFC_TICKET_IN_MACS, SFC_TICKET_IN_MARK };

enum { SFC_TICKET_MACS = 12 };

static inline __u64 sfc_rotate(__u64 x, int bits)
{
	return x << bits | x >> (64 - bits);
}

/* Rounds of SipHash. */
static inline void sfc_sip_rounds(__u64 v[4], int rounds)
{
	for (int i = 0; i < rounds; i++) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = sfc_rotate(v[1], 13) ^ v[0];
		v[3] = sfc_rotate(v[3], 16) ^ v[2];
		v[0] = sfc_rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = sfc_rotate(v[1], 17) ^ v[2];
		v[3] = sfc_rotate(v[3], 21) ^ v[0];
		v[2] = sfc_rotate(v[2], 32);
	}
}

/*
 * SipHash-2-4 (Aumasson, Bernstein 2012) of twelve bytes: header, generation and where it is, in little-endian order.
 * Not the multilinear hash of keys, because an SF sees tickets in MACs, and three of them would give that one's secret
 * away.
 */
static inline __u64 sfc_ticket_hash(const volatile __u64 *secret, __u32 header, __u32 generation, __u32 where)
{
	__u64 word[2] = {header | (__u64)generation << 32, where | (__u64)12 << 56};
	__u64 v[4] = {secret[0] ^ 0x736f6d6570736575, secret[1] ^ 0x646f72616e646f6d, secret[0] ^ 0x6c7967656e657261,
		      secret[1] ^ 0x7465646279746573};

	for (int i = 0; i < 2; i++) {
		v[3] ^= word[i];
		sfc_sip_rounds(v, 2);
		v[0] ^= word[i];
	}
	v[2] ^= 0xff;
	sfc_sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/*
 * A header by its number. It takes two cache lines, of which one is enough for 6 labels. The generation is odd while
 * the header is written, and another one afterwards. A program that finds the ticket's generation before and after it
 * copies the header has the ticket's header.
 */
struct sfc_interned {
	__u32 generation;
	__u32 check;      /* of the ticket for this number and generation, in metadata */
	__u16 way;        /* SFC_NONE: only XDP can put it on, as a next hop or the packet counts; else egress[0] */
	__u16 mark_check; /* the same in a mark, as many bits as there is room for */
	__u32 macs_check; /* the same in the MACs of a frame */
	struct sfc_header header; /* as much of it as there is room for: the map's values are shorter */
};

/* After how long without a packet a number may be given to another header. So many headers a second as a service has
 * numbers for within that time can be new ones. */
static inline __u64 sfc_reuse_ns(__u64 hold_ns)
{
	return hold_ns + hold_ns / 4;
}

enum {
	SFC_INTERNED_META = 16, /* bytes before the header */
	SFC_ARRIVAL_META = 24,  /* bytes before the key */
	SFC_INTERNED_STEP = 64, /* the values of both maps are whole cache lines */
};

/*
 * The key by which a header's number is found, in whole words; unused ones are zero. If glance can tell the
 * encapsulation's headers (bpf/encap/NAME.h), it is the header as it arrived. That is the port, the length and the
 * EtherType (sfc_arrived), the sender where it counts, and all the bytes. Otherwise it is the header as it will leave,
 * struct sfc_header.
 */
struct sfc_arrival_key {
	__u64 word[SFC_HEADER_WORDS];
};

/* The first word of the key of a header as it arrived. No header that leaves has the length 0xffff. `type` is in
 * network byte order. */
static inline __u64 sfc_arrived(__u32 port, __u32 cut, __be16 type)
{
	return port | (__u64)cut << 16 | (__u64)type << 32 | (__u64)0xffff << 48;
}

/*
 * An arrival and its result, by the number of its header, beside sfc_interned. As there, the generation is odd while it
 * is written. It is odd for longer here, so where it is even both are whole. One cache line holds all that 6 labels
 * need.
 */
struct sfc_arrival {
	__u32 generation; /* the ticket's, of this number */
	__u32 check;      /* the ticket's */
	__u16 service;
	__u16 kept;    /* bytes that leave again */
	__u8 versions; /* of IP that the packet behind it may have: bit N = version N; only 4 and 6 */
	__u8 ported;   /* 1 = the kernel is behind ports, 0 = it is this host's */
	__u16 reserved;
	__u64 checked; /* the clock when a packet was last stripped and all that may change was looked at */
	struct sfc_arrival_key key; /* as much of it as there is room for */
};

/* Numbers whose arrivals have the same hash: the one that came last, and the one before. */
struct sfc_number_hint {
	__u32 number[2];
};

/* The ticket on a hairpin, which nobody but the proxy and this host's root can send into: in the source MAC. 02, then
 * the number in SFC_HAIRPIN_NUMBER_BITS bits, above it the generation in the others. The other MAC is the neighbour's.
 */
enum sfc_hairpin_mac { SFC_HAIRPIN_NUMBER_BITS = 22, SFC_HAIRPIN_MARKER = 0x02 };

/* Bits of a ticket in a mark, above the number. A mark with room for more gives them to the check, up to 16. */
enum sfc_mark_bits { SFC_MARK_GENERATION_LEAST = 4, SFC_MARK_CHECK_LEAST = 8, SFC_MARK_CHECK_MOST = 16 };

static_assert(sizeof(struct sfc_ticket) == 16, "a ticket is what XDP metadata have room for");
static_assert(sizeof(struct sfc_interned) == SFC_INTERNED_META + sizeof(struct sfc_header), "sfc_interned is padded");
static_assert(sizeof(struct sfc_arrival) == SFC_ARRIVAL_META + sizeof(struct sfc_arrival_key), "sfc_arrival is padded");
static_assert(sizeof(struct sfc_arrival_key) == sizeof(struct sfc_header), "a header can be a key");
