/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMPv6 errors about the packet that a frame of the domain carries itself, for encapsulations in IPv6 (RFC 8754 4.3,
 * RFC 8986 4): they go back to where the frame came from. */
#pragma once

#include "base/port.h"
#include "base/rewrite.h"
#include "icmp/message.h"

/* Sends the frame's sender's MAC what comes, from our own. */
static __always_inline int outer_turn(struct xdp_md *ctx, const struct sfc_port *in)
{
	struct cursor cur = cursor_at(ctx, 0);
	__u8 *eth = cursor_take(&cur, ETH_HLEN);
	struct macs macs;

	if (!eth)
		return 0;
	macs = macs_of(eth + ETH_ALEN, in->mac);
	macs_write(eth, &macs, ((struct ethhdr *)eth)->h_proto);
	return 1;
}

/* RFC 4443 2.4 (e.4): a frame to many hosts is answered only where a packet to many hosts is. */
static __always_inline int outer_allowed(struct xdp_md *ctx, const struct work *work)
{
	struct cursor cur = cursor_at(ctx, 0);
	const __u8 *eth = cursor_take(&cur, ETH_HLEN);

	return eth && inner_version(ctx, about_off(work)) == 6 && (!(eth[0] & 1) || about_many(work));
}

/*
 * Answers a frame that is as it came, with IPv6 at `l3_off`, and that has been dropped. `kind` is ICMP_KIND of type and
 * code. `word` is a pointer, an MTU or 0. Returns the XDP action. Not static, as extensions_walk.
 */
__noinline int outer_answer(struct xdp_md *ctx, struct work *work, __u32 l3_off, __u32 kind, __u32 word)
{
	const struct sfc_port *in;

	if (!work || !(sfc_config.icmp & SFC_ICMP_IPV6))
		return XDP_DROP;
	in = port_get(work->result.port);
	work->icmp.l3_off = l3_off;
	work->icmp.kind = kind;
	work->icmp.word = word;
	work->icmp.room = in ? in->mtu : 0;
	if (in && outer_allowed(ctx, work) && message_make(ctx, work) && outer_turn(ctx, in) &&
	    !port_redirect(work, work->result.port))
		return message_sent(work);
	work->result.egress = SFC_NONE;
	return XDP_DROP;
}
