/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An SF that is the kernel of another network namespace, behind two veths. The ticket comes back in the source MAC, as
 * on a hairpin. The program that puts it there runs inside that namespace, where interfaces have other numbers, so it
 * cannot tell a port by them. It leaves all faults for sfc_restore_mac to find and count.
 */
#pragma once

#include <linux/pkt_cls.h>

#include "kernel_mode/hairpin.h"
#include "kernel_mode/restore_tc.h"
#include "path/restore.h"

static __always_inline int mac_is_ip(struct __sk_buff *skb)
{
	return skb->protocol == bpf_htons(ETH_P_IP) || skb->protocol == bpf_htons(ETH_P_IPV6);
}

/*
 * Writes the ticket into the MACs, which nobody reads behind TC egress, and which restore writes anew. A ticket whose
 * number has another generation by now keeps its own, with its check, and is `late` at the SF port.
 */
static __always_inline int mac_with_ticket(struct __sk_buff *skb, const struct ticket_found *found)
{
	struct sfc_ticket written = found->ticket;
	struct sfc_interned *entry = found->entry;

	if (entry)
		written.check = *(volatile __u32 *)&entry->macs_check;
	if (!entry || intern_generation(entry) != written.generation)
		written.check = ticket_check(written.header, written.generation, SFC_TICKET_IN_MACS);
	else
		tc_count_fragment(skb, found, *(volatile __u16 *)&entry->header.f.service);
	return bpf_skb_store_bytes(skb, 0, &written, SFC_TICKET_MACS, 0) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

/* Whether a frame without a ticket is a control packet. Neighbour discovery has hop limit 255 (RFC 4861 7.1). Multicast
 * listener discovery has 1 (RFC 2710 3) and an option in front. Neither has been forwarded, nor will be. */
static __always_inline int mac_is_control(struct xdp_md *ctx)
{
	struct cursor cur = cursor_at(ctx, ETH_HLEN);
	const struct ipv6hdr *ip = cursor_take(&cur, sizeof(*ip));
	const __u8 *options, *icmp;
	__u8 next;

	if (!ip || ip->version != 6 || (ip->hop_limit != 255 && ip->hop_limit != 1))
		return 0;
	next = ip->nexthdr;
	if (next == IPPROTO_HOPOPTS) {
		options = cursor_take(&cur, 8);
		if (!options || options[1])
			return 0;
		next = options[0];
	}
	icmp = cursor_take(&cur, 1);
	return icmp && next == IPPROTO_ICMPV6 && key_is_control(*icmp);
}

/* Whether the packet is a fragment. A kernel that makes fragments keeps no metadata on them. */
static __always_inline int mac_is_fragment(struct xdp_md *ctx)
{
	struct cursor cur = cursor_at(ctx, ETH_HLEN);
	const struct iphdr *ip = cursor_take(&cur, sizeof(*ip));

	if (!ip)
		return 0;
	return ip->version == 4 ? (ip->frag_off & bpf_htons(IPV4_FRAGMENT)) != 0
				: ((const struct ipv6hdr *)ip)->nexthdr == IPPROTO_FRAGMENT;
}

/* The reason of a frame without a ticket. */
static __always_inline int mac_without_ticket(struct xdp_md *ctx)
{
	if (mac_is_control(ctx))
		return SFC_REASON_control;
	return mac_is_fragment(ctx) ? SFC_REASON_fragment : SFC_REASON_miss;
}

/* Fills work->header by the ticket in the source MAC. */
static __always_inline int mac_source(struct xdp_md *ctx, struct work *work, struct back *back)
{
	int reason = restore_classify(ctx, work, back);

	if (reason)
		return reason;
	if (back->form == SFC_FORM_WRAPPED) /* a tag between Ethernet and IP */
		return SFC_REASON_miss;
	work->now = clock_now();
	reason = ticket_from_macs(ctx, work) ?: intern_read(work);
	return reason == SFC_REASON_miss ? mac_without_ticket(ctx) : reason;
}

/* The header is good only for a packet that comes from its service's SF, by its service's return port. */
static __always_inline int mac_allowed(const struct work *work, const struct back *back)
{
	return back->service->sf == back->in->sf && back->service->return_port == work->result.port
		       ? SFC_OK
		       : SFC_REASON_wrong_port;
}
