/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tickets, in the metadata in front of a packet, in the MACs of a frame that comes from an SF, and in the source MAC of
 * one on a hairpin (sfc_kernel_mode.h).
 * Metadata come into the kernel with the packet and cross forwarding, NAT and a container's namespace; a raw socket on
 * the ingress interface makes the kernel clear them.
 */
#pragma once

#include "base/cursor.h"
#include "base/hash.h"

enum { HAIRPIN_NUMBER_MASK = (1 << SFC_HAIRPIN_NUMBER_BITS) - 1, HAIRPIN_GENERATION_MASK = 0x3ffff };

/* The check of a ticket. The entry of a number has it at hand, so this runs once a generation, and for
 * tickets that are out of date. A function, because it is long. */
static __noinline __u32 ticket_check(__u32 header, __u32 generation, __u32 where)
{
	return (__u32)sfc_ticket_hash(sfc_config.ticket_secret, header, generation, where);
}

/* Puts the ticket in front of the frame. Returns SFC_OK, or SFC_REASON_no_room where the driver has no metadata. */
static __always_inline int ticket_put(struct xdp_md *ctx, const struct sfc_ticket *ticket)
{
	struct sfc_ticket *at;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*at)))
		return SFC_REASON_no_room;
	at = (void *)(long)ctx->data_meta;
	if ((void *)(at + 1) > (void *)(long)ctx->data)
		return SFC_REASON_no_room;
	at->header = ticket->header;
	at->generation = ticket->generation;
	at->check = ticket->check;
	at->reserved = 0;
	return SFC_OK;
}

/* Reads the generation in order with the loads around it. x86 loads in order; elsewhere an atomic does. */
static __always_inline __u32 generation_read(__u32 *at)
{
	__u32 generation;

	asm volatile("" ::: "memory");
	if (sfc_config.weak_order)
		generation = __sync_fetch_and_add(at, 0);
	else
		generation = *(volatile __u32 *)at;
	asm volatile("" ::: "memory");
	return generation;
}

/* Writes the generation in order with the stores around it, as index_store does. */
static __always_inline void generation_write(__u32 *at, __u32 generation)
{
	asm volatile("" ::: "memory");
	if (sfc_config.weak_order)
		__sync_lock_test_and_set(at, generation);
	else
		*(volatile __u32 *)at = generation;
	asm volatile("" ::: "memory");
}

/* A ticket that has been read, and the entry of its number. The entry is NULL where the number has none, or has another
 * generation by now. */
struct ticket_found {
	struct sfc_ticket ticket;
	struct sfc_interned *entry;
	__u8 more; /* 1 = the packet is one more than came in: a fragment that the kernel has made */
};

/* Reads the ticket into `found` and returns whether there is one. The entry of its number has the check, so the check
 * is computed only for a ticket that is out of date. */
static __always_inline int ticket_read(struct __sk_buff *skb, struct ticket_found *found)
{
	struct sfc_ticket *at = (void *)(long)skb->data_meta;
	struct sfc_interned *entry;
	__u32 number;

	if ((void *)(at + 1) > (void *)(long)skb->data)
		return 0;
	found->ticket.header = at->header;
	found->ticket.generation = at->generation;
	number = found->ticket.header - 1;
	entry = bpf_map_lookup_elem(&headers, &number);
	if (entry && found->ticket.generation && generation_read(&entry->generation) == found->ticket.generation &&
	    entry->check == at->check) {
		found->entry = entry;
		return 1;
	}
	if (!found->ticket.header)
		return !found->ticket.generation && at->check == sfc_config.plain_check;
	return at->check == ticket_check(found->ticket.header, found->ticket.generation, SFC_TICKET_IN_METADATA);
}

/* The source MAC that carries the ticket on a hairpin. */
static __always_inline __u64 ticket_to_hairpin(const struct sfc_ticket *ticket)
{
	__u64 number = (ticket->header - 1) & HAIRPIN_NUMBER_MASK;
	__u64 generation = ticket->generation & HAIRPIN_GENERATION_MASK;

	return SFC_HAIRPIN_MARKER | (number | generation << SFC_HAIRPIN_NUMBER_BITS) << 8;
}

/* Reads the ticket from a source MAC on a hairpin. Returns SFC_REASON_miss where the MAC is no ticket or the number has
 * no entry, and SFC_REASON_late where the number has another generation. */
static __always_inline int ticket_from_hairpin(__u64 mac, struct work *work)
{
	struct sfc_interned *entry;
	__u32 number = mac >> 8 & HAIRPIN_NUMBER_MASK;

	entry = bpf_map_lookup_elem(&headers, &number);
	if ((mac & 0xff) != SFC_HAIRPIN_MARKER || !entry || !entry->generation)
		return SFC_REASON_miss;
	work->ticket.header = number + 1;
	work->ticket.generation = *(volatile __u32 *)&entry->generation;
	if ((work->ticket.generation & HAIRPIN_GENERATION_MASK) != mac >> (8 + SFC_HAIRPIN_NUMBER_BITS))
		return SFC_REASON_late;
	return SFC_OK;
}

/*
 * Reads the ticket from the MACs of a frame. An SF may send any bytes there, so nothing is believed without the check.
 * Returns SFC_REASON_miss where the check is not that of a ticket in MACs, and SFC_REASON_late where it is, and the
 * number has another generation by now.
 */
static __always_inline int ticket_from_macs(struct xdp_md *ctx, struct work *work)
{
	struct cursor cur = cursor_at(ctx, 0);
	const struct sfc_ticket *at = cursor_take(&cur, SFC_TICKET_MACS);
	struct sfc_interned *entry;
	__u32 number, check;

	if (!at)
		return SFC_REASON_runt;
	work->ticket.header = at->header;
	work->ticket.generation = at->generation;
	check = at->check;
	number = at->header - 1;
	entry = bpf_map_lookup_elem(&headers, &number);
	/* A number that nobody has used yet has generation 0 and no check. */
	if (entry && work->ticket.generation && entry->generation == work->ticket.generation &&
	    entry->macs_check == check)
		return SFC_OK;
	return check == ticket_check(work->ticket.header, work->ticket.generation, SFC_TICKET_IN_MACS)
		       ? SFC_REASON_late
		       : SFC_REASON_miss;
}
