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

/* What the frame begins with when it leaves. */
struct push_head {
	__u16 unused; /* so that words of the header are aligned */
	struct {
		__u16 word[6];
		__be16 type;
	} eth;
	__u64 header[SFC_HEADER_MAX / 8];
};

/*
 * Puts the entry's header on. Nothing is written into the frame by pointer: the kernel would make each packet writable
 * before the program begins, which costs one that a sniffer has cloned its ticket. Returns SFC_OK or the reason that
 * stops the packet.
 */
static __always_inline int push_header(struct __sk_buff *skb, const struct sfc_port *port, struct sfc_interned *entry,
				       __u32 generation)
{
	__u32 len = *(volatile __u16 *)&entry->header.f.len, inner = skb->len - ETH_HLEN;
	const __u16 *at = (void *)(long)skb->data, *source = (const __u16 *)port->mac;
	struct push_head head;

	if ((void *)at + ETH_HLEN > (void *)(long)skb->data_end)
		return SFC_REASON_runt;
	head.eth.word[0] = at[0];
	head.eth.word[1] = at[1];
	head.eth.word[2] = at[2];
	head.eth.word[3] = source[0];
	head.eth.word[4] = source[1];
	head.eth.word[5] = source[2];
	head.eth.type = *(volatile __be16 *)&entry->header.f.ethertype;
	words_copy(head.header, entry->header.word + SFC_HEADER_META, SFC_HEADER_MAX / 8);
	if (intern_generation(entry) != generation || len > SFC_HEADER_MAX)
		return SFC_REASON_late;
	if (!port_fits(port, inner + len))
		return SFC_REASON_too_big;
	if (len && bpf_skb_change_head(skb, len, 0))
		return SFC_REASON_no_room;
	len += ETH_HLEN;
	asm volatile("" : "+r"(len));
	len &= 127;
	if (len < ETH_HLEN || len > ETH_HLEN + SFC_HEADER_MAX)
		return SFC_REASON_no_room;
	return bpf_skb_store_bytes(skb, 0, &head.eth, len, 0) ? SFC_REASON_no_room : SFC_OK;
}
