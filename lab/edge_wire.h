/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs at the edge for frames that need no work. The file that includes this has `is_ours`: whether a frame has a
 * header of its encapsulation. */
#pragma once

#include "edge_steps.h"

static __always_inline int wire(struct xdp_md *ctx, const struct edge_port *port, const struct ethernet *ethernet)
{
	count(port, EVENT_WIRE);
	if (!is_ours(ctx, port, ethernet))
		count(port, EVENT_LINK);
	return bpf_redirect(port->partner, 0);
}

/* Frames that need no work here, on their way through. */
SEC("xdp.frags")
int edge_wire(struct xdp_md *ctx)
{
	struct edge_port *port = port_of(ctx);
	struct ethernet ethernet;

	if (!port || bpf_xdp_load_bytes(ctx, 0, &ethernet, sizeof(ethernet)))
		return XDP_ABORTED;
	return wire(ctx, port, &ethernet);
}
