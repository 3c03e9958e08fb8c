/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tickets, in the metadata in front of a packet and in the source MAC of a frame on our own link (sfc_kernel_mode.h).
 * Metadata come into the kernel with the packet and cross forwarding, NAT and a container's namespace; a raw socket on
 * the ingress interface makes the kernel clear them.
 */
#pragma once

#include "base/cursor.h"
#include "base/hash.h"

enum { MAC_NUMBER_MASK = (1 << SFC_MAC_NUMBER_BITS) - 1, MAC_GENERATION_MASK = 0x3ffff };

static __always_inline __u32 ticket_check(const struct sfc_ticket *ticket)
{
	__u32 word[2] = {ticket->header, ticket->generation};

	return (__u32)(hash_words(word, 2, sfc_config.digest_secret) >> 8);
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

/* A ticket that has been read, and the entry of its number. The entry is NULL where the number has none. */
struct ticket_found {
	struct sfc_ticket ticket;
	struct sfc_interned *entry;
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
	found->entry = entry;
	if (entry && entry->generation == found->ticket.generation && entry->check == at->check)
		return 1;
	return at->check == ticket_check(&found->ticket);
}

/* The source MAC that carries the ticket. */
static __always_inline __u64 ticket_to_mac(const struct sfc_ticket *ticket)
{
	__u64 number = (ticket->header - 1) & MAC_NUMBER_MASK;
	__u64 generation = ticket->generation & MAC_GENERATION_MASK;

	return SFC_MAC_MARKER | (number | generation << SFC_MAC_NUMBER_BITS) << 8;
}

/* Reads the ticket from a source MAC. Returns SFC_REASON_miss where the MAC is no ticket or the number has no entry,
 * and SFC_REASON_late where the number has another generation. */
static __always_inline int ticket_from_mac(__u64 mac, struct work *work)
{
	struct sfc_interned *entry;
	__u32 number = mac >> 8 & MAC_NUMBER_MASK;

	entry = bpf_map_lookup_elem(&headers, &number);
	if ((mac & 0xff) != SFC_MAC_MARKER || !entry)
		return SFC_REASON_miss;
	work->ticket.header = number + 1;
	work->ticket.generation = *(volatile __u32 *)&entry->generation;
	return (work->ticket.generation & MAC_GENERATION_MASK) == mac >> (8 + SFC_MAC_NUMBER_BITS) ? SFC_OK
												   : SFC_REASON_late;
}
