// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The entry points, as lists of steps. The headers below say what each step does. */
#include "icmp/outer.h"
#include "kernel_mode/hairpin.h"
#include "kernel_mode/known.h"
#include "kernel_mode/restore_tc.h"
#include "kernel_mode/strip_kernel.h"
#include "kernel_mode/ticket_mac.h"
#include "path/restore.h"
#include "path/strip.h"
#include "path/way_back.h"
#include "ticket/mark.h"
#include "ticket/probe.h"

/* The first steps of each frame from the domain side. */
static __always_inline int strip_read(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	return strip_classify(ctx, work, strip) ?: strip_match(ctx, work, strip) ?: strip_parse(ctx, work, strip) ?:
	       strip_inner(ctx, work, strip);
}

/* To an SF in user mode, whose packets are known by their keys. */
static __always_inline int strip_to_sf(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	return strip_key(ctx, work, strip) ?: strip_ways_out(work, strip) ?: strip_keep(ctx, work, strip) ?:
	       strip_cut(ctx, work, strip) ?: port_redirect(work, strip->service->to_port) ?: strip_cache(work, strip);
}

/* Kernel mode, the kernel behind ports. */
static __always_inline int strip_to_sf_kernel(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	return strip_ways_out(work, strip) ?: strip_keep(ctx, work, strip) ?: strip_arrival(ctx, work, strip) ?:
	       strip_cut(ctx, work, strip) ?: strip_ticket(ctx, work, strip) ?:
	       port_redirect(work, strip->service->to_port);
}

/* Kernel mode, the kernel of this host. */
static __always_inline int strip_to_host_kernel(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	return strip_kernel_ready(strip->service) ?: strip_keep(ctx, work, strip) ?: strip_arrival(ctx, work, strip) ?:
	       strip_cut_for_kernel(ctx, work, strip) ?: strip_ticket(ctx, work, strip);
}

/* Kernel mode, the kernel of this host, for a header that has arrived before. */
static __always_inline int known_to_host_kernel(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	int reason = strip_cut_for_kernel(ctx, work, strip) ?: ticket_put(ctx, &work->ticket);

	return reason ? verdict_drop(work, reason) : verdict_to_kernel(work);
}

/* The same for a kernel behind ports. `reason`: SFC_OK, or what is in the packet's way. */
static __always_inline int known_to_sf_kernel(struct xdp_md *ctx, struct work *work, struct strip *strip, int reason)
{
	if (!reason && (!strip->service || !strip->sf)) /* both are there: 6.18 has not seen it */
		reason = SFC_REASON_unmatched;
	reason = reason ?: strip_cut(ctx, work, strip) ?: ticket_put(ctx, &work->ticket) ?:
			   port_redirect(work, strip->service->to_port);
	return reason ? verdict_drop(work, reason)
		      : verdict_redirect(work, strip->counters, SFC_VERDICT_TO_KERNEL, SFC_EVENT_TO_KERNEL);
}

/* Not through the SF, but on with its header. Returns the XDP action, or less than 0: minus the reason that ends the
 * packet. Not static, as extensions_walk. */
__noinline int strip_bypass(struct xdp_md *ctx, struct work *work, const struct sfc_port *in, __u32 came)
{
	struct strip strip = {.in = in};
	int reason;

	if (!(sfc_config.encaps & ENCAPS_BYPASS) || !work || !in)
		return -SFC_REASON_no_next_hop;
	reason = strip_again(work, &strip, came) ?: strip_keep(ctx, work, &strip) ?: back_bypass(ctx, work, in);
	if (reason)
		return -reason;
	if (sfc_config.kernel_mode && in->kernel && !work->result.egress)
		kernel_mark_plain(ctx, work); /* at a way out it is no packet that has lost its ticket */
	return verdict_bypassed(work, encap_bypass(work));
}

/* Kernel mode, with a header that has not come before. Returns as strip_bypass. */
__noinline int strip_to_kernel(struct xdp_md *ctx, const struct sfc_port *in, __u32 came, struct sfc_number_hint *hint)
{
	struct strip strip = {.in = in, .hint = hint};
	struct work *work = port_work();
	int reason;

	if (!sfc_config.kernel_mode || !work || !in) /* 6.1 walks it also where nobody calls it */
		return -SFC_REASON_no_next_hop;
	reason = strip_again(work, &strip, came);
	if (reason)
		return -reason;
	if (strip.service->to_port) {
		reason = strip_to_sf_kernel(ctx, work, &strip);
		return reason ? -reason
			      : verdict_redirect(work, strip.counters, SFC_VERDICT_TO_KERNEL, SFC_EVENT_TO_KERNEL);
	}
	reason = strip_to_host_kernel(ctx, work, &strip);
	return reason ? -reason : verdict_to_kernel(work);
}

/* The rare ways, by functions of their own. Returns as strip_bypass. */
static __always_inline int strip_otherwise(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	if (encap_bypass(work))
		return strip_bypass(ctx, work, strip->in, strip_came(strip));
	return strip_to_kernel(ctx, strip->in, strip_came(strip), strip->hint);
}

/* The whole way, for a frame whose header is not known. */
static __always_inline int strip_frame(struct xdp_md *ctx, struct work *work, struct strip *strip)
{
	int reason = strip_read(ctx, work, strip), action;

	if (!reason && (encap_bypass(work) || (sfc_config.kernel_mode && strip->sf->kernel))) {
		action = strip_otherwise(ctx, work, strip);
		return action < 0 ? strip_end(ctx, work, strip, -action) : action;
	}
	reason = reason ?: strip_to_sf(ctx, work, strip);
	return reason ? strip_end(ctx, work, strip, reason)
		      : verdict_redirect(work, strip->counters, SFC_VERDICT_TO_SF, SFC_EVENT_TO_SF);
}

/* Domain port: strip the SFC encapsulation, cache it, hand the bare packet to the SF. */
SEC("xdp.frags")
int sfc_strip(struct xdp_md *ctx)
{
	struct strip strip = {};
	struct work *work = port_receive(ctx, SFC_ROLE_DOMAIN, &strip.in);
	struct known known = {};
	int reason;

	if (!work)
		return XDP_ABORTED;
	if (sfc_config.kernel_mode && strip.in->tickets && strip_known(ctx, work, strip.in, &known)) {
		if (!known.arrival->ported)
			return known_to_host_kernel(ctx, work, &strip);
		reason = known_service(work, &strip) ?: strip_ways_out(work, &strip);
		/* A packet that is to be answered takes the whole way, which has the header that the answer needs. */
		if (!sfc_config.icmp || reason != SFC_REASON_too_big)
			return known_to_sf_kernel(ctx, work, &strip, reason);
	}
	strip.hint = known.hint;
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
	return back_end(ctx, work, &back, probe_or_restore(ctx, reason));
}

/* TC ingress of a domain port, where tickets are in the mark. It runs behind GRO, and before anything clears
 * metadata. */
SEC("tc")
int sfc_ticket_mark(struct __sk_buff *skb)
{
	__u32 mark = mark_in(skb);

	skb->mark = (skb->mark & ~sfc_config.mark_mask) | mark << (sfc_config.mark_shift & 31);
	return TC_ACT_UNSPEC;
}

/* TC egress of a port through which packets leave this host's kernel. It puts the header on, or sends the packet to the
 * hairpin with the ticket in its source MAC. */
SEC("tc")
int sfc_restore_tc(struct __sk_buff *skb)
{
	__u32 *id = port_of(skb->ifindex);
	__u32 port = id ? *id : SFC_NONE;
	struct ticket_found found = {};

	if (!tc_ticket(skb, &found))
		return tc_without_ticket(skb, port);
	return found.ticket.header ? tc_with_ticket(skb, port, &found) : TC_ACT_UNSPEC;
}

/* The hairpin's peer: put the header on, and send the frame where the kernel wanted to send it. */
SEC("xdp.frags")
int sfc_hairpin(struct xdp_md *ctx)
{
	struct work *work = hairpin_receive(ctx);
	struct back back = {};
	int reason;

	if (!work)
		return XDP_ABORTED;
	reason = hairpin_source(ctx, work) ?: back_service(work, &back, 0) ?: back_steps(ctx, work, &back);
	return reason ? answer_drop(ctx, work, reason)
		      : verdict_redirect(work, back.counters, SFC_VERDICT_RESTORED, SFC_EVENT_RESTORED);
}

/* TC egress inside the namespace of an SF that is a kernel behind ports: the ticket goes into the source MAC, as on a
 * hairpin. */
SEC("tc")
int sfc_ticket_mac(struct __sk_buff *skb)
{
	struct ticket_found found = {};
	int any = tc_ticket(skb, &found);

	if (!mac_is_ip(skb))
		return TC_ACT_UNSPEC;
	return any && found.ticket.header ? mac_with_ticket(skb, &found) : TC_ACT_UNSPEC;
}

/* SF port where the SF is a kernel: packets come back with the ticket in their source MAC. */
SEC("xdp.frags")
int sfc_restore_mac(struct xdp_md *ctx)
{
	struct back back = {};
	struct work *work = port_receive(ctx, SFC_ROLE_SF, &back.in);
	int reason;

	if (!work)
		return XDP_ABORTED;
	reason = mac_source(ctx, work, &back) ?: back_service(work, &back, 1) ?:
		 mac_allowed(work, &back) ?: back_steps(ctx, work, &back);
	return back_end(ctx, work, &back, probe_or_restore(ctx, reason));
}

/*
 * The peer of a veth that we redirect into. The kernel hands a redirected frame to a veth only where its peer polls,
 * which it does with an XDP program of any kind (veth_xdp_xmit); without one all frames are lost.
 */
SEC("xdp.frags")
int sfc_pass(struct xdp_md *ctx __attribute__((unused)))
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
