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
 * A header by its number. The generation is odd while it is written, and another one after: who copies the header and
 * finds the ticket's generation before and after has the ticket's header.
 */
struct sfc_interned {
	struct sfc_header header;
	__u64 used; /* when a packet was last stripped of it, to a fraction of the hold time */
	__u32 generation;
	__u32 check; /* of the ticket for this number and generation */
};

/*
 * On the way through our own link the ticket is in the source MAC: 02, then the number in as many bits, above it the
 * generation in the others.
 */
enum sfc_relay { SFC_RELAY_NUMBER_BITS = 22, SFC_RELAY_MAC = 0x02 };

static_assert(sizeof(struct sfc_ticket) == 16, "a ticket is what XDP metadata have room for");
static_assert(sizeof(struct sfc_interned) == 96, "sfc_interned is padded");
