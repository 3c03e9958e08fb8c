/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tickets in skb->mark, for hosts where something on the way clears metadata. A raw socket on the ingress interface
 * makes the kernel clear them, but only behind TC ingress. Metadata still bring the ticket to TC ingress, and keep GRO
 * from merging packets with different headers. The configured bits of the mark hold, from the lowest, the number (0 for
 * a packet that came without a header), the lower bits of half the generation, which is even, and a check.
 */
#pragma once

#include <linux/ip.h>
#include <linux/ipv6.h>

#include "ticket/intern.h"
#include "ticket/probe.h"
#include "ticket/ticket.h"

/* Whether a packet is a fragment, and if so, whether it is the first of its packet. */
enum fragment { FRAGMENT_NONE, FRAGMENT_FIRST, FRAGMENT_LATER };

static __always_inline int fragment_of(struct __sk_buff *skb)
{
	__be16 field = 0, offset = bpf_htons(0x1fff), more = bpf_htons(0x2000); /* RFC 791 3.1 */
	__u8 next = 0;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		bpf_skb_load_bytes(skb, ETH_HLEN + __builtin_offsetof(struct iphdr, frag_off), &field, sizeof(field));
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		bpf_skb_load_bytes(skb, ETH_HLEN + __builtin_offsetof(struct ipv6hdr, nexthdr), &next, sizeof(next));
		if (next != IPPROTO_FRAGMENT)
			return FRAGMENT_NONE;
		bpf_skb_load_bytes(skb, ETH_HLEN + sizeof(struct ipv6hdr) + 2, &field, sizeof(field));
		offset = bpf_htons(0xfff8); /* RFC 8200 4.5 */
		more = bpf_htons(1);
	}
	return field & offset ? FRAGMENT_LATER : field & more ? FRAGMENT_FIRST : FRAGMENT_NONE;
}

static __always_inline __u32 mark_number_mask(void)
{
	return (1U << (sfc_config.mark_number_bits & 31)) - 1;
}

/* The mark of a ticket. Its bits are all there are: a generation in the bits between number and check, then the check.
 */
static __always_inline __u32 mark_of(__u32 header, __u32 generation, __u32 check)
{
	__u32 all = sfc_config.mark_mask >> (sfc_config.mark_shift & 31);
	__u32 below_check = all >> (sfc_config.mark_check_bits & 31);
	__u32 low = (header | generation / 2 << (sfc_config.mark_number_bits & 31)) & below_check;

	return low | ((check * (below_check + 1)) & all & ~below_check);
}

static __always_inline __u32 mark_plain(void)
{
	return mark_of(0, 2, sfc_config.plain_mark); /* a generation, because a mark of 0 means no ticket */
}

/* The mark of a ticket that has been found in metadata. */
static __always_inline __u32 mark_found(const struct ticket_found *found)
{
	const struct sfc_ticket *ticket = &found->ticket;
	__u32 check;

	if (!ticket->header)
		return mark_plain();
	check = found->entry ? found->entry->mark_check : 0;
	if (!found->entry || intern_generation(found->entry) != ticket->generation)
		check = ticket_check(ticket->header, ticket->generation, SFC_TICKET_IN_MARK);
	return mark_of(ticket->header, ticket->generation, check);
}

/* The mark for a packet that comes in. A fragment has none: where the kernel reassembles a packet and fragments it
 * again, all fragments have the first one's mark, though each may have come with another header. */
static __always_inline __u32 mark_in(struct __sk_buff *skb)
{
	struct ticket_found found = {};

	return !fragment_of(skb) && ticket_read(skb, &found) ? mark_found(&found) : 0;
}

/* Reads the ticket into `found` and returns whether there is one. Packets that this host sends for itself may have
 * somebody else's mark (fwmark_reflect), but never a ticket. A ticket of another generation is no longer valid. */
static __always_inline int mark_read(struct __sk_buff *skb, struct ticket_found *found)
{
	__u32 value = (skb->mark & sfc_config.mark_mask) >> (sfc_config.mark_shift & 31);
	struct sfc_ticket *ticket = &found->ticket;
	struct sfc_interned *entry;
	__u32 generation;

	if (!value || !skb->ingress_ifindex)
		return 0;
	ticket->header = value & mark_number_mask();
	if (!ticket->header) {
		ticket->generation = 0;
		return value == mark_plain();
	}
	entry = intern_get(ticket->header - 1);
	ticket->generation = INTERN_WRITING; /* that of no header, and nothing is found by it */
	if (!entry)
		return ticket->header == probe_number();
	generation = intern_generation(entry);
	if (generation && !(generation & INTERN_WRITING) &&
	    value == mark_of(ticket->header, generation, *(volatile __u16 *)&entry->mark_check)) {
		ticket->generation = generation;
		found->entry = entry;
	}
	return 1;
}
