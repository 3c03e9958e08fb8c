/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "base/cursor.h"
#include "base/maps.h"
#include "base/verdict.h"

enum { PORT_NO_LIMIT = 0x7fffffff /* as an MTU */ };

static __always_inline const struct sfc_port *port_get(__u32 id)
{
	return bpf_map_lookup_elem(&ports, &id);
}

/* `size` in L3 bytes. */
static __always_inline int port_fits(const struct sfc_port *port, __u32 size)
{
	return port->mtu == 0 || size <= port->mtu;
}

/* Whether the interface is there: the kernel takes it out of the device map when it goes. */
static __always_inline int port_present(__u32 id)
{
	return bpf_map_lookup_elem(&tx_ports, &id) != NULL;
}

/* Whether the service lists the port, as one that its packets may leave through. */
static __always_inline int port_listed(const struct sfc_service *service, __u32 id)
{
#pragma unroll
	for (__u32 i = 0; i < SFC_EGRESS_MAX; i++) {
		if (service->egress[i] == id)
			return id != SFC_NONE;
	}
	return 0;
}

/*
 * A function, as are the other second choices of a map: clang would make one lookup of both, with the map in a
 * variable, and that is an indirect call to the kernel instead of a few inlined instructions.
 */
static __noinline __u32 *port_id_slow(__u32 ifindex)
{
	return bpf_map_lookup_elem(&port_id_hash, &ifindex);
}

/* Which port an interface is, or NULL. */
static __always_inline __u32 *port_of(__u32 ifindex)
{
	if (ifindex < SFC_PORT_ARRAY)
		return bpf_map_lookup_elem(&port_id_array, &ifindex);
	return port_id_slow(ifindex);
}

/* A function for the same reason as port_id_slow. `name` is by sfc_port_mac. */
static __noinline int port_owns_slow(__u64 name)
{
	return bpf_map_lookup_elem(&port_macs, &name) != NULL;
}

/* Whether a frame with this destination MAC is for the port that it came in by. */
static __always_inline int port_accepts(const struct work *work, const struct sfc_port *in, const __u8 *mac)
{
	__u32 first = *(const __u32 *)mac;
	__u16 last = *(const __u16 *)(mac + 4);

	if (sfc_config.any_mac || in->accept != SFC_ACCEPT_OWN)
		return 1;
	if (first == *(const __u32 *)in->mac && last == *(const __u16 *)(in->mac + 4))
		return 1;
	return port_owns_slow(sfc_port_mac(work->result.port, first, last));
}

/* Scratch as it stands. In a function that the verifier checks by itself, 6.1 takes no key of a map from an argument.
 */
static __always_inline struct work *port_work(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

/* Scratch for one frame, its result clean. NULL: never, but the verifier wants to be sure. */
static __always_inline struct work *port_scratch(void)
{
	struct work *work = port_work();

	if (work)
		__builtin_memset(&work->result, 0, sizeof(work->result));
	return work;
}

/*
 * Opens the accounts of a frame: clean scratch, its port, `received`. Returns NULL for a port that is not ours or has
 * another role; the caller aborts, since a program attached to a port that no map knows is a fault of the loader, never
 * of the frame.
 */
static __always_inline struct work *port_receive(struct xdp_md *ctx, enum sfc_role role, const struct sfc_port **in)
{
	struct work *work = port_scratch();
	__u32 *id = port_of(ctx->ingress_ifindex);
	struct sfc_counters *counters;

	if (!work || !id)
		return NULL;
	*in = bpf_map_lookup_elem(&ports, id);
	counters = bpf_map_lookup_elem(&port_counters, id);
	if (!*in || (*in)->role != role || !counters)
		return NULL;
	work->result.port = *id;
	work->result.frame_len = bpf_xdp_get_buff_len(ctx);
	count_event(counters, work, SFC_EVENT_RECEIVED);
	return work;
}

/* Redirects to a port. Returns SFC_OK or, where its interface has gone, SFC_REASON_no_next_hop. */
static __always_inline int port_redirect(struct work *work, __u32 id)
{
	work->result.egress = id;
	return bpf_redirect_map(&tx_ports, id, XDP_DROP) == XDP_REDIRECT ? SFC_OK : SFC_REASON_no_next_hop;
}
