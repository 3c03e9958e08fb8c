/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SFs that are the stack of this host. Part of sfc_abi.h, which includes it. There is no entry per packet: equal
 * headers share one number, and a packet carries a ticket with it through the stack, in the metadata.
 */
#pragma once

/*
 * In the 16 bytes in front of a packet. Forwarding overwrites the last two of them (the copy of a neighbour's header is
 * 16 bytes long), so nothing is there. Equal for equal headers: GRO merges packets with equal metadata, and no others.
 */
struct sfc_ticket {
	__u32 header;     /* number of the header, plus 1; 0 = came in without one */
	__u32 generation; /* of the number: even */
	__u32 check;      /* of both, with a secret: what is left of an overwritten ticket is none */
	__u32 reserved;
};

/*
 * A header by its number. In two cache lines, of which one is enough for 6 labels. The generation is odd while it is
 * written, and another one after: who copies the header and finds the ticket's generation before and after has the
 * ticket's header.
 */
struct sfc_interned {
	__u32 generation;
	__u32 check; /* of the ticket for this number and generation */
	__u64 used;  /* when a packet was last stripped of it, to a fraction of the hold time */
	__u16 way;   /* the port that most packets leave through: the first of the service's `egress`, where it has no
			next   hop of its own; else SFC_NONE */
	__u16 reserved[3];
	struct sfc_header header; /* as much of it as there is room for: the map's values are shorter */
};

enum {
	SFC_INTERNED_META = 24, /* bytes before the header */
	SFC_INTERNED_STEP = 64, /* the values of the map are whole cache lines */
};

/*
 * What came of a label stack when it arrived last, per CPU (bpf/kernel_mode/near_stack.h). What most stacks need is in
 * front, in one cache line.
 */
struct sfc_near_stack {
	__u32 scope; /* the port, and from bit 16 the stack's length in bytes */
	__u16 service;
	__u8 inner; /* enum sfc_inner, of the service */
	__u8 reserved;
	__u32 header; /* this and the next two are the ticket; 0 = nothing is known */
	__u32 generation;
	__u32 check;
	__u32 reserved2;
	__u64 checked;                      /* the clock when all that may change was last looked at; 0 = not yet */
	__u64 last_pair;                    /* of entries, as they arrived; of a single one the other half is 0 */
	__u64 pair[SFC_LABELS_MAX / 2 - 1]; /* the others */
	__u64 refresh_ns;                   /* how old sfc_interned.used may get */
	__u64 reserved3[3];
};

/*
 * On the way through our own link the ticket is in the source MAC: 02, then the number in as many bits, above it the
 * generation in the others.
 */
enum sfc_relay { SFC_RELAY_NUMBER_BITS = 22, SFC_RELAY_MAC = 0x02 };

static_assert(sizeof(struct sfc_ticket) == 16, "a ticket is what XDP metadata have room for");
static_assert(sizeof(struct sfc_interned) == SFC_INTERNED_META + sizeof(struct sfc_header), "sfc_interned is padded");
static_assert(sizeof(struct sfc_near_stack) == 128, "sfc_near_stack is two cache lines");
