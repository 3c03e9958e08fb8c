/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What came of a label stack when this CPU saw it last, where the SF is the stack of this host. A packet with the very
 * same bytes at the same port has the same service and the same header, and needs none of the steps that find them,
 * which are two thirds of what strip costs. All bytes are compared; the hash only says where to look.
 *
 * It can be kept because what it follows from does not change while the programs are attached: matches, services' and
 * SFs' settings. What does change is asked once at each tick of the clock: whether the number is still the header's,
 * and whether the ways out are there.
 */
#pragma once

#include "kernel_mode/strip_kernel.h"

/* With an inner packet of 14 bytes they fill the shortest Ethernet frame. */
enum { NEAR_PAIRS_SHORT = 5, NEAR_PAIRS_MAX = SFC_LABELS_MAX / 2 };

/* What is known of a frame. */
struct near {
	struct sfc_near_stack *place; /* of its label stack, or NULL */
	struct sfc_ticket ticket;
	__be16 ethertype; /* of the inner packet */
};

/* The label stack in the frame, of which `pairs` of entries lie in it, or NULL. */
static __always_inline const __u64 *near_stack_at(struct xdp_md *ctx, __u32 pairs)
{
	const __u64 *pair = (void *)(long)ctx->data + ETH_HLEN;

	return (void *)(pair + pairs) > (void *)(long)ctx->data_end ? NULL : pair;
}

/* This CPU's place for the stack: the one that its hash gives, or the other one of that pair of places. */
static __always_inline struct sfc_near_stack *near_place(const struct work *work, __u32 other)
{
	__u32 place =
		bpf_get_smp_processor_id() * SFC_NEAR_STACKS + (forget(&work->encap.hash, SFC_NEAR_STACKS - 1) ^ other);

	return bpf_map_lookup_elem(&near_stacks, &place);
}

/* The pairs before the last one. */
static __always_inline __u32 near_pairs(const struct work *work)
{
	return (encap_cut(work) - 1) / (2 * MPLS_ENTRY);
}

static __always_inline __u32 near_scope(const struct work *work)
{
	return work->result.port | encap_cut(work) << 16;
}

/* Whether the stack in the frame had the place last. */
static __always_inline int near_holds(const struct work *work, const struct sfc_near_stack *place, const __u64 *pair,
				      const void *end)
{
	__u32 pairs = near_pairs(work);

	if (place->scope != near_scope(work) || place->last_pair != work->encap.last_pair)
		return 0;
#pragma unroll
	for (__u32 i = 0; i < NEAR_PAIRS_MAX - 1; i++) {
		asm volatile("" : "+r"(pairs)); /* or clang makes a count of it, and no longer unrolls */
		if (i >= pairs)
			break;
		if (i == NEAR_PAIRS_SHORT && (void *)(pair + NEAR_PAIRS_MAX) > end)
			return 0;
		if (pair[i] != place->pair[i])
			return 0;
	}
	return 1;
}

/* The same with the other place; where it is not there either, near->place is where it can be written down. */
static __noinline struct sfc_near_stack *near_other(struct xdp_md *ctx, const struct work *work, struct near *near)
{
	const __u64 *pair = near_stack_at(ctx, NEAR_PAIRS_SHORT);
	struct sfc_near_stack *place = near_place(work, 1);

	if (!pair || !place)
		return NULL;
	if (near_holds(work, place, pair, (void *)(long)ctx->data_end))
		return place;
	if (near->place && near->place->header && !place->header)
		near->place = place;
	return NULL;
}

/* The place where the stack in the frame is known, or NULL. Fills work->encap.cut, last_pair and hash, and near->place.
 */
static __always_inline struct sfc_near_stack *near_look(struct xdp_md *ctx, struct work *work, struct near *near)
{
	const __u64 *pair = near_stack_at(ctx, NEAR_PAIRS_SHORT);
	const void *end = (void *)(long)ctx->data_end;
	struct sfc_near_stack *place;

	if (!pair || *((const __be16 *)pair - 1) != bpf_htons(ETH_P_MPLS_UC))
		return NULL;
	work->encap.cut = 0;
	mpls_pairs(work, pair, end, NEAR_PAIRS_SHORT);
	if (!work->encap.cut)
		return NULL;
	place = near_place(work, 0);
	near->place = place;
	if (!place)
		return NULL;
	return near_holds(work, place, pair, end) ? place : near_other(ctx, work, near);
}

/* Writes down the stack in the frame, before it is cut off; what comes of it follows. */
static __always_inline void near_begin(struct xdp_md *ctx, const struct work *work, struct sfc_near_stack *near)
{
	const __u64 *pair = near_stack_at(ctx, NEAR_PAIRS_SHORT);
	__u32 pairs = near_pairs(work);

	if (!near)
		return;
	near->header = 0;
	near->checked = 0;
	near->scope = SFC_NONE;
	if (!pair)
		return;
#pragma unroll
	for (__u32 i = 0; i < NEAR_PAIRS_MAX - 1; i++) {
		asm volatile("" : "+r"(pairs));
		if (i >= pairs)
			break;
		if (i == NEAR_PAIRS_SHORT && (void *)(pair + NEAR_PAIRS_MAX) > (void *)(long)ctx->data_end)
			return;
		near->pair[i] = pair[i];
	}
	near->last_pair = work->encap.last_pair;
	near->scope = near_scope(work);
}

/* What came of it. A header that has the sender's MAC in it does not follow from the stack. */
static __always_inline void near_end(const struct work *work, const struct strip *strip, struct sfc_near_stack *near)
{
	if (!near || strip->service->egress_port == SFC_PORT_INGRESS)
		return;
	near->generation = work->ticket.generation;
	near->check = work->ticket.check;
	near->service = work->result.service;
	near->inner = strip->service->inner;
	near->refresh_ns = strip->sf->hold_ns / 4;
	near->checked = 0;
	near->header = work->ticket.header;
}

/*
 * Looks at all that may have changed. Returns whether the number is still the header's and the ways out are there, and
 * writes down when that was so: at the same tick of the clock nobody needs to ask again. A number is not taken away
 * within a tick, since hold times are longer, and what is stripped within a tick after a way out is lost is no worse
 * off than what was in the stack by then. A function of its own, as it is rare.
 */
static __noinline int near_check(const struct work *work, struct sfc_near_stack *near)
{
	struct sfc_interned *entry = intern_get(near->header - 1);
	const struct sfc_service *service;
	__u32 id = near->service;

	service = bpf_map_lookup_elem(&services, &id);
	if (!service || strip_stack_ready(service))
		return 0;
	if (!entry || intern_generation(entry) != near->generation)
		return 0;
	if ((__s64)(work->now - entry->used) > (__s64)near->refresh_ns)
		entry->used = work->now;
	near->checked = work->now;
	return intern_generation(entry) == near->generation;
}

/* The inner packet's EtherType, or 0 where it is not what the service carries. */
static __always_inline __be16 near_inner(struct xdp_md *ctx, const struct work *work, __u8 inner)
{
	int version = inner_version(ctx, l2_len(work) + encap_cut(work));

	if (version == 4 && inner != SFC_INNER_IPV6)
		return bpf_htons(ETH_P_IP);
	if (version == 6 && inner != SFC_INNER_IPV4)
		return bpf_htons(ETH_P_IPV6);
	return 0;
}

/* Returns whether all that can be known of the frame is, and nothing is in its way. It is unchanged. */
static __always_inline int near_known(struct xdp_md *ctx, struct work *work, struct near *near)
{
	struct sfc_near_stack *place;

	place = near_look(ctx, work, near);
	if (!place)
		return 0;
	near->place = place;
	near->ethertype = near_inner(ctx, work, place->inner);
	if (!near->ethertype)
		return 0;
	work->now = clock_now();
	if ((!work->now || place->checked != work->now) && !near_check(work, place))
		return 0;
	near->ticket.header = place->header;
	near->ticket.generation = place->generation;
	near->ticket.check = place->check;
	work->result.service = place->service;
	return 1;
}

/* The frame goes to the stack with its ticket. */
static __always_inline int near_to_stack(struct xdp_md *ctx, struct work *work, const struct sfc_port *in,
					 const struct near *near)
{
	int reason = stack_cut(ctx, encap_cut(work), near->ethertype, in);

	if (!reason)
		reason = ticket_put(ctx, &near->ticket);
	return reason ? verdict_drop(work, reason) : verdict_to_stack(work);
}
