/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Steps that programs at the edge share, whatever the encapsulation is. */
#pragma once

#include "packet.h"

struct ethernet {
	__u8 macs[12];
	__be16 type;
};

/* IP that a host means for another host; not ARP, not neighbour discovery, not multicast, which belongs to the link. */
static __always_inline bool is_data(struct xdp_md *ctx, const struct ethernet *ethernet, struct packet *packet)
{
	if (ethernet->type != bpf_htons(ETH_P_IP) && ethernet->type != bpf_htons(ETH_P_IPV6))
		return false;
	if (ethernet->macs[0] & 1)
		return false;
	return read_packet(ctx, ETH_HLEN, packet) == 0 && !packet->link;
}

static __always_inline bool is_kept(const struct edge_port *port, const struct packet *packet)
{
	return port->keep_port && port->keep_port == packet->port && packet->payload > 0;
}

/* Counts a segment that does not go beyond those before it: a retransmission, or one that was overtaken. */
static __always_inline void count_order(const struct edge_port *port, const struct packet *packet)
{
	struct edge_flow flow = {.ports = packet->ports, .direction = port->direction};
	__u32 *end;

	if (!(port->flags & EDGE_ORDER) || !packet->payload)
		return;
	end = bpf_map_lookup_elem(&edge_flows, &flow);
	if (!end)
		bpf_map_update_elem(&edge_flows, &flow, &packet->end, BPF_ANY);
	else if ((__s32)(packet->end - *end) > 0)
		*end = packet->end;
	else
		count(port, EVENT_BEHIND);
}

/* The frame has its header, and goes into the SFC domain. */
static __always_inline int pushed(struct xdp_md *ctx, const struct edge_port *port, const struct packet *packet)
{
	count(port, EVENT_PUSHED + kind_of(packet));
	if (is_kept(port, packet))
		keep(ctx, KEPT_PUSHED);
	return bpf_redirect(port->partner, 0);
}

static __always_inline int wrong(struct xdp_md *ctx, const struct edge_port *port)
{
	count(port, EVENT_WRONG);
	keep(ctx, KEPT_WRONG);
	return XDP_DROP;
}

/* Takes `len` bytes behind Ethernet off, and gives the frame the EtherType of the packet behind them. */
static __always_inline int cut_header(struct xdp_md *ctx, struct ethernet *ethernet, const struct packet *packet,
				      __u32 len)
{
	ethernet->type = packet->ip6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
	if (bpf_xdp_adjust_head(ctx, len) || bpf_xdp_store_bytes(ctx, 0, ethernet, sizeof(*ethernet)))
		return XDP_ABORTED;
	return XDP_PASS;
}
