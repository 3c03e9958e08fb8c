/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SF to domain side: the steps of sfc_restore. Each returns SFC_OK or the reason that ends the packet. */
#pragma once

#include "cache.h"
#include "key.h"
#include "port.h"
#include "rewrite.h"

/* What the steps hand on to each other. */
struct restore {
	const struct sfc_port *in;
	const struct sfc_sf *sf;
	const struct sfc_service *service;
	int version;
};

/* What kind of frame the SF sent: IP goes on; SFC is refused; the rest is the link's own business. */
static __always_inline int restore_classify(struct xdp_md *ctx, struct restore *restore)
{
	struct cursor cur = cursor_at(ctx, 0);
	struct ethhdr *eth = cursor_take(&cur, sizeof(*eth));

	if (!eth)
		return SFC_REASON_runt;
	switch (bpf_ntohs(eth->h_proto)) {
	case ETH_P_IP:
		restore->version = 4;
		return SFC_OK;
	case ETH_P_IPV6:
		restore->version = 6;
		return SFC_OK;
	case ETH_P_MPLS_UC:
	case ETH_P_MPLS_MC:
	case ETH_P_NSH:
		return SFC_REASON_sfc_from_sf;
	default:
		return SFC_REASON_control;
	}
}

/*
 * A sound packet of a kind that has no key cannot have an entry. Of these, neighbour discovery is the link's own
 * business, and segment routing (RFC 8754) is refused: an SF must not steer packets.
 */
static __always_inline int restore_keyless(struct xdp_md *ctx, const struct work *work)
{
	const struct sfc_key_fields *key = &work->key.f;
	struct cursor cur = cursor_at(ctx, ETH_HLEN + sizeof(struct ipv6hdr));
	__u8 *routing = cursor_take(&cur, 3);

	if (key->version == 6 && key->proto == NEXTHDR_ICMPV6)
		return SFC_REASON_control; /* only neighbour discovery has no key */
	if (key->version == 6 && key->proto == NEXTHDR_ROUTING && routing && routing[2] == ROUTING_TYPE_SRH)
		return SFC_REASON_sfc_from_sf;
	return SFC_REASON_miss;
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
	if (counters)
		count_event(counters, work, SFC_EVENT_CLAIMED);
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
