/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Domain side to a kernel: the steps of strip in kernel mode, where packets have no key and no entry. */
#pragma once

#include "kernel_mode/arrival.h"

/*
 * Whether the service's packets can leave the kernel. A next hop of its own must be known, and all ports that the
 * kernel may send through must be in the device map. A port is there only while sfc_restore_tc is on it, without which
 * packets would leave bare.
 */
static __always_inline int strip_kernel_ready(const struct sfc_service *service)
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

/* Addresses the bare frame to this host's kernel. */
static __always_inline int strip_cut_for_kernel(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	return kernel_cut(ctx, encap_cut(work), strip_inner_type(work), strip->in);
}

/* Finds the number of the header and puts the ticket in front of the packet. */
static __always_inline int strip_ticket(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	int reason;

	work->now = clock_now();
	reason = arrival_find(work, strip);

	return reason ? reason : ticket_put(ctx, &work->ticket);
}
