/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Domain side to SF: the steps of sfc_strip. Each returns SFC_OK or the reason that ends the packet. */
#pragma once

#include "base/port.h"
#include "base/rewrite.h"
#include "cache/cache.h"
#include "encap/mpls.h"
#include "key/key.h"
#include "ticket/to_stack.h"

/* What the steps hand on to each other. */
struct strip {
	const struct sfc_port *in;
	const struct sfc_service *service;
	const struct sfc_sf *sf;
	struct sfc_match match;
	__be16 ethertype;
	__u32 first_word;            /* MPLS: the top entry */
	struct sfc_near_stack *near; /* where to write down what comes of this stack, or NULL */
};

/* Encapsulation by EtherType, and the value that a service matches. One case per encapsulation here and in strip_parse.
 */
static __always_inline int strip_classify(struct xdp_md *ctx, struct strip *strip)
{
	struct cursor cur = cursor_at(ctx, 0);
	struct ethhdr *eth = cursor_take(&cur, sizeof(*eth));
	int reason;

	if (!eth)
		return SFC_REASON_runt;
	strip->ethertype = eth->h_proto;
	switch (bpf_ntohs(strip->ethertype)) {
	case ETH_P_MPLS_UC:
	case ETH_P_MPLS_MC:
		reason = mpls_top(ctx, &strip->first_word);
		strip->match.encap = SFC_ENCAP_MPLS;
		strip->match.value = strip->first_word >> MPLS_LABEL_SHIFT;
		return reason;
	case ETH_P_NSH:
		return SFC_REASON_unmatched; /* SFC, but no service can match it yet */
	default:
		return SFC_REASON_not_sfc;
	}
}

/* The service that a match selects, or NULL. */
static __always_inline __u32 *strip_service(struct sfc_match *match)
{
	__u32 place = sfc_near_place(match);
	struct sfc_near_match *near = bpf_map_lookup_elem(&near_matches, &place);

	if (near && near->match.value == match->value &&
	    ((near->match.port ^ match->port) | (near->match.encap ^ match->encap)) == 0)
		return &near->service;
	return bpf_map_lookup_elem(&matches, match);
}

static __always_inline int strip_match(struct work *work, struct strip *strip)
{
	__u32 *id, sf;

	strip->match.port = work->result.port;
	id = strip_service(&strip->match);
	if (!id)
		return SFC_REASON_unmatched;
	strip->service = bpf_map_lookup_elem(&services, id);
	if (!strip->service)
		return SFC_REASON_unmatched;
	sf = strip->service->sf;
	strip->sf = bpf_map_lookup_elem(&sfs, &sf);
	if (!strip->sf)
		return SFC_REASON_unmatched;
	work->result.service = *id;
	return SFC_OK;
}

/* Reads the encapsulation to its end; fills work->cut and work->header. */
static __always_inline int strip_parse(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	int reason;

	work->kept = 0;
	work->cut = 0; /* until the end of the encapsulation is found */
	switch (strip->match.encap) {
	case SFC_ENCAP_MPLS:
		reason = mpls_parse(ctx, work, strip->service, strip->first_word);
		break;
	default:
		reason = SFC_REASON_not_sfc;
	}
	if (reason)
		return reason;
	return work->kept > sfc_config.header_limit ? SFC_REASON_header_too_long : SFC_OK;
}

/* MPLS does not say what it carries (RFC 4928): the service does, and for IP the first nibble must agree. */
static __always_inline int strip_inner(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	__u32 l3_off = ETH_HLEN + forget(&work->cut, 127);
	__u8 inner = strip->service->inner;
	int version;

	work->inner.l3_off = l3_off;
	work->inner.version = 0;
	if (inner == SFC_INNER_ETHERNET)
		return SFC_OK;
	version = inner_version(ctx, l3_off);
	if (version < 0)
		return SFC_REASON_truncated;
	if (version != 4 && version != 6)
		return SFC_REASON_bad_inner;
	if ((inner == SFC_INNER_IPV4 && version != 4) || (inner == SFC_INNER_IPV6 && version != 6))
		return SFC_REASON_bad_inner;
	work->inner.version = version;
	return SFC_OK;
}

static __always_inline int strip_key(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	const struct sfc_service *service = strip->service;
	int reason = key_build(ctx, work, strip->sf, service->return_port, 0);

	if (reason == SFC_REASON_truncated || reason == SFC_REASON_bad_inner)
		return reason;
	/* Judged here and not on return, so that an SF cannot give a dead packet new life. */
	if (service->inner_ttl == SFC_INNER_TTL_DECREMENT && inner_hops(ctx, ETH_HLEN + forget(&work->cut, 127)) <= 1)
		return SFC_REASON_ttl;
	return reason;
}

/* Everything that could stop the packet later, on its way to the SF and behind it, before anything is kept of it. */
static __always_inline int strip_ways_out(struct work *work, const struct strip *strip)
{
	const struct sfc_service *service = strip->service;
	const struct sfc_port *to = port_get(service->to_port);
	__u16 egress_id = service->egress_port == SFC_PORT_INGRESS ? work->result.port : service->egress_port;
	const struct sfc_port *egress = port_get(egress_id);
	__u32 inner = work->result.frame_len - ETH_HLEN - work->cut;
	__u32 to_sf = strip->sf->ethernet ? inner - ETH_HLEN : inner; /* MTUs do not count a frame's own header */

	if (!to || !egress)
		return SFC_REASON_no_next_hop;
	if (!port_fits(to, to_sf) || !port_fits(egress, inner + work->kept))
		return SFC_REASON_too_big;
	if (to->unready || !service->next_hop_ready || !port_present(egress_id) || !port_present(service->return_port))
		return SFC_REASON_no_next_hop;
	return SFC_OK;
}

static __always_inline __be16 strip_inner_type(const struct work *work)
{
	return bpf_htons(work->inner.version == 4 ? ETH_P_IP : ETH_P_IPV6);
}

/* The header's own fields, in front of its bytes. */
static __always_inline int strip_keep(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	__be16 ethertype = work->kept ? strip->ethertype : strip_inner_type(work);
	__u64 first = work->result.service | (__u64)ethertype << 32 | (__u64)work->kept << 48, second = 0;

	if (strip->service->egress_port == SFC_PORT_INGRESS) {
		struct cursor cur = cursor_at(ctx, ETH_ALEN);
		__u16 *source = cursor_take(&cur, ETH_ALEN);

		if (!source)
			return SFC_REASON_runt;
		first |= (__u64)work->result.port << 16;
		second = source[0] | (__u64)source[1] << 16 | (__u64)source[2] << 32;
	}
	/* Whole words: what is stored in pieces and loaded in one waits for all stores before it. */
	work->header.word[0] = first;
	work->header.word[1] = second;
	return SFC_OK;
}

/* Cuts the encapsulation off and addresses the frame to the SF. */
static __always_inline int strip_cut(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	const struct sfc_port *to = port_get(strip->service->to_port);
	__u32 cut = forget(&work->cut, 127);

	if (strip->sf->ethernet)
		return rewrite_strip_ethernet(ctx, cut); /* a frame keeps its MACs */
	return to ? rewrite_strip(ctx, cut, strip_inner_type(work), to) : SFC_REASON_no_next_hop;
}

/* The last step: from here on the packet is on its way. */
static __always_inline int strip_cache(struct work *work, const struct strip *strip)
{
	switch (cache_insert(work, strip->sf->hold_ns)) {
	case CACHE_OK:
	case CACHE_SHARED:
		return SFC_OK;
	case CACHE_AMBIGUOUS:
		return SFC_REASON_ambiguous;
	default:
		return SFC_REASON_cache_full;
	}
}

/* A next hop of its own must be known. And all ports that the stack may send through are there: the kernel takes one
 * that goes out of the device map, and what is caught there would leave bare. */
static __always_inline int strip_stack_ready(const struct sfc_service *service)
{
	if (!service->next_hop_ready)
		return SFC_REASON_no_next_hop;
	if (service->egress_port && service->egress_port != SFC_PORT_INGRESS && !port_present(service->egress_port))
		return SFC_REASON_no_next_hop;
#pragma unroll
	for (__u32 i = 0; i < SFC_EGRESS_MAX; i++) {
		if (!service->egress[i])
			break;
		if (!port_present(service->egress[i]))
			return SFC_REASON_no_next_hop;
	}
	return service->egress[0] ? SFC_OK : SFC_REASON_no_next_hop;
}

/* Addresses the bare frame to this host's stack. */
static __always_inline int strip_to_stack(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	return stack_cut(ctx, forget(&work->cut, 127), strip_inner_type(work), strip->in);
}

/* The number of its header goes with the packet. */
static __always_inline int strip_ticket(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	int reason = stack_intern(work, strip->service, strip->sf->hold_ns);

	return reason ? reason : ticket_put(ctx, &work->ticket);
}

/*
 * Whose outcome it is and how it ends. `unmatched`, `not_sfc` and a stack that ends inside a label belong to the port;
 * they and nothing else may go to the stack of this host.
 */
static __always_inline int strip_end(struct xdp_md *ctx, struct work *work, const struct strip *strip, int reason)
{
	if (reason == SFC_REASON_truncated && !work->cut)
		work->result.service = SFC_NONE;
	if (reason != SFC_REASON_not_sfc &&
	    (reason != SFC_REASON_unmatched || strip->in->unmatched != SFC_UNMATCHED_PASS))
		return verdict_drop(work, reason);
	if (strip->in->stack)
		stack_mark_plain(ctx, work);
	return verdict_pass(work, reason);
}
