/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tickets in skb->mark, for hosts where something on the way clears metadata. A raw socket on the ingress interface
 * makes the kernel clear them, but only behind TC ingress. Metadata still bring the ticket to TC ingress, and keep GRO
 * from merging packets with different headers. The configured bits of the mark hold the number in the lowest bits, 0
 * for a packet that came without a header. Above it they hold half the generation, which is even, as far as there is
 * room.
 */
#pragma once

#include "ticket/intern.h"
#include "ticket/probe.h"
#include "ticket/ticket.h"

/* Stands for the generation where the number is 0, because a mark of 0 means no ticket. */
enum { MARK_PLAIN = 1 };

static __always_inline __u32 mark_number_mask(void)
{
	return (1U << (sfc_config.mark_number_bits & 31)) - 1;
}

/* Half of the generation, in the bits that there are above the number. */
static __always_inline __u32 mark_generation(__u32 generation)
{
	__u32 value = generation / 2 << (sfc_config.mark_number_bits & 31);

	return (value << (sfc_config.mark_shift & 31) & sfc_config.mark_mask) >> (sfc_config.mark_shift & 31);
}

static __always_inline __u32 mark_of(const struct sfc_ticket *ticket)
{
	__u32 generation = ticket->header ? ticket->generation : 2 * MARK_PLAIN;

	return (ticket->header | mark_generation(generation)) << (sfc_config.mark_shift & 31);
}

/* Reads the ticket into `found` and returns whether there is one. Packets that this host sends for itself may have
 * somebody else's mark (fwmark_reflect), but never a ticket. A ticket of another generation is no longer valid. */
static __always_inline int mark_read(struct __sk_buff *skb, struct ticket_found *found)
{
	__u32 value = (skb->mark & sfc_config.mark_mask) >> (sfc_config.mark_shift & 31);
	struct sfc_ticket *ticket = &found->ticket;
	struct sfc_interned *entry;

	if (!value || !skb->ingress_ifindex)
		return 0;
	ticket->header = value & mark_number_mask();
	if (!ticket->header) {
		ticket->generation = 0;
		return value == mark_generation(2 * MARK_PLAIN);
	}
	entry = intern_get(ticket->header - 1);
	found->entry = entry;
	if (!entry) {
		ticket->generation = INTERN_WRITING; /* no header has this number, and nothing is found by it */
		return ticket->header == probe_number();
	}
	ticket->generation = intern_generation(entry);
	if (mark_generation(ticket->generation) != (value & ~mark_number_mask()))
		ticket->generation |= INTERN_WRITING; /* no entry has this one while anybody reads it */
	return 1;
}
