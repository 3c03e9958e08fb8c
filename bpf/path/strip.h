/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Domain side to SF: the steps of sfc_strip. Each returns SFC_OK or the reason that ends the packet. */
#pragma once

#include "base/port.h"
#include "base/rewrite.h"
#include "cache/cache.h"
#include "cache/last.h"
#include "encap/encaps.h"
#include "key/key.h"
#include "path/answer.h"
#include "path/fib.h"
#include "path/match.h"
#include "ticket/to_kernel.h"

/* The values that the steps hand on to each other. */
struct strip {
	const struct sfc_port *in;
	const struct sfc_service *service;
	const struct sfc_sf *sf;
	struct sfc_counters *counters; /* the service's */
	enum sfc_encap encap;
	__be16 ethertype;
	struct sfc_number_hint *hint; /* kernel mode: where numbers of headers with these bytes are, or NULL */
};

/* Finds the encapsulation, if any: by the EtherType, or by the IP packet where that is all of the frame. Then whom the
 * frame is for. */
static __always_inline int strip_classify(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	struct cursor cur = cursor_at(ctx, 0);
	struct ethhdr *eth = cursor_take(&cur, sizeof(*eth));

	work->encap.due = 0;
	if (!eth)
		return SFC_REASON_runt;
	work->encap.cut = 0; /* until the end of the encapsulation is found */
	work->encap.kept = 0;
	work->encap.finishes = 0;
	work->encap.hops = 0;
	work->encap.lead = 0;
	work->encap.says_at = 0;
	work->encap.bypass = SFC_OK;
	work->encap.outer = OUTER_NONE;
	strip->ethertype = eth->h_proto;
	strip->encap = encap_of_type(strip->ethertype);
	if (!strip->encap) {
		strip->encap = encap_inside(ctx, work, strip->ethertype);
		if (!strip->encap)
			return SFC_REASON_not_sfc;
	}
	if (!port_accepts(work, strip->in, eth->h_dest) && !encap_is_to_group(strip->encap, eth->h_dest))
		return SFC_REASON_other_mac;
	return work->encap.outer == OUTER_FRAGMENT ? SFC_REASON_outer_fragment : SFC_OK;
}

/* Finds the service and its SF. A packet whose IPv6 destination matches no service is a plain packet. */
static __always_inline int strip_match(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	__u64 value[2] = {}, found;
	int reason = encap_match(ctx, work, strip->encap, value);
	__u32 id, sf;

	if (reason)
		return reason;
	found = match_any(work, strip->encap, value);
	if (!found)
		return ENCAPS_BY_IPV6 >> strip->encap & 1 ? SFC_REASON_not_sfc : SFC_REASON_unmatched;
	id = found;
	sf = found >> 32;
	strip->service = bpf_map_lookup_elem(&services, &id);
	strip->sf = bpf_map_lookup_elem(&sfs, &sf);
	if (!strip->service || !strip->sf)
		return SFC_REASON_unmatched;
	work->result.service = id;
	return SFC_OK;
}

/* Reads the encapsulation to its end; fills work->encap and the bytes of work->header. */
static __always_inline int strip_parse(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	int reason = encap_parse(ctx, work, strip->encap, strip->service);

	if (reason)
		return reason;
	if (work->encap.kept > sfc_config.header_limit)
		return SFC_REASON_header_too_long;
	/* On return an Ethernet frame gets an outer Ethernet header as well. Headers of MPLS are never that long. */
	if (sfc_config.header_room + ETH_HLEN > SFC_HEADROOM && strip->sf->ethernet &&
	    work->encap.kept + l2_len(work) > SFC_HEADROOM)
		return SFC_REASON_header_too_long;
	return SFC_OK;
}

/* The kind of packet inside, by the header and the service; -1 where the two contradict each other. */
static __always_inline int strip_inner_kind(const struct work *work, const struct sfc_service *service)
{
	__u8 said = work->encap.inner, wanted = service->inner;

	if (said == SFC_INNER_IP)
		return wanted;
	return said == wanted || (wanted == SFC_INNER_IP && said != SFC_INNER_ETHERNET) ? said : -1;
}

/* The header says what it carries, or else the service does. The first nibble of an IP packet must agree. */
static __always_inline int strip_inner(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	__u32 l3_off = l2_len(work) + encap_cut(work);
	int inner = strip_inner_kind(work, strip->service), version;

	work->inner.l3_off = l3_off;
	work->inner.version = 0;
	if (inner == SFC_INNER_ETHERNET || encap_bypass(work))
		return SFC_OK;
	version = inner_version(ctx, l3_off);
	if (version < 0)
		return SFC_REASON_truncated;
	if (inner < 0 || (version != 4 && version != 6))
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
	if (service->inner_ttl == SFC_INNER_TTL_DECREMENT && inner_hops(ctx, l2_len(work) + encap_cut(work)) <= 1)
		return SFC_REASON_ttl;
	return reason;
}

/* Whether a packet of `size` can go on behind the SF. */
static __always_inline int strip_next_hop(const struct work *work, const struct sfc_service *service, __u32 size)
{
	__u16 egress_id = back_egress(work, service);
	const struct sfc_port *egress;

	if (fib_decides(service))
		return fib_any_way(service, size);
	egress = port_get(egress_id);
	if (!egress)
		return SFC_REASON_no_next_hop;
	if (!port_fits(egress, size))
		return SFC_REASON_too_big;
	return service->next_hop_ready && port_present(egress_id) ? SFC_OK : SFC_REASON_no_next_hop;
}

/*
 * Writes down that the ways out are there, and how large a packet they take. Not for a next hop that the packet's own
 * port or its route decides: there the service has no port, or one of several.
 */
static __always_inline void strip_note(struct sfc_counters *counters, const struct sfc_service *service,
				       const struct sfc_port *to)
{
	const struct sfc_port *egress = port_get(service->egress_port);
	__u32 room = to->mtu ?: PORT_NO_LIMIT;

	if (!egress || fib_decides(service))
		return;
	if (egress->mtu && egress->mtu < room)
		room = egress->mtu;
	counters->room = room;
	counters->asked = clock_now();
}

/* Looks at all ways out of the service. A function of its own, because it runs rarely. */
static __noinline int strip_ask(const struct work *work, const struct sfc_service *service, const struct sfc_sf *sf,
				struct sfc_counters *counters)
{
	const struct sfc_port *to = port_get(service->to_port);
	__u32 inner = work->result.frame_len - l2_len(work) - work->encap.cut;
	__u32 to_sf = sf->ethernet ? inner - ETH_HLEN : inner; /* MTUs do not count a frame's own header */
	int reason;

	if (!to)
		return SFC_REASON_no_next_hop;
	if (!port_fits(to, to_sf))
		return SFC_REASON_too_big;
	reason = strip_next_hop(work, service, inner + (encap_stays(service) ? 0 : work->encap.kept));
	if (reason)
		return reason;
	if (to->unready || !port_present(service->return_port))
		return SFC_REASON_no_next_hop;
	strip_note(counters, service, to);
	return SFC_OK;
}

/*
 * Checks everything that could stop the packet later, on its way to the SF and behind it, before anything of it is
 * kept. Nobody asks again within a tick of the clock, unless the packet is larger than those that fit for sure. If a
 * way is lost within the tick, its packets fare no worse than those in the SF by then.
 */
static __always_inline int strip_ways_out(const struct work *work, struct strip *strip)
{
	struct sfc_counters *counters = verdict_service(work);

	strip->counters = counters;
	if (!counters) /* each service has some: the verifier wants to be sure */
		return SFC_REASON_no_next_hop;
	if (counters->asked == clock_now() &&
	    work->result.frame_len - l2_len(work) - work->encap.cut + work->encap.kept <= counters->room)
		return SFC_OK;
	return strip_ask(work, strip->service, strip->sf, counters);
}

static __always_inline __be16 strip_inner_type(const struct work *work)
{
	return bpf_htons(work->inner.version == 4 ? ETH_P_IP : ETH_P_IPV6);
}

/* header.f.says, for a kernel, which may make IPv6 of IPv4. */
static __always_inline __u64 strip_says(const struct work *work)
{
	__u8 inner = work->encap.inner;

	if (inner != SFC_INNER_IPV4 && inner != SFC_INNER_IPV6)
		return 0;
	return (inner == SFC_INNER_IPV4 ? 4 : 6) | work->encap.says_at << 8;
}

/* Writes the header's own fields, in front of its bytes. A packet that leaves bare has no EtherType here: its own says
 * what it is by then, because a kernel may make IPv6 of IPv4. */
static __always_inline int strip_keep(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	__u16 type_or_hops = work->encap.kept ? strip->ethertype : work->encap.hops;
	__u64 first = work->result.service | (__u64)type_or_hops << 32 | (__u64)work->encap.kept << 48, second = 0;

	if (strip->service->egress_port == SFC_PORT_INGRESS) {
		struct cursor cur = cursor_at(ctx, ETH_ALEN);
		__u16 *source = cursor_take(&cur, ETH_ALEN);

		if (!source)
			return SFC_REASON_runt;
		first |= (__u64)work->result.port << 16;
		second = source[0] | (__u64)source[1] << 16 | (__u64)source[2] << 32;
	}
	if (sfc_config.kernel_mode && strip->sf->kernel)
		second |= strip_says(work) << 48;
	/* Whole words, because a load of a word that was stored in pieces waits for all stores before it. */
	work->header.word[0] = first;
	work->header.word[1] = second;
	return SFC_OK;
}

/* Cuts the encapsulation off and addresses the frame to the SF. */
static __always_inline int strip_cut(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	const struct sfc_port *to = port_get(strip->service->to_port);
	__u32 cut = encap_cut(work);

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
		if (sfc_config.last && strip->service->options & SFC_OPTION_LAST)
			last_keep(work);
		return SFC_OK;
	case CACHE_AMBIGUOUS:
		return SFC_REASON_ambiguous;
	default:
		return SFC_REASON_cache_full;
	}
}

/* The EtherType that a frame came with, and below it its encapsulation: in one number, for functions that the verifier
 * checks once. */
static __always_inline __u32 strip_came(const struct strip *strip)
{
	return strip->encap | (__u32)strip->ethertype << 16;
}

/* Fills `strip` anew, in such a function. */
static __always_inline int strip_again(const struct work *work, struct strip *strip, __u32 came)
{
	__u32 service = work->result.service, sf;

	strip->encap = came & 0xffff;
	strip->ethertype = came >> 16;
	strip->service = bpf_map_lookup_elem(&services, &service);
	if (!strip->service)
		return SFC_REASON_unmatched;
	sf = strip->service->sf;
	strip->sf = bpf_map_lookup_elem(&sfs, &sf);
	return strip->sf ? SFC_OK : SFC_REASON_unmatched;
}

/*
 * A packet that is too big for the way there or back becomes the message to its sender, with the header that it would
 * have come back with. OAM packets are not answered: nobody has read what is behind their header. Not static, as
 * extensions_walk.
 */
__noinline int strip_too_big(struct xdp_md *ctx, struct work *work, __u32 came)
{
	struct strip strip = {};

	if (!sfc_config.icmp || !work)
		return XDP_DROP;
	verdict_drop(work, SFC_REASON_too_big);
	if (encap_bypass(work) || strip_again(work, &strip, came) || strip_keep(ctx, work, &strip) ||
	    strip_cut(ctx, work, &strip))
		return XDP_DROP;
	return answer_bare(ctx, work);
}

/*
 * Decides who owns the outcome, and how the packet ends. `unmatched`, `not_sfc` and a label stack that ends inside an
 * entry belong to the port. Only `unmatched`, `not_sfc` and `other_mac` may go to the kernel of this host. Not static,
 * as extensions_walk: there are many ways to get here.
 */
__noinline int strip_ends(struct xdp_md *ctx, struct work *work, const struct sfc_port *in, __u32 came, int reason)
{
	if (!work || !in)
		return XDP_DROP;
	if (reason == SFC_REASON_truncated && !work->encap.cut)
		work->result.service = SFC_NONE;
	if (sfc_config.icmp && encap_due(work, came & 0xffff, reason)) {
		verdict_drop(work, reason);
		return answer_outer(ctx, work);
	}
	if (reason != SFC_REASON_not_sfc && reason != SFC_REASON_other_mac &&
	    (reason != SFC_REASON_unmatched || in->unmatched != SFC_UNMATCHED_PASS))
		return verdict_drop(work, reason);
	if (sfc_config.kernel_mode && in->kernel)
		kernel_mark_plain(ctx, work);
	return verdict_pass(work, reason);
}

static __always_inline int strip_end(struct xdp_md *ctx, struct work *work, const struct strip *strip, int reason)
{
	if (sfc_config.icmp && reason == SFC_REASON_too_big && !(ENCAPS_BY_IPV6 >> strip->encap & 1))
		return strip_too_big(ctx, work, strip_came(strip));
	return strip_ends(ctx, work, strip->in, strip_came(strip), reason);
}
