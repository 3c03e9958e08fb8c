/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which service a packet at a domain port belongs to, by the values that its encapsulation has for that. */
#pragma once

#include "encap/encaps.h"

/* A service and its SF: both in one number, the SF in the upper half, or 0. */
static __always_inline __u64 match_found(__u32 service, __u32 sf)
{
	return service | (__u64)sf << 32;
}

/* A function for the same reason as port_id_slow. */
static __noinline __u64 match_service_slow(struct work *work, __u64 scope, __u64 value, __u64 value2)
{
	const struct sfc_service *service;
	__u32 *id;

	*(__u64 *)&work->match = scope;
	work->match.value[0] = value;
	work->match.value[1] = value2;
	id = bpf_map_lookup_elem(&matches, &work->match);
	if (!id)
		return 0;
	service = bpf_map_lookup_elem(&services, id);
	return service ? match_found(*id, service->sf) : 0;
}

/* The service of a match whose value has been masked. */
static __always_inline __u64 match_service(struct work *work, __u64 scope, __u64 value, __u64 value2)
{
	__u32 position = sfc_match_position(scope, value, value2);
	struct sfc_match_hint *hint = bpf_map_lookup_elem(&match_hints, &position);

	if (hint && *(const __u64 *)&hint->match == scope && hint->match.value[0] == value &&
	    hint->match.value[1] == value2)
		return match_found(hint->service, hint->sf);
	return match_service_slow(work, scope, value, value2);
}

/* The service that matches `value` under mask `i`. 0 where there is none, or no such mask. */
static __always_inline __u64 match_try(struct work *work, enum sfc_encap encap, __u32 i, const __u64 *value)
{
	if (i >= sfc_config.masks[encap])
		return 0;
	return match_service(work, sfc_match_scope(work->result.port, encap, i),
			     value[0] & sfc_config.mask[encap][i].word[0],
			     value[1] & sfc_config.mask[encap][i].word[1]);
}

/* The most specific match, or 0. `encap` is a constant, so the masks are constants too, and unused ones leave no
 * code. */
static __always_inline __u64 match_select(struct work *work, enum sfc_encap encap, const __u64 *value)
{
	static_assert(SFC_MASKS_MAX == 4, "one try a mask");

	if (!encap_masks(encap))
		return match_service(work, sfc_match_scope(work->result.port, encap, 0), value[0], value[1]);
	return match_try(work, encap, 0, value) ?: match_try(work, encap, 1, value) ?: match_try(work, encap, 2, value) ?:
	       match_try(work, encap, 3, value);
}

/* The same for an encapsulation that is known at run time only. */
static __always_inline __u64 match_any(struct work *work, enum sfc_encap encap, const __u64 *value)
{
#define MATCH_SELECT(name, ...)                                                                                        \
	if (encap == SFC_ENCAP_##name && encap_in_use(SFC_ENCAP_##name))                                               \
		return match_select(work, SFC_ENCAP_##name, value);
	SFC_ENCAPS(MATCH_SELECT)
	return 0;
}
