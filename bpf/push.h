/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A packet that leaves the stack as one frame gets its header where it is caught, at TC egress: the relay would cost it
 * a third of all that forwarding costs. What GRO has merged cannot go this way, nor what a device is still to write a
 * checksum into: it would look for an IP header behind Ethernet.
 */
#pragma once

#include "intern.h"
#include "port.h"
#include "rewrite.h"

enum { PUSH_SUMMED_MASK = 3, PUSH_SUMMED_PARTIAL = 3 }; /* of skb->ip_summed: CHECKSUM_PARTIAL */

/* Whether the packet is one whole frame. The kernel shows TC programs no ip_summed, but lets them read its memory;
 * where user space does not know the place, or may not let us, nothing goes this way. */
static __always_inline int push_may(struct __sk_buff *skb)
{
	__u8 byte = 0;

	if (!sfc_config.summed_at || skb->gso_size)
		return 0;
	if (bpf_probe_read_kernel(&byte, sizeof(byte), (void *)skb + sfc_config.summed_at))
		return 0;
	return (byte >> sfc_config.summed_shift & PUSH_SUMMED_MASK) != PUSH_SUMMED_PARTIAL;
}

/* The header's bytes, straight from the entry, behind Ethernet. They are fours: an MPLS label stack entry has four. */
static __always_inline int push_words(struct __sk_buff *skb, const struct sfc_interned *entry, __u32 len)
{
	const __u32 *from = (const __u32 *)(entry->header.word + SFC_HEADER_META);
	__u8 *to = (void *)(long)skb->data + ETH_HLEN;
	__u32 done = 0;

#pragma unroll
	for (__u32 i = 0; i < SFC_HEADER_MAX; i += 4) {
		if (i < len && (void *)(to + i + 4) <= (void *)(long)skb->data_end) {
			*(volatile __u32 *)(to + i) = *(volatile const __u32 *)(from + i / 4);
			done += 4;
		}
	}
	return done >= len;
}

/*
 * Puts the entry's header on, and asks afterwards whether it was still the ticket's. Writing by pointer makes the
 * kernel give the packet a copy of its own before the program begins, if a sniffer has a clone; forwarding has done so
 * before. Returns SFC_OK or the reason that stops the packet.
 */
static __always_inline int push_header(struct __sk_buff *skb, const struct sfc_port *port, struct sfc_interned *entry,
				       __u32 generation)
{
	__u32 len = *(volatile __u16 *)&entry->header.f.len & 127, inner = skb->len - ETH_HLEN;
	const __u16 *source = (const __u16 *)port->mac;
	__u16 *to, *old;

	if (len > SFC_HEADER_MAX)
		return SFC_REASON_late;
	if (!port_fits(port, inner + len))
		return SFC_REASON_too_big;
	if (len && bpf_skb_change_head(skb, len, 0))
		return SFC_REASON_no_room;
	to = (void *)(long)skb->data;
	old = (void *)to + len;
	if ((void *)to + ETH_HLEN > (void *)(long)skb->data_end || (void *)old + ETH_HLEN > (void *)(long)skb->data_end)
		return SFC_REASON_runt;
	to[0] = old[0];
	to[1] = old[1];
	to[2] = old[2];
	to[3] = source[0];
	to[4] = source[1];
	to[5] = source[2];
	to[6] = *(volatile __be16 *)&entry->header.f.ethertype;
	if (!push_words(skb, entry, len))
		return SFC_REASON_runt;
	return intern_generation(entry) == generation ? SFC_OK : SFC_REASON_late;
}
