/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SF to domain side: the steps of sfc_restore. Each returns SFC_OK or the reason that ends the packet. */
#pragma once

#include "base/port.h"
#include "base/rewrite.h"
#include "cache/cache.h"
#include "key/key.h"

/* What the steps hand on to each other. */
struct restore {
	const struct sfc_port *in;
	const struct sfc_sf *sf;
	const struct sfc_service *service;
	__u8 form; /* enum sfc_form */
};

/* Which SF sent it, and what: IP and, where the SF gets them, Ethernet frames go on; SFC is refused; the rest is the
 * link's own business. */
static __always_inline int restore_classify(struct xdp_md *ctx, struct work *work, struct restore *restore)
{
	struct cursor cur = cursor_at(ctx, 0);
	struct ethhdr *eth = cursor_take(&cur, sizeof(*eth));
	__u32 sf = restore->in->sf;
	int reason;

	if (!eth)
		return SFC_REASON_runt;
	restore->sf = bpf_map_lookup_elem(&sfs, &sf);
	if (!restore->sf)
		return SFC_REASON_miss;
	work->inner.l3_off = ETH_HLEN;
	work->inner.version = eth->h_proto == bpf_htons(ETH_P_IP) ? 4 : eth->h_proto == bpf_htons(ETH_P_IPV6) ? 6 : 0;
	if (!work->inner.version) {
		reason = untrusted_unwrap(ctx, work, 0);
		if (reason)
			return reason;
		restore->form = SFC_FORM_WRAPPED;
		if (!work->inner.version && !restore->sf->ethernet)
			return SFC_REASON_control;
	}
	if (restore->sf->ethernet) {
		work->inner.l3_off = 0;
		restore->form = 0;
	}
	return SFC_OK;
}

/* A sound packet of a kind that has no key cannot have an entry: SFC, or the link's own. */
static __always_inline int restore_key(struct xdp_md *ctx, struct work *work, const struct restore *restore)
{
	const struct sfc_sf *sf = restore->sf;
	int reason = key_build(ctx, work, sf, work->result.port, restore->form);

	if (reason == SFC_REASON_no_key)
		return work->inner.sfc ? SFC_REASON_sfc_from_sf : SFC_REASON_control;
	return reason;
}

/* `tunnels: drop` holds for packets with an entry too, so it is asked before one is claimed. */
static __always_inline int restore_trust(struct xdp_md *ctx, struct work *work, const struct restore *restore)
{
	struct sfc_key key;

	if (restore->sf->tunnels != SFC_TUNNELS_DROP)
		return SFC_OK;
	key = work->key;
	if (untrusted_judge(ctx, work, SFC_TUNNELS_DROP) == SFC_REASON_sfc_from_sf)
		return SFC_REASON_sfc_from_sf;
	work->key = key;
	return SFC_OK;
}

/* The header in work is this frame's: whose it was, and where it goes on to. */
static __always_inline int restore_service(struct work *work, struct restore *restore)
{
	__u32 service = work->header.f.service;
	struct sfc_counters *counters = bpf_map_lookup_elem(&service_counters, &service);

	work->result.claimed = 1;
	work->result.service = service;
	if (counters) {
		count_event(counters, work, SFC_EVENT_CLAIMED);
		counters->last_claimed = work->now;
	}
	restore->service = bpf_map_lookup_elem(&services, &service);
	return restore->service ? SFC_OK : SFC_REASON_no_next_hop;
}

static __always_inline int restore_claim(struct xdp_md *ctx, struct work *work, struct restore *restore)
{
	enum cache_outcome outcome = cache_claim(work);

	if (outcome == CACHE_LATE)
		return SFC_REASON_late;
	if (outcome != CACHE_OK) {
		int reason = untrusted_judge(ctx, work, restore->sf->tunnels);

		/* Never SFC_OK: clang knows, and would leave out what the verifier wants to see. */
		asm volatile("" : "+r"(reason));
		return reason ? reason : SFC_REASON_miss;
	}
	return restore_service(work, restore);
}

/* Puts the header on and addresses the frame to the next hop. The SF may have changed the size, so that is judged
 * again. */
static __always_inline int restore_header(struct xdp_md *ctx, struct work *work, const struct restore *restore)
{
	const struct sfc_service *service = restore->service;
	struct sfc_header_fields *header = &work->header.f;
	__u32 outer = restore->sf->ethernet ? ETH_HLEN : 0; /* the frame becomes the payload of another one */
	int back = service->egress_port == SFC_PORT_INGRESS;
	__u16 egress_id = back ? header->ingress_port : service->egress_port;
	const struct sfc_port *egress = port_get(egress_id);
	struct macs macs;
	int reason;

	if (!egress || !service->next_hop_ready)
		return SFC_REASON_no_next_hop;
	if (!port_fits(egress, work->result.frame_len - ETH_HLEN + outer + header->len))
		return SFC_REASON_too_big;
	if (service->inner_ttl == SFC_INNER_TTL_DECREMENT) {
		reason = inner_decrement(ctx, ETH_HLEN);
		if (reason)
			return reason;
	}
	macs = macs_of(back ? header->ingress_mac : service->next_hop_mac, egress->mac);
	reason = rewrite_restore(ctx, work, outer, &macs);
	return reason ? reason : port_redirect(work, egress_id);
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
