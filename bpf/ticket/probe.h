/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Probes (sfc_probe.h): how they are sent, and how they are met again. A probe has a ticket that is never valid, or no
 * entry in the cache. So it ends where packets end that have lost theirs (`miss`, `late`). Programs look for probes
 * only there, off the way of all packets that go on. A probe goes no further, whatever was found.
 */
#pragma once

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include "base/port.h"
#include "ticket/ticket.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SFC_PROBES_MAX);
	__type(key, __u32);
	__type(value, struct sfc_probe_entry);
} probes SEC(".maps");

/* The two kinds of packets have helpers of their own; `xdp` is a constant wherever this is used. */
static __always_inline long probe_load(void *ctx, int xdp, __u32 off, void *to, __u32 len)
{
	return xdp ? bpf_xdp_load_bytes(ctx, off, to, len) : bpf_skb_load_bytes(ctx, off, to, len);
}

/* Where the UDP payload of an IP packet begins, 0 where there is none. */
static __always_inline __u32 probe_payload(void *ctx, int xdp, __u32 l3_off)
{
	__u8 first = 0, proto = 0;
	int six;

	if (probe_load(ctx, xdp, l3_off, &first, sizeof(first)))
		return 0;
	six = first >> 4 == 6;
	if (probe_load(ctx, xdp,
		       l3_off + (six ? __builtin_offsetof(struct ipv6hdr, nexthdr)
				     : __builtin_offsetof(struct iphdr, protocol)),
		       &proto, sizeof(proto)) ||
	    proto != IPPROTO_UDP)
		return 0;
	return l3_off + (six ? sizeof(struct ipv6hdr) : (first & 15U) * 4) + sizeof(struct udphdr);
}

/* The entry of the probe that the packet at `l3_off` is, or NULL. */
static __always_inline struct sfc_probe_entry *probe_at(void *ctx, int xdp, __u32 l3_off)
{
	__u32 off = probe_payload(ctx, xdp, l3_off);
	struct sfc_probe_name name;
	struct sfc_probe_entry *probe;
	__u32 index;

	if (!off || probe_load(ctx, xdp, off, &name, sizeof(name)))
		return NULL;
	index = name.index;
	probe = bpf_map_lookup_elem(&probes, &index);
	if (!probe || !probe->active || probe->nonce[0] != name.nonce[0] || probe->nonce[1] != name.nonce[1])
		return NULL;
	return probe;
}

/* Counts a probe that came out, and whether it had no ticket. For the first copy it writes down where, and sets `done`
 * after all else. */
static __always_inline void probe_note(void *ctx, int xdp, struct sfc_probe_entry *probe, __u32 ifindex, int ticket)
{
	if (!ticket)
		__sync_fetch_and_add(&probe->bare, 1);
	if (__sync_fetch_and_add(&probe->came, 1))
		return;
	probe->ifindex = ifindex;
	probe_load(ctx, xdp, 0, probe->frame, sizeof(probe->frame));
	__sync_lock_test_and_set(&probe->done, 1);
}

/* Looks for a probe at TC egress. Where the interface has no Ethernet header, the packet begins at once. */
static __noinline int probe_in_kernel(struct __sk_buff *skb, int ticket)
{
	struct sfc_probe_entry *probe = probe_at(skb, 0, ETH_HLEN);

	if (!probe)
		probe = probe_at(skb, 0, 0);
	if (probe)
		probe_note(skb, 0, probe, skb->ifindex, ticket);
	return probe != NULL;
}

/* The reason why TC egress stops a packet: `probe` for a probe, whose ticket is gone or out of date, else `reason`. */
static __always_inline int probe_or(struct __sk_buff *skb, int reason)
{
	if (reason != SFC_REASON_miss && reason != SFC_REASON_late)
		return reason;
	return probe_in_kernel(skb, reason == SFC_REASON_late) ? SFC_REASON_probe : reason;
}

/* A number that no header has: one more than there are. */
static __always_inline __u32 probe_number(void)
{
	return sfc_config.slot_mask + 2;
}

/* Whether a kernel behind ports has kept the ticket, which is then in the MACs (ticket_mac.h). */
static __always_inline int probe_has_ticket(struct xdp_md *ctx)
{
	struct sfc_ticket ticket = {};

	return sfc_config.kernel_mode && !probe_load(ctx, 1, 0, &ticket, SFC_TICKET_MACS) &&
	       ticket.header == probe_number() && ticket.generation == SFC_PROBE_GENERATION &&
	       ticket.check == ticket_check(ticket.header, ticket.generation, SFC_TICKET_IN_MACS);
}

static __noinline int probe_from_sf(struct xdp_md *ctx)
{
	struct sfc_probe_entry *probe = probe_at(ctx, 1, ETH_HLEN);

	if (probe)
		probe_note(ctx, 1, probe, ctx->ingress_ifindex, probe_has_ticket(ctx));
	return probe != NULL;
}

/* The same at an SF port. */
static __always_inline int probe_or_restore(struct xdp_md *ctx, int reason)
{
	if (reason != SFC_REASON_miss && reason != SFC_REASON_late && reason != SFC_REASON_other_mac)
		return reason;
	return probe_from_sf(ctx) ? SFC_REASON_probe : reason;
}

/* Sends a probe where strip would send the packet. User space runs this: no attached program does. */
static __always_inline int probe_send(struct xdp_md *ctx)
{
	struct sfc_probe_entry *probe = probe_at(ctx, 1, ETH_HLEN);
	struct work *work = port_scratch();

	if (!probe || !work)
		return XDP_ABORTED;
	work->ticket.header = probe_number();
	work->ticket.generation = SFC_PROBE_GENERATION;
	work->ticket.check = ticket_check(work->ticket.header, SFC_PROBE_GENERATION, SFC_TICKET_IN_METADATA);
	if (probe->ticketed && ticket_put(ctx, &work->ticket))
		return XDP_DROP;
	probe->sent++;
	return probe->to_port ? bpf_redirect_map(&tx_ports, probe->to_port, XDP_DROP) : XDP_PASS;
}
