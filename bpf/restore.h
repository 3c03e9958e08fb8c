/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SF to domain side: the steps of sfc_restore. Each returns SFC_OK or the reason that ends the packet. */
#pragma once

#include "cache.h"
#include "key.h"
#include "port.h"
#include "rewrite.h"

enum {
	EXTENSION_HEADERS_MAX = 6,
	VLAN_TAGS_MAX = 2,
};

/* What the steps hand on to each other. */
struct restore {
	const struct sfc_port *in;
	const struct sfc_sf *sf;
	const struct sfc_service *service;
	int version;
};

/* The EtherType behind up to two VLAN tags, for frames that are not looked into further. */
static __always_inline __be16 restore_tagged_type(struct xdp_md *ctx, __be16 type)
{
	struct cursor cur = cursor_at(ctx, ETH_HLEN);

#pragma unroll
	for (int tag = 0; tag < VLAN_TAGS_MAX; tag++) {
		__be16 *vlan;

		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		vlan = cursor_take(&cur, 4); /* IEEE 802.1Q 9.3: the tag's value, then the next type */
		if (!vlan)
			break;
		type = vlan[1];
	}
	return type;
}

/* What kind of frame the SF sent: IP goes on; SFC is refused; the rest is the link's own business. */
static __always_inline int restore_classify(struct xdp_md *ctx, struct restore *restore)
{
	struct cursor cur = cursor_at(ctx, 0);
	struct ethhdr *eth = cursor_take(&cur, sizeof(*eth));

	if (!eth)
		return SFC_REASON_runt;
	if (eth->h_proto == bpf_htons(ETH_P_IP) || eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		restore->version = eth->h_proto == bpf_htons(ETH_P_IP) ? 4 : 6;
		return SFC_OK;
	}
	switch (bpf_ntohs(restore_tagged_type(ctx, eth->h_proto))) {
	case ETH_P_MPLS_UC:
	case ETH_P_MPLS_MC:
	case ETH_P_NSH:
		return SFC_REASON_sfc_from_sf;
	default:
		return SFC_REASON_control;
	}
}

/*
 * Looks for segment routing (RFC 8754) behind the extension headers of RFC 8200 4.1. The offset lives in memory for the
 * reason given in options_walk. A chain that is longer or cut is no more than a packet without an entry.
 */
static __always_inline int restore_walk(struct xdp_md *ctx, struct work *work)
{
	__u8 next = work->key.f.proto;

	work->walk = ETH_HLEN + sizeof(struct ipv6hdr);
	for (int step = 0; step < EXTENSION_HEADERS_MAX; step++) {
		struct cursor cur = cursor_at(ctx, forget(&work->walk, 0x3fff));
		__u8 *header = cursor_take(&cur, 3);

		if (!header)
			return SFC_REASON_miss;
		if (next == NEXTHDR_ROUTING && header[2] == ROUTING_TYPE_SRH)
			return SFC_REASON_sfc_from_sf;
		if (next == NEXTHDR_FRAGMENT)
			*(volatile __u32 *)&work->walk += 8;
		else if (next == NEXTHDR_AUTH)
			*(volatile __u32 *)&work->walk += (header[1] + 2) * 4;
		else if (next == NEXTHDR_HOP || next == NEXTHDR_ROUTING || next == NEXTHDR_DEST)
			*(volatile __u32 *)&work->walk += (header[1] + 1) * 8;
		else
			return SFC_REASON_miss;
		next = header[0];
	}
	return SFC_REASON_miss;
}

/* A sound packet of a kind that has no key cannot have an entry. Neighbour discovery is the link's own business. */
static __always_inline int restore_keyless(struct xdp_md *ctx, struct work *work)
{
	if (work->key.f.version != 6)
		return SFC_REASON_miss;
	if (work->key.f.proto == NEXTHDR_ICMPV6)
		return SFC_REASON_control; /* only neighbour discovery has no key */
	return restore_walk(ctx, work);
}

static __always_inline int restore_key(struct xdp_md *ctx, struct work *work, struct restore *restore)
{
	__u32 sf = restore->in->sf;
	int reason;

	restore->sf = bpf_map_lookup_elem(&sfs, &sf);
	if (!restore->sf)
		return SFC_REASON_miss;
	reason = key_build(ctx, work, ETH_HLEN, restore->version, restore->in->sf, restore->sf, work->result.port);
	return reason == SFC_REASON_no_key ? restore_keyless(ctx, work) : reason;
}

static __always_inline int restore_claim(struct work *work, struct restore *restore)
{
	enum cache_outcome outcome = cache_claim(work);
	struct sfc_counters *counters;
	__u32 service;

	if (outcome == CACHE_LATE)
		return SFC_REASON_late;
	if (outcome != CACHE_OK)
		return SFC_REASON_miss;
	work->result.claimed = 1;
	work->result.service = work->header.f.service;
	service = work->header.f.service;
	counters = bpf_map_lookup_elem(&service_counters, &service);
	if (counters) {
		count_event(counters, work, SFC_EVENT_CLAIMED);
		counters->last_claimed = work->now;
	}
	restore->service = bpf_map_lookup_elem(&services, &service);
	return restore->service ? SFC_OK : SFC_REASON_no_next_hop;
}

/* Puts the header on and addresses the frame to the next hop. The SF may have changed the size, so that is judged
 * again. */
static __always_inline int restore_header(struct xdp_md *ctx, struct work *work, const struct restore *restore)
{
	const struct sfc_service *service = restore->service;
	struct sfc_header_fields *header = &work->header.f;
	int back = service->egress_port == SFC_PORT_INGRESS;
	__u16 egress_id = back ? header->ingress_port : service->egress_port;
	const struct sfc_port *egress = port_get(egress_id);
	int reason;

	if (!egress || !service->next_hop_ready)
		return SFC_REASON_no_next_hop;
	if (!port_fits(egress, work->result.frame_len - ETH_HLEN + header->len))
		return SFC_REASON_too_big;
	if (service->inner_ttl == SFC_INNER_TTL_DECREMENT) {
		reason = inner_decrement(ctx, ETH_HLEN);
		if (reason)
			return reason;
	}
	reason = rewrite_restore(ctx, header);
	if (reason)
		return reason;
	reason = rewrite_macs(ctx, back ? header->ingress_mac : service->next_hop_mac, egress->mac);
	if (reason)
		return reason;
	return port_redirect(work, egress_id);
}

/* A frame without a claim: to the stack where it is the link's own or the SF's policy says so, else the end. */
static __always_inline int restore_end(struct work *work, const struct restore *restore, int reason)
{
	if (reason == SFC_REASON_control)
		return verdict_pass(work, reason);
	if (reason == SFC_REASON_miss && restore->sf && restore->sf->on_miss == SFC_MISS_PASS)
		return verdict_pass(work, reason);
	return verdict_drop(work, reason);
}
