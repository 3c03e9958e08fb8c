/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The way into the kernel of this host: what strip does there instead of a key and an entry. */
#pragma once

#include "base/rewrite.h"
#include "ticket/ticket.h"

/* The bare frame, addressed to this host, whoever the sender thinks we are: the kernel takes nothing else. */
static __always_inline int kernel_cut(struct xdp_md *ctx, __u32 cut, __be16 ethertype, const struct sfc_port *in)
{
	struct cursor cur = cursor_at(ctx, 0);
	const __u8 *at = cursor_take(&cur, ETH_HLEN);
	struct macs macs;

	if (!at)
		return SFC_REASON_runt;
	macs = macs_of(in->mac, at + ETH_ALEN);
	return rewrite_cut(ctx, cut, ethertype, &macs);
}

/* What comes in without a header is marked as that, or it could not be told from a packet whose ticket was lost. Where
 * there is no room for it, the packet is stopped at the way out. */
static __always_inline void kernel_mark_plain(struct xdp_md *ctx, struct work *work)
{
	work->ticket.header = 0;
	work->ticket.generation = 0;
	work->ticket.check = ticket_check(&work->ticket);
	ticket_put(ctx, &work->ticket);
}
