/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * XDP at the second end of a hairpin, a veth pair of the proxy's own (sfc_hairpin). A packet comes here from TC egress
 * with its ticket in the source MAC. A veth with a native XDP program hands over single frames with finished checksums,
 * whatever GRO has merged. The frame gets its header and leaves by the port that the kernel had chosen.
 */
#pragma once

#include "base/clock.h"
#include "base/port.h"
#include "path/way_back.h"
#include "ticket/intern.h"
#include "ticket/ticket.h"

/* Begins the account of a frame on the hairpin. It does not count as received, because no port has received it. */
static __always_inline struct work *hairpin_receive(struct xdp_md *ctx)
{
	struct work *work = port_scratch();
	__u32 *id = port_of(ctx->ingress_ifindex);

	if (!work || !id || *id == SFC_NONE)
		return NULL;
	work->result.port = *id;
	work->result.frame_len = bpf_xdp_get_buff_len(ctx);
	work->result.claimed = 1;
	work->now = clock_now();
	return work;
}

/* Fills work->header by the ticket in the frame's source MAC. */
static __always_inline int hairpin_source(struct xdp_md *ctx, struct work *work)
{
	struct cursor cur = cursor_at(ctx, ETH_ALEN);
	const __u16 *source = cursor_take(&cur, ETH_ALEN);

	if (!source)
		return SFC_REASON_runt;
	return ticket_from_hairpin(source[0] | (__u64)source[1] << 16 | (__u64)source[2] << 32, work)
		       ?: intern_read(work);
}
