/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SF to domain side, from a header in work->header to the next hop: the steps that all sources of a header share.
 *
 *   source    a claim of the cache (restore.h), or a ticket (kernel_mode/): fills work->header
 *   service   whose header it is
 *   where     the port and the MACs: the service's next hop, or what a kernel has decided
 *   header    put on, and finished: what in it depends on the packet
 *   route     with `fib`, port and MACs by the route of the outer packet (fib.h)
 *   send      out of the port
 */
#pragma once

#include "base/port.h"
#include "base/rewrite.h"
#include "encap/encaps.h"
#include "key/inner.h"
#include "path/fib.h"

/* The values that the steps hand on to each other. */
struct back {
	const struct sfc_port *in;
	const struct sfc_sf *sf;
	const struct sfc_service *service;
	struct sfc_counters *counters; /* the service's */
	const struct sfc_port *egress; /* NULL before a route is known */
	__u32 egress_id;
	__u8 form;      /* enum sfc_form, of the key */
	__u8 other_mac; /* 1 = the frame is not for this port */
	struct macs macs;
};

/* Finds the service of the header. `from_sf` is a constant: if it is set, an SF has given the packet back, so the
 * header is counted as claimed. */
static __always_inline int back_service(struct work *work, struct back *back, int from_sf)
{
	__u32 service = work->header.f.service;
	struct sfc_counters *counters = bpf_map_lookup_elem(&service_counters, &service);

	work->result.claimed = 1;
	work->result.service = service;
	if (counters) {
		if (from_sf && !work->result.originated)
			count_event(counters, work, SFC_EVENT_CLAIMED);
		counters->last_claimed = work->now;
	}
	back->counters = counters;
	back->service = bpf_map_lookup_elem(&services, &service);
	return back->service ? SFC_OK : SFC_REASON_no_next_hop;
}

/* The port to a configured next hop, of a frame at a domain port. */
static __always_inline __u16 back_egress(const struct work *work, const struct sfc_service *service)
{
	return service->egress_port == SFC_PORT_INGRESS ? work->result.port : service->egress_port;
}

/* The service's next hop. */
static __always_inline int back_to_next_hop(struct work *work, struct back *back)
{
	const struct sfc_service *service = back->service;
	int ingress = service->egress_port == SFC_PORT_INGRESS;

	back->egress_id = ingress ? work->header.f.ingress_port : service->egress_port;
	back->egress = port_get(back->egress_id);
	if (!back->egress || !service->next_hop_ready)
		return SFC_REASON_no_next_hop;
	back->macs = macs_of(ingress ? work->header.f.ingress_mac : service->next_hop_mac, back->egress->mac);
	return SFC_OK;
}

/* Sends the packet where the kernel has routed it: the neighbour's MAC is in the frame, and the hairpin belongs to the
 * port. */
static __always_inline int back_as_routed(struct xdp_md *ctx, struct work *work, struct back *back)
{
	struct cursor cur = cursor_at(ctx, 0);
	const __u8 *eth = cursor_take(&cur, ETH_HLEN);

	if (!eth)
		return SFC_REASON_runt;
	back->egress_id = work->result.port;
	back->egress = port_get(back->egress_id);
	if (!back->egress)
		return SFC_REASON_no_next_hop;
	back->macs = macs_of(eth, back->egress->mac);
	return SFC_OK;
}

/* The route is not known before the header is finished. Until then the frame is one for this host, where the kernel may
 * have to send it. */
static __always_inline int back_to_host(struct back *back)
{
	if (!back->in)
		return SFC_REASON_no_next_hop;
	back->macs = macs_of(back->in->mac, back->in->mac);
	return SFC_OK;
}

static __always_inline int back_where(struct xdp_md *ctx, struct work *work, struct back *back)
{
	if (fib_decides(back->service))
		return back_to_host(back);
	if (sfc_config.kernel_mode && !back->service->egress_port)
		return back_as_routed(ctx, work, back);
	return back_to_next_hop(work, back);
}

/* A packet that leaves without a header has nothing to finish but its hops. */
static __always_inline int back_bare(struct xdp_md *ctx, const struct work *work)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));

	inner_limit(cur.pos, cur.end, work->header.f.hops);
	return SFC_OK;
}

/* Whether a packet of `size` fits the way out. Where that is not known yet, the route will tell. */
static __always_inline int back_fits(const struct back *back, __u32 size)
{
	return (sfc_config.fib && !back->egress) || port_fits(back->egress, size);
}

/* The header is on already. */
static __always_inline int back_unmasked(struct xdp_md *ctx, struct work *work, const struct back *back)
{
	struct cursor cur;
	void *eth;
	int reason;

	if (!back_fits(back, work->result.frame_len - l2_len(work)))
		return SFC_REASON_too_big;
	reason = srv6_unmask(ctx, work);
	if (reason)
		return reason;
	cur = cursor_at(ctx, 0);
	eth = cursor_take(&cur, ETH_HLEN);
	if (!eth)
		return SFC_REASON_runt;
	macs_write(eth, &back->macs, work->header.f.ethertype);
	return SFC_OK;
}

/* Puts the header on. The SF may have changed the size, so it is checked again. An Ethernet frame becomes the payload
 * of another one. */
static __always_inline int back_header(struct xdp_md *ctx, struct work *work, struct back *back)
{
	__u32 outer = back->service->inner == SFC_INNER_ETHERNET ? l2_len(work) : 0;
	int reason;

	if (encap_stays(back->service))
		return back_unmasked(ctx, work, back);
	if (!back_fits(back, work->result.frame_len - l2_len(work) + outer + work->header.f.len))
		return SFC_REASON_too_big;
	if (back->service->inner_ttl == SFC_INNER_TTL_DECREMENT) {
		reason = inner_decrement(ctx, l2_len(work));
		if (reason)
			return reason;
	}
	reason = rewrite_restore(ctx, work, outer, &back->macs);
	if (reason)
		return reason;
	return work->header.f.len ? encap_finish(ctx, work, back->service) : back_bare(ctx, work);
}

static __always_inline int back_route(struct xdp_md *ctx, struct work *work, struct back *back)
{
	int reason;

	if (!fib_decides(back->service))
		return SFC_OK;
	reason = fib_route(ctx, work, back->service, ctx->ingress_ifindex);
	back->egress_id = work->result.egress;
	return reason;
}

static __always_inline int back_steps(struct xdp_md *ctx, struct work *work, struct back *back)
{
	return back_where(ctx, work, back) ?: back_header(ctx, work, back) ?:
	       back_route(ctx, work, back) ?: port_redirect(work, back->egress_id);
}

/* Writes the header over the one that came, and asks for a route. A frame that is too big for it gets its MACs back:
 * the message to its sender goes to where it came from. */
static __always_inline int back_over(struct xdp_md *ctx, struct work *work, struct back *back)
{
	struct cursor cur = cursor_at(ctx, 0);
	void *eth = cursor_take(&cur, ETH_HLEN);
	struct macs came;
	int reason;

	if (!eth)
		return SFC_REASON_runt;
	came = macs_read(eth);
	reason = rewrite_over(ctx, work, &back->macs) ?: back_route(ctx, work, back);
	if (!sfc_config.icmp || !sfc_config.fib || reason != SFC_REASON_too_big)
		return reason;
	cur = cursor_at(ctx, 0);
	eth = cursor_take(&cur, ETH_HLEN);
	if (eth)
		macs_write(eth, &came, work->header.f.ethertype);
	return reason;
}

/*
 * The whole way of a frame that no SF gets; it keeps its length. Where this host's kernel has the routes, or must send
 * it itself, the frame goes there: result.egress is 0 then. Not static, as extensions_walk.
 */
__noinline int back_bypass(struct xdp_md *ctx, struct work *work, const struct sfc_port *in)
{
	struct back back = {.in = in};
	__u32 service;
	int reason;

	if (!(sfc_config.encaps & ENCAPS_BYPASS) || !work || !in)
		return SFC_REASON_no_next_hop;
	service = work->result.service;
	back.service = bpf_map_lookup_elem(&services, &service);
	if (!back.service)
		return SFC_REASON_no_next_hop;
	if (!back.service->egress_port)
		reason = back_to_host(&back);
	else
		reason = back_to_next_hop(work, &back);
	if (reason)
		return reason;
	if (back.egress && !port_fits(back.egress, work->result.frame_len - l2_len(work)))
		return SFC_REASON_too_big;
	reason = back_over(ctx, work, &back);
	if (fib_hands_over(reason))
		return SFC_OK;
	return reason || !back.egress_id ? reason : port_redirect(work, back.egress_id);
}
