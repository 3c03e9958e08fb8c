/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TC egress of the ports through which packets leave the kernel of this host (sfc_restore_tc): reads the ticket of the
 * packet in the metadata or in the mark. A single frame gets its header here (push.h). Any other gets the ticket into
 * its source MAC and goes to the port's hairpin (hairpin.h), because at TC egress a frame may be many that GRO has
 * merged: the kernel cannot segment them behind a header of MPLS, and loses them.
 */
#pragma once

#include <linux/pkt_cls.h>

#include "base/port.h"
#include "base/rewrite.h"
#include "kernel_mode/originated.h"
#include "kernel_mode/push.h"
#include "path/way_back.h"
#include "ticket/intern.h"
#include "ticket/mark.h"
#include "ticket/probe.h"
#include "ticket/ticket.h"

/*
 * Reads the ticket of a packet that leaves, from the metadata or the mark. The bits of the mark are ours alone, so they
 * are cleared. A fragment with a ticket in its mark is one that the kernel has made of a whole packet; one that came in
 * as a fragment has it in its metadata (mark_in).
 */
static __always_inline int tc_ticket(struct __sk_buff *skb, struct ticket_found *found)
{
	int any, fragment;

	if (!sfc_config.mark_mask)
		return ticket_read(skb, found);
	any = mark_read(skb, found);
	fragment = fragment_of(skb);
	skb->mark &= ~sfc_config.mark_mask;
	if (!any && fragment)
		return ticket_read(skb, found);
	found->more = any && fragment == FRAGMENT_LATER;
	return any;
}

/* A kernel that fragments a packet gives back more packets than it got. The first fragment stands for the packet. */
static __always_inline void tc_count_fragment(struct __sk_buff *skb, const struct ticket_found *found, __u32 service)
{
	struct sfc_counters *owner;

	if (!found->more)
		return;
	owner = bpf_map_lookup_elem(&service_counters, &service);
	if (owner)
		count(&owner->event[SFC_EVENT_FRAGMENTS], 1, skb->len);
}

/* Stops a packet. `skb` may be many frames in one, and all of them are counted. `owner` has the counters of a service
 * or of a port. */
static __always_inline int tc_drop(struct __sk_buff *skb, struct sfc_counters *owner, int reason)
{
	__u32 segments = skb->gso_segs ? skb->gso_segs : 1;

	reason = probe_or(skb, reason);
	if (owner)
		count(&owner->dropped_after_claim[reason & (SFC_REASON_MAX - 1)], segments, skb->len);
	return TC_ACT_SHOT;
}

/* The counters for a packet that belongs to no service: those of the port where it would leave. At an interface that is
 * no port, they are those of the port where it came in. */
static __always_inline struct sfc_counters *tc_port(struct __sk_buff *skb, __u32 id)
{
	__u32 *in = id ? NULL : port_of(skb->ingress_ifindex);

	return verdict_port(in ? *in : id);
}

/*
 * Judges a packet without a ticket. A packet that this host sends for itself may leave, and so may one that came in
 * where no service goes through this kernel. Any other has lost its ticket or never had one. An interface that is no
 * port may have no Ethernet header, so all that this host sends there may leave.
 */
static __always_inline int tc_without_ticket(struct __sk_buff *skb, __u32 id)
{
	const struct sfc_port *port;
	__u32 *in;

	if (!skb->ingress_ifindex) {
		port = port_get(id);
		if (!id || !originated_for_another(skb, port && (port->kernel || port->hairpin)))
			return TC_ACT_UNSPEC;
		return tc_drop(skb, verdict_port(id), SFC_REASON_from_kernel);
	}
	in = port_of(skb->ingress_ifindex);
	port = in ? bpf_map_lookup_elem(&ports, in) : NULL;
	if (!port || !port->kernel)
		return TC_ACT_UNSPEC;
	return tc_drop(skb, tc_port(skb, id), fragment_of(skb) ? SFC_REASON_fragment : SFC_REASON_miss);
}

/* Puts the header on and lets the packet leave. */
static __always_inline int tc_push(struct __sk_buff *skb, const struct sfc_port *port, struct sfc_interned *entry,
				   __u32 generation, __u32 service)
{
	struct sfc_counters *owner = bpf_map_lookup_elem(&service_counters, &service);
	__u32 bare_len = skb->len;
	int reason = push_header(skb, port, entry, generation);

	if (reason)
		return tc_drop(skb, owner, reason);
	if (owner) {
		count(&owner->event[SFC_EVENT_RESTORED], 1, bare_len);
		owner->last_claimed = clock_now();
	}
	return TC_ACT_UNSPEC;
}

/* Sends the packet to the hairpin, with the ticket in its source MAC. */
static __always_inline int tc_hairpin(struct __sk_buff *skb, const struct sfc_port *port,
				      const struct sfc_ticket *ticket, __u32 service)
{
	__u64 mac = ticket_to_hairpin(ticket);

	if (bpf_skb_store_bytes(skb, ETH_ALEN, &mac, ETH_ALEN, 0))
		return tc_drop(skb, bpf_map_lookup_elem(&service_counters, &service), SFC_REASON_no_next_hop);
	return bpf_redirect(port->hairpin, 0);
}

/* Whether the packet may leave through port `id`, where the quick checks of tc_with_ticket cannot say so. Returns
 * SFC_OK or the reason that stops it. */
static __always_inline int tc_way_out(struct __sk_buff *skb, __u32 id, const struct sfc_port *port,
				      const struct sfc_service *service)
{
	if (!service || !port_listed(service, id))
		return SFC_REASON_wrong_port;
	/* Where the tag stands beside the frame, or in it, is the device's business: a header would be in between. */
	if (skb->vlan_present)
		return SFC_REASON_wrong_port;
	return port && port->hairpin ? SFC_OK : SFC_REASON_no_next_hop;
}

/* Whether the kernel has made one IP version of the other, and the header says which. finish mends that, behind the
 * hairpin. */
static __always_inline int tc_version_differs(struct __sk_buff *skb, const struct sfc_interned *entry)
{
	__u8 says = *(const volatile __u16 *)&entry->header.f.says;

	return says && says != (skb->protocol == bpf_htons(ETH_P_IPV6) ? 6 : 4);
}

/* A packet with the ticket of a header leaves through port `id`. */
static __always_inline int tc_with_ticket(struct __sk_buff *skb, __u32 id, const struct ticket_found *found)
{
	const struct sfc_port *port = port_get(id);
	const struct sfc_ticket *ticket = &found->ticket;
	struct sfc_interned *entry = found->entry;
	const struct sfc_service *service;
	__u32 service_id, push = 1;
	int reason;

	if (!entry)
		return tc_drop(skb, tc_port(skb, id), SFC_REASON_late);
	service_id = *(volatile __u16 *)&entry->header.f.service;
	tc_count_fragment(skb, found, service_id);
	if (!id || entry->way != id || skb->vlan_present || !port || !port->hairpin) {
		service = bpf_map_lookup_elem(&services, &service_id);
		reason = tc_way_out(skb, id, port, service);
		if (reason)
			return tc_drop(skb, bpf_map_lookup_elem(&service_counters, &service_id), reason);
		push = entry->way != SFC_NONE;
	}
	if (!push || tc_version_differs(skb, entry) || !push_may(skb))
		return tc_hairpin(skb, port, ticket, service_id);
	if (push_fits(skb, port, entry->header.f.len))
		return tc_push(skb, port, entry, ticket->generation, service_id);
	if (sfc_config.icmp) /* a packet that is too big is answered in XDP */
		return tc_hairpin(skb, port, ticket, service_id);
	return tc_drop(skb, bpf_map_lookup_elem(&service_counters, &service_id), SFC_REASON_too_big);
}
