/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SF to domain side in user mode: the cache as the source of a header, the first steps of sfc_restore. Each returns
 * SFC_OK or the reason that ends the packet. */
#pragma once

#include "cache/cache.h"
#include "cache/last.h"
#include "key/key.h"
#include "path/answer.h"

/*
 * Whether the frame is for the port. A routed SF that forwards IP multicast or a directed broadcast sends to a group
 * (RFC 1112 6.4), and the port is in it: the header is claimed once, whoever else hears the frame.
 */
static __always_inline int restore_accepts(const struct work *work, const struct back *back, const struct ethhdr *eth)
{
	return port_accepts(work, back->in, eth->h_dest) || eth->h_dest[0] & 1;
}

/* Finds the SF that sent the frame, and its kind. IP goes on, and so do Ethernet frames if the SF gets them. SFC is
 * refused. The rest is control packets of the segment. */
static __always_inline int restore_classify(struct xdp_md *ctx, struct work *work, struct back *back)
{
	struct cursor cur = cursor_at(ctx, 0);
	struct ethhdr *eth = cursor_take(&cur, sizeof(*eth));
	__u32 sf = back->in->sf;
	int reason;

	if (!eth)
		return SFC_REASON_runt;
	back->sf = bpf_map_lookup_elem(&sfs, &sf);
	if (!back->sf)
		return SFC_REASON_miss;
	back->other_mac = !restore_accepts(work, back, eth);
	work->inner.l3_off = l2_len(work);
	work->inner.version = eth->h_proto == bpf_htons(ETH_P_IP) ? 4 : eth->h_proto == bpf_htons(ETH_P_IPV6) ? 6 : 0;
	if (!work->inner.version) {
		reason = untrusted_unwrap(ctx, work, 0);
		if (reason)
			return reason;
		back->form = SFC_FORM_WRAPPED;
		if (!work->inner.version && !back->sf->ethernet)
			return SFC_REASON_control;
	}
	if (back->sf->ethernet) {
		work->inner.l3_off = 0;
		back->form = 0;
	}
	return SFC_OK;
}

/* Whether the packet has a segment routing header, where its SF may have some (End.AM). */
static __always_inline int restore_is_listed(const struct work *work)
{
	return encap_in_use(SFC_ENCAP_srv6) && work->inner.routed == 2;
}

/* Builds the key. A sound packet of a kind that has no key cannot have an entry: it is SFC or a control packet. */
static __always_inline int restore_key(struct xdp_md *ctx, struct work *work, const struct back *back)
{
	const struct sfc_sf *sf = back->sf;
	int reason = key_build(ctx, work, sf, work->result.port, back->form);

	if (reason == SFC_REASON_no_key)
		return work->inner.sfc || restore_is_listed(work) ? SFC_REASON_sfc_from_sf : SFC_REASON_control;
	return reason;
}

/* `tunnels: drop` holds for packets with an entry too, so it is asked before one is claimed. */
static __always_inline int restore_trust(struct xdp_md *ctx, struct work *work, const struct back *back)
{
	if (back->sf->tunnels != SFC_TUNNELS_DROP)
		return SFC_OK;
	return untrusted_judge(ctx, work, SFC_TUNNELS_DROP) == SFC_REASON_sfc_from_sf ? SFC_REASON_sfc_from_sf : SFC_OK;
}

/* The reason of a frame that gets no header. SFC is refused whomever it is for, since a bridge above the port would
 * carry it on. Only a packet right behind the frame's header can have a header put on. */
static __always_inline int restore_none(struct xdp_md *ctx, struct work *work, const struct back *back)
{
	int reason = restore_is_listed(work) ? SFC_REASON_sfc_from_sf : untrusted_judge(ctx, work, back->sf->tunnels);

	if (sfc_config.last && reason == SFC_REASON_miss && !back->other_mac && back->form != SFC_FORM_WRAPPED)
		return last_take(work, back->in);
	/* Never SFC_OK: clang knows, and would leave out what the verifier wants to see. */
	asm volatile("" : "+r"(reason));
	if (back->other_mac && reason != SFC_REASON_sfc_from_sf)
		return SFC_REASON_other_mac;
	return reason ? reason : SFC_REASON_miss;
}

static __always_inline int restore_claim(struct xdp_md *ctx, struct work *work, struct back *back)
{
	enum cache_outcome outcome = back->other_mac ? CACHE_MISS : cache_claim(work);

	if (outcome == CACHE_OK)
		return SFC_OK;
	return outcome == CACHE_LATE ? SFC_REASON_late : restore_none(ctx, work, back);
}

static __always_inline int restore_source(struct xdp_md *ctx, struct work *work, struct back *back)
{
	return restore_classify(ctx, work, back) ?: restore_key(ctx, work, back) ?: restore_trust(ctx, work, back) ?:
	       restore_claim(ctx, work, back);
}
