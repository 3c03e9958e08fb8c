// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The entry points, as lists of steps. What each step does is in strip.h, restore.h and stack.h. */
#include "kernel_mode/near_stack.h"
#include "kernel_mode/stack.h"
#include "kernel_mode/tag.h"
#include "path/restore.h"
#include "path/strip.h"
#include "ticket/mark.h"
#include "ticket/probe.h"

/* What is left to do where the SF is a stack: this host's, or one behind ports. */
static __always_inline int strip_stack_steps(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	__u32 to = strip->service->to_port;
	int reason = to ? strip_ways_out(work, strip) : strip_stack_ready(strip->service);

	if (!reason)
		reason = strip_keep(ctx, work, strip);
	if (!reason && !to && strip->near)
		near_begin(ctx, work, strip->near);
	if (!reason)
		reason = to ? strip_cut(ctx, work, strip) : strip_to_stack(ctx, work, strip);
	if (!reason)
		reason = strip_ticket(ctx, work, strip);
	if (!reason && !to && strip->near)
		near_end(work, strip, strip->near);
	if (!reason && to)
		reason = port_redirect(work, to);
	return reason;
}

static __always_inline int strip_steps(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	int reason = strip_classify(ctx, strip);

	if (!reason)
		reason = strip_match(work, strip);
	if (!reason)
		reason = strip_parse(ctx, work, strip);
	if (!reason)
		reason = strip_inner(ctx, work, strip);
	if (!reason && strip->sf->stack)
		return strip_stack_steps(ctx, work, strip);
	if (!reason)
		reason = strip_key(ctx, work, strip);
	if (!reason)
		reason = strip_ways_out(work, strip);
	if (!reason)
		reason = strip_keep(ctx, work, strip);
	if (!reason)
		reason = strip_cut(ctx, work, strip);
	if (!reason)
		reason = port_redirect(work, strip->service->to_port);
	if (!reason)
		reason = strip_cache(work, strip);
	return reason;
}

/* With the whole way to go. */
static __always_inline int strip_frame(struct xdp_md *ctx, struct work *work, const struct sfc_port *in,
				       struct sfc_near_stack *near)
{
	struct strip strip = {.in = in, .near = near};
	int reason = strip_steps(ctx, work, &strip);

	if (reason)
		return strip_end(ctx, work, &strip, reason);
	if (strip.sf->stack && strip.service->to_port)
		return verdict_redirect(work, SFC_VERDICT_TO_STACK, SFC_EVENT_TO_STACK);
	if (strip.sf->stack)
		return verdict_to_stack(work, verdict_service(work));
	return verdict_redirect(work, SFC_VERDICT_TO_SF, SFC_EVENT_TO_SF);
}

/* Domain port: strip the SFC encapsulation, cache it, hand the bare packet to the SF. */
SEC("xdp.frags")
int sfc_strip(struct xdp_md *ctx)
{
	const struct sfc_port *in = NULL;
	struct work *work = port_receive(ctx, SFC_ROLE_DOMAIN, &in);
	struct near near = {};

	if (!work)
		return XDP_ABORTED;
	if (in->stack && near_known(ctx, work, &near))
		return near_to_stack(ctx, work, in, &near);
	return strip_frame(ctx, work, in, near.place);
}

/* SF port: recognise the packet, put its header on, advanced, and send it to the next hop. */
SEC("xdp.frags")
int sfc_restore(struct xdp_md *ctx)
{
	struct restore restore = {};
	struct work *work = port_receive(ctx, SFC_ROLE_SF, &restore.in);
	int reason;

	if (!work)
		return XDP_ABORTED;
	reason = restore_classify(ctx, work, &restore);
	if (!reason)
		reason = restore_key(ctx, work, &restore);
	if (!reason)
		reason = restore_trust(ctx, work, &restore);
	if (!reason)
		reason = restore_claim(ctx, work, &restore);
	if (!reason)
		reason = restore_header(ctx, work, &restore);
	if (!reason)
		return verdict_redirect(work, SFC_VERDICT_RESTORED, SFC_EVENT_RESTORED);
	return restore_end(work, &restore, probe_or_restore(ctx, reason));
}

/* TC ingress of a domain port, where tickets are in the mark: behind GRO, in front of all that clears metadata. */
SEC("tc")
int sfc_mark(struct __sk_buff *skb)
{
	struct ticket_found found = {};
	__u32 mark = ticket_read(skb, &found) ? mark_of(&found.ticket) : 0;

	skb->mark = (skb->mark & ~sfc_config.mark_mask) | mark;
	return TC_ACT_UNSPEC;
}

/* TC egress of a port that packets leave this host's stack through: on to the relay, with the ticket in the source MAC.
 */
SEC("tc")
int sfc_catch(struct __sk_buff *skb)
{
	__u32 *id = port_of(skb->ifindex);
	__u32 port = id ? *id : SFC_NONE;
	struct ticket_found found = {};

	if (!catch_ticket(skb, &found))
		return catch_without(skb, port);
	return found.ticket.header ? catch_with(skb, port, &found) : TC_ACT_UNSPEC;
}

/* The relay's far end: put the header on, and send the frame where the stack wanted to send it. */
SEC("xdp.frags")
int sfc_return(struct xdp_md *ctx)
{
	struct work *work = return_receive(ctx);
	int reason;

	if (!work)
		return XDP_ABORTED;
	reason = return_header(ctx, work);
	if (!reason)
		reason = return_on(ctx, work);
	if (!reason)
		return verdict_redirect(work, SFC_VERDICT_RESTORED, SFC_EVENT_RESTORED);
	return verdict_drop(work, reason);
}

/* TC egress inside the namespace of an SF that is a stack behind ports: the ticket goes into the source MAC, as on a
 * relay. */
SEC("tc")
int sfc_tag(struct __sk_buff *skb)
{
	struct ticket_found found = {};
	int any = catch_ticket(skb, &found);

	if (!tag_is_ip(skb))
		return TC_ACT_UNSPEC;
	return any ? tag_with(skb, &found.ticket) : tag_without(skb);
}

/* SF port where the SF is a stack: what comes back has its ticket in the source MAC. */
SEC("xdp.frags")
int sfc_readmit(struct xdp_md *ctx)
{
	struct restore restore = {};
	struct work *work = port_receive(ctx, SFC_ROLE_SF, &restore.in);
	int reason;

	if (!work)
		return XDP_ABORTED;
	reason = restore_classify(ctx, work, &restore);
	if (!reason)
		reason = readmit_header(ctx, work, &restore);
	if (!reason)
		reason = readmit_service(work, &restore);
	if (!reason)
		reason = restore_header(ctx, work, &restore);
	if (!reason)
		return verdict_redirect(work, SFC_VERDICT_RESTORED, SFC_EVENT_RESTORED);
	return restore_end(work, &restore, probe_or_restore(ctx, reason));
}

/*
 * The far end of a veth that we redirect into. The kernel hands a redirected frame to a veth only where its peer polls,
 * which it does with an XDP program of any kind (veth_xdp_xmit); without one all frames are lost.
 */
SEC("xdp.frags")
int sfc_peer(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

/* Run by user space alone, on a frame that it made: a probe goes where strip would send a packet. */
SEC("xdp.frags")
int sfc_probe(struct xdp_md *ctx)
{
	return probe_send(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
