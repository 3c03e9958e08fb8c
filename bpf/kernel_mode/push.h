/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A packet that leaves the kernel as one frame gets its header at TC egress, because the hairpin would cost it a third
 * of all that forwarding costs. Packets that GRO has merged cannot go this way. Neither can packets that still need a
 * checksum from a device, because it would look for an IP header behind Ethernet.
 */
#pragma once

#include "base/port.h"
#include "base/rewrite.h"
#include "key/inner.h"
#include "ticket/intern.h"

enum { PUSH_SUMMED_MASK = 3, PUSH_SUMMED_PARTIAL = 3 }; /* of skb->ip_summed: CHECKSUM_PARTIAL */

/*
 * The kernel's struct sk_buff (kernel 6.2). Not declared as a weak __ksym: libbpf would then load nothing at all into a
 * kernel that does not describe its types.
 */
static const void *(*const push_kernel_context)(struct __sk_buff *skb) = (void *)SFC_KFUNC_CONTEXT;

/*
 * Reads the byte with skb->ip_summed, which the kernel does not show TC programs. It follows the kernel's own pointer
 * where the kernel gives us that. Otherwise it reads the kernel's memory, which costs 7 ns more. Returns 0, or the
 * kernel's error.
 */
static __always_inline long push_summed(struct __sk_buff *skb, __u8 *byte)
{
	if (sfc_config.kernel_context) {
		*byte = *((const __u8 *)push_kernel_context(skb) + sfc_config.summed_at);
		return 0;
	}
	return bpf_probe_read_kernel(byte, sizeof(*byte), (void *)skb + sfc_config.summed_at);
}

/* Whether the packet is one frame with a finished checksum. No packet goes this way where user space does not know
 * where ip_summed is, or we may not read it. */
static __always_inline int push_may(struct __sk_buff *skb)
{
	__u8 byte = 0;

	if (!sfc_config.summed_at || skb->gso_size)
		return 0;
	if (push_summed(skb, &byte))
		return 0;
	return (byte >> sfc_config.summed_shift & PUSH_SUMMED_MASK) != PUSH_SUMMED_PARTIAL;
}

/* Whether the packet, with `len` bytes of header, fits the port. */
static __always_inline int push_fits(struct __sk_buff *skb, const struct sfc_port *port, __u32 len)
{
	return port_fits(port, skb->len - ETH_HLEN + len);
}

/* Writes the header's bytes from the entry to behind Ethernet, where the longest header would lie in the frame. Their
 * number is a multiple of four, because an MPLS label stack entry has four. */
static __always_inline void push_pairs(__u8 *to, const struct sfc_interned *entry, __u32 len)
{
	const __u64 *from = entry->header.word + SFC_HEADER_META;
	__u32 room = sfc_config.header_room;

#pragma unroll
	for (__u32 i = 0; i < SFC_HEADER_MAX; i += 8) {
		asm volatile("" : "+r"(len), "+r"(room)); /* or clang makes counts of them, and no longer unrolls */
		if (i >= room)
			return;
		if (i + 8 > len) {
			if (i < len)
				*(volatile __u32 *)(to + i) = *(volatile const __u32 *)(from + i / 8);
			return;
		}
		*(volatile __u64 *)(to + i) = *(volatile const __u64 *)(from + i / 8);
	}
}

/* The same by the kernel's copy, for headers of any length. */
static __always_inline int push_long(struct __sk_buff *skb, const __u32 *from, __u32 len)
{
	if (!len)
		return 1;
	len--; /* as in rewrite_restore */
	asm volatile("" : "+r"(len));
	return len < SFC_HEADER_MAX && !bpf_skb_store_bytes(skb, ETH_HLEN, from, len + 1, 0);
}

/* The same in any frame. Returns whether all of them were written. */
static __always_inline int push_words(struct __sk_buff *skb, const struct sfc_interned *entry, __u32 len)
{
	const __u32 *from = (const __u32 *)(entry->header.word + SFC_HEADER_META);
	__u8 *to = (void *)(long)skb->data + ETH_HLEN;
	const void *end = (void *)(long)skb->data_end;
	__u32 done = 0, room = sfc_config.header_room;

	if ((void *)(to + room) <= end) {
		push_pairs(to, entry, len);
		return 1;
	}
	if (room > SFC_HEADER_ROOM_LEAST) /* so many words would be too many ways for the verifier */
		return push_long(skb, from, len);
#pragma unroll
	for (__u32 i = 0; i < SFC_HEADER_ROOM_LEAST; i += 4) {
		if (i < len && (void *)(to + i + 4) <= end) {
			*(volatile __u32 *)(to + i) = *(volatile const __u32 *)(from + i / 4);
			done += 4;
		}
	}
	return done >= len;
}

/*
 * Puts the entry's header on, and checks afterwards that the entry still has the ticket's generation. Because the
 * program writes by pointer, the kernel first copies a packet that a sniffer has a clone of; forwarding has done so
 * before. Returns SFC_OK or the reason that stops the packet.
 */
static __always_inline int push_header(struct __sk_buff *skb, const struct sfc_port *port, struct sfc_interned *entry,
				       __u32 generation)
{
	__u32 len = *(volatile __u16 *)&entry->header.f.len & CUT_MASK;
	void *to = (void *)(long)skb->data;
	struct macs macs;

	if (len > sfc_config.header_room)
		return SFC_REASON_late;
	if (to + ETH_HLEN > (void *)(long)skb->data_end)
		return SFC_REASON_runt;
	macs = macs_of(to, port->mac);
	if (len && bpf_skb_change_head(skb, len, 0))
		return SFC_REASON_no_room;
	to = (void *)(long)skb->data;
	if (to + ETH_HLEN > (void *)(long)skb->data_end)
		return SFC_REASON_runt;
	macs_write(to, &macs, len ? *(volatile __be16 *)&entry->header.f.ethertype : ((struct ethhdr *)to)->h_proto);
	if (!len) /* last_label: plain */
		inner_limit(to + ETH_HLEN, (void *)(long)skb->data_end, *(volatile __u16 *)&entry->header.f.hops);
	else if (!push_words(skb, entry, len))
		return SFC_REASON_runt;
	return intern_generation(entry) == generation ? SFC_OK : SFC_REASON_late;
}
