/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A packet that ends, and its sender, who is to send smaller ones (RFC 1191, RFC 8201), or of End.AM has to know that
 * no hop is left. The frame becomes the message to the sender. It has the packet's own advanced header, and goes to the
 * service's next hop: the end of the way knows a route to the sender, and we need not (RFC 3032 2.3.2). With routes
 * (`fib`) the message asks for its own.
 */
#pragma once

#include "icmp/outer.h"
#include "path/way_back.h"

enum { ANSWER_MTU_LEAST = 68 /* RFC 791 3.2 */ };

/* The MTU of the way out, 0 for no limit. Of routes it is that of the one which the packet was too big for, and the
 * largest one before a route is known. */
static __always_inline __u32 answer_way(const struct work *work, const struct sfc_service *service,
					const struct sfc_port *egress)
{
	__u32 most;

	if (!fib_decides(service))
		return egress ? egress->mtu : 0;
	if (work->result.reason == SFC_REASON_too_big && (work->result.claimed || encap_bypass(work)))
		return work->icmp.way;
	most = fib_most(service, PORT_NO_LIMIT);
	return most == PORT_NO_LIMIT ? 0 : most;
}

/* The size of packets that fit both links, once the header is on; 0 where none do. `room` is the way out's alone. */
static __always_inline __u32 answer_mtu(const struct work *work, const struct sfc_service *service, __u32 way)
{
	const struct sfc_port *to = port_get(service->to_port);
	__u32 mtu = 0, len = work->header.f.len;

	if (way) {
		if (way < len + ANSWER_MTU_LEAST)
			return 0;
		mtu = way - len;
	}
	if (to && to->mtu && (!mtu || to->mtu < mtu))
		mtu = to->mtu;
	return mtu;
}

/* Whether the packet behind Ethernet must not be made smaller on its way: other IPv4 is no business of its sender. */
static __always_inline int answer_may_not_fragment(struct xdp_md *ctx)
{
	struct cursor cur = cursor_at(ctx, ETH_HLEN);
	const struct iphdr *ip = cursor_take(&cur, sizeof(*ip));

	return ip && (ip->version == 6 || ip->frag_off & bpf_htons(MESSAGE_DF));
}

/* Fills kind and word of the message: of a packet that is too big by its version. Returns 0 for no message. */
static __always_inline int answer_says(struct xdp_md *ctx, struct work *work, const struct back *back, __u32 way)
{
	if (work->result.reason == SFC_REASON_ttl) {
		work->icmp.kind = SRV6_EXCEEDED;
		work->icmp.word = 0;
		return 1;
	}
	work->icmp.kind = inner_version(ctx, ETH_HLEN) == 4 ? ICMP_KIND(ICMP_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED)
							    : ICMP_KIND(ICMP6_TOO_BIG, 0);
	work->icmp.word = answer_mtu(work, back->service, way);
	return work->icmp.word && answer_may_not_fragment(ctx);
}

static __always_inline int answer_make(struct xdp_md *ctx, struct work *work, const struct back *back)
{
	__u32 way = answer_way(work, back->service, back->egress), len = work->header.f.len;

	work->icmp.l3_off = ETH_HLEN;
	work->icmp.room = way > len ? way - len : 0;
	if (!answer_says(ctx, work, back, way) || (encap_stays(back->service) && !outer_allowed(ctx, work)))
		return 0;
	return message_make(ctx, work);
}

/* Sends the message out. The kernel gets it where it must send it itself, as it gets packets: at the port of the SF. */
static __always_inline int answer_leave(struct xdp_md *ctx, struct work *work, const struct back *back)
{
	__u32 id = back->service->return_port, *from;
	int reason;

	if (!fib_decides(back->service))
		return port_redirect(work, back->egress_id);
	from = bpf_map_lookup_elem(&tx_ports, &id);
	if (!from)
		return SFC_REASON_no_next_hop;
	reason = fib_route(ctx, work, back->service, *from);
	if (fib_hands_over(reason) && work->result.claimed)
		return fib_to_kernel(XDP_DROP) == XDP_REDIRECT ? SFC_OK : SFC_REASON_no_next_hop;
	return reason ?: port_redirect(work, work->result.egress);
}

/* Puts the header on, as on any packet that leaves. A message about a packet of End.AM has none. */
static __always_inline int answer_send(struct xdp_md *ctx, struct work *work, struct back *back)
{
	int reason = rewrite_restore(ctx, work, 0, &back->macs);

	if (reason)
		return reason;
	if (work->header.f.len)
		reason = encap_finish(ctx, work, back->service);
	else if (!encap_stays(back->service))
		reason = back_bare(ctx, work);
	return reason ?: answer_leave(ctx, work, back);
}

/* Whose senders are told: those of packets, not of frames, and of used up hops those of End.AM, whose outer header the
 * SF has seen. */
static __always_inline int answer_may(const struct work *work, const struct sfc_service *service)
{
	return service->inner != SFC_INNER_ETHERNET &&
	       (work->result.reason == SFC_REASON_too_big || encap_stays(service));
}

/* Takes the header off again that a route has been asked with. With End.AM it is a part of the packet, and nothing goes
 * in front of that. */
static __always_inline int answer_uncover(struct xdp_md *ctx, struct work *work, const struct back *back)
{
	__u32 len = *(const volatile __u16 *)&work->header.f.len & CUT_MASK;
	int four;

	if (encap_stays(back->service)) {
		work->header.f.len = 0;
		return SFC_OK;
	}
	if (!fib_decides(back->service) || !work->result.claimed)
		return SFC_OK;
	four = inner_version(ctx, l2_len(work) + len) == 4;
	return rewrite_cut(ctx, len, four ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6), &back->macs);
}

/* Answers a packet that has been dropped: it is bare behind Ethernet but for what answer_uncover takes off, and its
 * header is in work->header. Returns the XDP action. */
static __always_inline int answer_bare(struct xdp_md *ctx, struct work *work)
{
	struct back back = {.in = port_get(work->result.port)};
	__u32 service = work->result.service;

	back.service = bpf_map_lookup_elem(&services, &service);
	if (back.service && answer_may(work, back.service) && !back_where(ctx, work, &back) &&
	    !answer_uncover(ctx, work, &back) && answer_make(ctx, work, &back) && !answer_send(ctx, work, &back))
		return message_sent(work);
	work->result.egress = SFC_NONE;
	return XDP_DROP;
}

/* The same for one that has come from an SF. Not static, as extensions_walk. */
__noinline int answer_from_sf(struct xdp_md *ctx, struct work *work)
{
	return sfc_config.icmp && work ? answer_bare(ctx, work) : XDP_DROP;
}

/* The size of outer packets that fit the way there and back; 0 where nobody knows. End.AM takes nothing off. */
static __always_inline __u32 answer_outer_mtu(const struct work *work, const struct sfc_service *service)
{
	const struct sfc_port *to = encap_bypass(work) ? NULL : port_get(service->to_port);
	__u32 way = answer_way(work, service, port_get(back_egress(work, service)));
	__u32 cut = work->encap.cut, kept = encap_stays(service) ? 0 : work->encap.kept, mtu = 0;

	if (way && way + cut > kept)
		mtu = way + cut - kept;
	if (to && to->mtu && (!mtu || to->mtu + cut < mtu))
		mtu = to->mtu + cut;
	return mtu;
}

/* The MTU that the message about an outer packet says; 0 for no message. The frame is as it came then, but for one that
 * goes past the SF by a route, which was asked with the next segment. */
static __always_inline __u32 answer_outer_too_big(struct xdp_md *ctx, struct work *work,
						  const struct sfc_service *service)
{
	if (encap_stays(service) && srv6_unmasquerade(ctx, work))
		return 0;
	return answer_outer_mtu(work, service);
}

/* Answers a frame that has been dropped at a domain port: to the sender of its outer packet (RFC 8754 4.3, RFC 8986 4).
 * Returns the XDP action. */
static __always_inline int answer_outer(struct xdp_md *ctx, struct work *work)
{
	__u32 id = work->result.service, word = work->encap.due_at;
	const struct sfc_service *service = bpf_map_lookup_elem(&services, &id);

	if (work->encap.due == ENCAP_TOO_BIG) {
		word = service ? answer_outer_too_big(ctx, work, service) : 0;
		if (!word)
			return XDP_DROP;
	}
	return outer_answer(ctx, work, l2_len(work), work->encap.due, word);
}

/* Whether a packet from an SF ends for a reason that its sender may be told. */
static __always_inline int answer_due(const struct work *work, int reason)
{
	return sfc_config.icmp && work->result.claimed &&
	       (reason == SFC_REASON_too_big || (encap_in_use(SFC_ENCAP_srv6) && reason == SFC_REASON_ttl));
}

/* Ends a frame that has its header in work->header. */
static __always_inline int answer_drop(struct xdp_md *ctx, struct work *work, int reason)
{
	int action = verdict_drop(work, reason);

	return answer_due(work, reason) ? answer_from_sf(ctx, work) : action;
}

/* Ends a frame. Without a claim it goes to the kernel if it is a control packet, or the SF's policy says so; else it is
 * dropped. A frame for another MAC is, because the interface may have got that MAC a moment ago: this host's kernel
 * would forward it without a header. With its header on a frame goes there if the kernel must send it. */
static __always_inline int back_end(struct xdp_md *ctx, struct work *work, const struct back *back, int reason)
{
	if (!reason)
		return verdict_redirect(work, back->counters, SFC_VERDICT_RESTORED, SFC_EVENT_RESTORED);
	if (fib_hands_over(reason))
		return fib_hand_over(work, reason);
	if (reason == SFC_REASON_control)
		return verdict_pass(work, reason);
	if ((reason == SFC_REASON_miss || reason == SFC_REASON_other_mac) && back->sf &&
	    back->sf->on_miss == SFC_MISS_PASS)
		return verdict_pass(work, reason);
	return answer_drop(ctx, work, reason);
}
