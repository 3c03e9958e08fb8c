/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps into the kernel of this host, where packets have no key and no entry. */
#pragma once

#include "base/rewrite.h"
#include "ticket/ticket.h"

/* Cuts the encapsulation off and addresses the frame to this host, whatever MAC the sender used, because the kernel
 * takes no other frame. */
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

/* Marks a packet that comes in without a header, because otherwise it would look like one whose ticket was lost. Where
 * there is no room for the mark, the packet is stopped at the way out. */
static __always_inline void kernel_mark_plain(struct xdp_md *ctx, struct work *work)
{
	work->ticket.header = 0;
	work->ticket.generation = 0;
	work->ticket.check = sfc_config.plain_check;
	ticket_put(ctx, &work->ticket);
}
