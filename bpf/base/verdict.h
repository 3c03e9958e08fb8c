/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Outcomes: every frame ends here once, is counted once, and leaves its reason in scratch. */
#pragma once

#include "base/maps.h"

static __always_inline void count(struct sfc_count *cell, __u32 packets, __u32 bytes)
{
	cell->packets += packets;
	cell->bytes += bytes;
}

/* References of the cache that ended without a packet: expired or evicted. */
static __always_inline void count_references(__u32 service, enum sfc_event event, __u32 references)
{
	struct sfc_counters *counters;

	if (!references)
		return;
	counters = bpf_map_lookup_elem(&service_counters, &service);
	if (counters)
		count(&counters->event[event], references, 0);
}

static __always_inline void count_event(struct sfc_counters *counters, const struct work *work, enum sfc_event event)
{
	count(&counters->event[event], 1, work->result.frame_len);
}

/* A function for the same reason as port_id_slow. */
static __noinline struct sfc_counters *verdict_port(__u32 port)
{
	return bpf_map_lookup_elem(&port_counters, &port);
}

static __always_inline struct sfc_counters *verdict_service(const struct work *work)
{
	__u32 service = work->result.service;

	return bpf_map_lookup_elem(&service_counters, &service);
}

/* The counters that this frame's outcome belongs to: the service's, or the port's where no service is involved. */
static __always_inline struct sfc_counters *verdict_owner(const struct work *work)
{
	if (work->result.service != SFC_NONE)
		return verdict_service(work);
	return verdict_port(work->result.port);
}

/* The frame goes on: to the SF, through another port or up this host's kernel, or restored to the next hop. `owner` are
 * the counters that this belongs to. */
static __always_inline void verdict_on(struct work *work, struct sfc_counters *owner, enum sfc_verdict verdict,
				       enum sfc_event event)
{
	work->result.verdict = verdict;
	if (!owner)
		return;
	count_event(owner, work, event);
	if (event == SFC_EVENT_TO_SF || event == SFC_EVENT_TO_KERNEL)
		owner->last_to_sf = work->now;
}

static __always_inline int verdict_redirect(struct work *work, struct sfc_counters *owner, enum sfc_verdict verdict,
					    enum sfc_event event)
{
	verdict_on(work, owner, verdict, event);
	return XDP_REDIRECT;
}

/* To the kernel of this host, with a ticket. */
static __always_inline int verdict_to_kernel(struct work *work)
{
	verdict_on(work, verdict_service(work), SFC_VERDICT_TO_KERNEL, SFC_EVENT_TO_KERNEL);
	return XDP_PASS;
}

/* To the kernel of this host, as it came. */
static __always_inline int verdict_pass(struct work *work, int reason)
{
	struct sfc_counters *owner = verdict_owner(work);

	work->result.verdict = SFC_VERDICT_PASSED;
	work->result.reason = reason;
	asm volatile("" : "+r"(reason)); /* clang knows that it is small and leaves the mask out, which 6.1 must see */
	if (owner)
		count(&owner->passed[reason & (SFC_REASON_MAX - 1)], 1, work->result.frame_len);
	return XDP_PASS;
}

/* With its header, and not through the SF: to the next hop, or where this host's kernel routes it. */
static __always_inline int verdict_bypassed(struct work *work, int reason)
{
	work->result.reason = reason;
	verdict_on(work, verdict_service(work), SFC_VERDICT_BYPASSED, SFC_EVENT_BYPASSED);
	return work->result.egress ? XDP_REDIRECT : XDP_PASS;
}

static __always_inline int verdict_drop(struct work *work, int reason)
{
	struct sfc_counters *owner = verdict_owner(work);

	work->result.verdict = SFC_VERDICT_DROPPED;
	work->result.reason = reason;
	work->result.egress = SFC_NONE;
	reason &= SFC_REASON_MAX - 1;
	if (owner && work->result.claimed)
		count(&owner->dropped_after_claim[reason], 1, work->result.frame_len);
	else if (owner)
		count(&owner->dropped[reason], 1, work->result.frame_len);
	return XDP_DROP;
}
