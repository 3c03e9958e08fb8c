// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The entry points, as lists of steps. What each step does is in strip.h, restore.h and stack.h. */
#include "kernel_mode/known.h"
#include "kernel_mode/stack.h"
#include "kernel_mode/strip_kernel.h"
#include "kernel_mode/tag.h"
#include "path/restore.h"
#include "path/strip.h"
#include "ticket/mark.h"
#include "ticket/probe.h"

/* What all ways of a frame from the domain side begin with. */
static __always_inline int strip_read(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	return strip_classify(ctx, work, strip) ?: strip_match(ctx, work, strip) ?: strip_parse(ctx, work, strip) ?:
	       strip_inner(ctx, work, strip);
}

/* To an SF that is known by its packets' keys. */
static __always_inline int strip_to_sf(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	return strip_key(ctx, work, strip) ?: strip_ways_out(work, strip) ?: strip_keep(ctx, work, strip) ?:
	       strip_cut(ctx, work, strip) ?: port_redirect(work, strip->service->to_port) ?: strip_cache(work, strip);
}

/* Kernel mode, the stack behind ports. */
static __always_inline int strip_to_far_kernel(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	return strip_ways_out(work, strip) ?: strip_keep(ctx, work, strip) ?: strip_arrival(ctx, work, strip) ?:
	       strip_cut(ctx, work, strip) ?: strip_ticket(ctx, work, strip) ?:
	       port_redirect(work, strip->service->to_port);
}

/* Kernel mode, the stack of this host. */
static __always_inline int strip_to_kernel(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	return strip_stack_ready(strip->service) ?: strip_keep(ctx, work, strip) ?: strip_arrival(ctx, work, strip) ?:
	       strip_to_stack(ctx, work, strip) ?: strip_ticket(ctx, work, strip);
}

/* The same two with a header that has arrived before. */
static __always_inline int known_to_far_kernel(struct xdp_md *ctx, struct work *work, struct strip *strip,
					       const struct known *known)
{
	return known_service(work, strip) ?: strip_ways_out(work, strip) ?: strip_cut(ctx, work, strip) ?:
	       ticket_put(ctx, &known->ticket) ?: port_redirect(work, strip->service->to_port);
}

static __always_inline int known_to_kernel(struct xdp_md *ctx, struct work *work, struct strip *strip,
					   const struct known *known)
{
	return strip_to_stack(ctx, work, strip) ?: ticket_put(ctx, &known->ticket);
}

static __always_inline int strip_known_frame(struct xdp_md *ctx, struct work *work, struct strip *strip,
					     const struct known *known)
{
	int reason;

	if (known->arrival->ported) {
		reason = known_to_far_kernel(ctx, work, strip, known);
		return reason ? verdict_drop(work, reason)
			      : verdict_redirect(work, SFC_VERDICT_TO_STACK, SFC_EVENT_TO_STACK);
	}
	reason = known_to_kernel(ctx, work, strip, known);
	return reason ? verdict_drop(work, reason) : verdict_to_stack(work);
}

/* With the whole way to go. */
static __always_inline int strip_frame(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	int reason = strip_read(ctx, work, strip);

	if (reason)
		return strip_end(ctx, work, strip, reason);
	if (!sfc_config.kernel_mode || !strip->sf->stack) {
		reason = strip_to_sf(ctx, work, strip);
		return reason ? strip_end(ctx, work, strip, reason)
			      : verdict_redirect(work, SFC_VERDICT_TO_SF, SFC_EVENT_TO_SF);
	}
	if (strip->service->to_port) {
		reason = strip_to_far_kernel(ctx, work, strip);
		return reason ? strip_end(ctx, work, strip, reason)
			      : verdict_redirect(work, SFC_VERDICT_TO_STACK, SFC_EVENT_TO_STACK);
	}
	reason = strip_to_kernel(ctx, work, strip);
	return reason ? strip_end(ctx, work, strip, reason) : verdict_to_stack(work);
}

/* Domain port: strip the SFC encapsulation, cache it, hand the bare packet to the SF. */
SEC("xdp.frags")
int sfc_strip(struct xdp_md *ctx)
{
	struct strip strip = {};
	struct work *work = port_receive(ctx, SFC_ROLE_DOMAIN, &strip.in);
	struct known known = {};

	if (!work)
		return XDP_ABORTED;
	if (sfc_config.kernel_mode && strip.in->tickets && strip_known(ctx, work, &known))
		return strip_known_frame(ctx, work, &strip, &known);
	strip.near = known.near;
	return strip_frame(ctx, work, &strip);
}

/* SF port: recognise the packet, put its header on, advanced, and send it to the next hop. */
SEC("xdp.frags")
int sfc_restore(struct xdp_md *ctx)
{
	struct back back = {};
	struct work *work = port_receive(ctx, SFC_ROLE_SF, &back.in);
	int reason;

	if (!work)
		return XDP_ABORTED;
	reason = restore_source(ctx, work, &back) ?: back_service(work, &back, 1) ?: back_steps(ctx, work, &back);
	return back_end(work, &back, probe_or_restore(ctx, reason));
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
	struct back back = {};
	int reason;

	if (!work)
		return XDP_ABORTED;
	reason = return_source(ctx, work) ?: back_service(work, &back, 0) ?: back_steps(ctx, work, &back);
	return reason ? verdict_drop(work, reason) : verdict_redirect(work, SFC_VERDICT_RESTORED, SFC_EVENT_RESTORED);
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
	struct back back = {};
	struct work *work = port_receive(ctx, SFC_ROLE_SF, &back.in);
	int reason;

	if (!work)
		return XDP_ABORTED;
	reason = readmit_source(ctx, work, &back) ?: back_service(work, &back, 1) ?:
		 readmit_allowed(work, &back) ?: back_steps(ctx, work, &back);
	return back_end(work, &back, probe_or_restore(ctx, reason));
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
