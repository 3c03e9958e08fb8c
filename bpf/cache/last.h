/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The header with which a packet of a service was stripped last, for packets that its SF sends on its own: the dynamic
 * proxy's one cache a SID of draft-ietf-spring-sr-service-programming-12, as a policy (`cache: last`). A packet that
 * went into the SF does not get it, nor does a copy of one while its key is remembered.
 */
#pragma once

#include "base/verdict.h"
#include "cache/memory.h"

/* Keeps the header of work. */
static __always_inline void last_keep(const struct work *work)
{
	__u32 service = work->result.service, version = work->inner.version;
	struct sfc_last *last = bpf_map_lookup_elem(&last_headers, &service);

	if (!last)
		return;
	bpf_spin_lock(&last->lock);
	last->version = version;
	__builtin_memcpy(last->word, work->header.word, sizeof(last->word));
	bpf_spin_unlock(&last->lock);
}

/* The header of the service whose packets come back at `port`, into work; counted as `originated`. Returns SFC_OK, or
 * SFC_REASON_miss: no service has that policy, none of its packets has come yet, the last one was of another IP
 * version, or this packet is a copy. */
static __always_inline int last_take(struct work *work, const struct sfc_port *port)
{
	__u32 service = port->last_service, version;
	struct sfc_last *last = service ? bpf_map_lookup_elem(&last_headers, &service) : NULL;
	struct sfc_counters *counters;

	if (!last || memory_knows(work))
		return SFC_REASON_miss;
	bpf_spin_lock(&last->lock);
	version = last->version;
	__builtin_memcpy(work->header.word, last->word, sizeof(last->word));
	bpf_spin_unlock(&last->lock);
	if (work->header.f.service != service || version != work->inner.version)
		return SFC_REASON_miss;
	counters = bpf_map_lookup_elem(&service_counters, &service);
	if (counters)
		count_event(counters, work, SFC_EVENT_ORIGINATED);
	work->result.originated = 1;
	return SFC_OK;
}
