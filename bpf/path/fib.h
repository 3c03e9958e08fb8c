/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A next hop by the routes of the kernel (`next_hop: {fib: [...]}`), for headers in IP. The kernel is asked for each
 * restored packet, when its outer header is finished. Only the ports that the service lists are prepared, so a route by
 * another interface is no way out.
 *
 * The kernel is asked as for a packet that came in by the SF port. That is where it gets the packets that it must send
 * itself, so both ways are of one mind whatever rules and VRFs there are.
 */
#pragma once

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include "base/port.h"

enum {
	FIB_INET = 2,              /* AF_INET */
	FIB_INET6 = 10,            /* AF_INET6 */
	FIB_FLOWINFO = 0x0fffffff, /* traffic class and flow label, RFC 8200 3 */
};

/* Whether packets of the service leave by routes. */
static __always_inline int fib_decides(const struct sfc_service *service)
{
	return sfc_config.fib && service->options & SFC_OPTION_FIB;
}

/* The largest MTU of the ports that are there, or the first one that is enough for `size`; 0 where no port is there.
 * Not static, as extensions_walk. */
__noinline __u32 fib_most(const struct sfc_service *service, __u32 size)
{
	__u32 most = 0;

	if (!sfc_config.fib || !service)
		return 0;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < SFC_EGRESS_MAX; i++) {
		__u32 id = service->egress[i];
		const struct sfc_port *port = port_get(id);

		if (!id || !port || !port_present(id))
			continue;
		if (!port->mtu)
			return PORT_NO_LIMIT;
		if (port->mtu > most)
			most = port->mtu;
		if (most >= size)
			break;
	}
	return most;
}

/* Whether a packet of `size` may find a way: at strip nobody knows its route yet. One port that is there is enough, and
 * the largest MTU counts, because restore looks at the port that the route leads to. */
static __always_inline int fib_any_way(const struct sfc_service *service, __u32 size)
{
	__u32 most = fib_most(service, size);

	if (!most)
		return SFC_REASON_no_next_hop;
	return size <= most ? SFC_OK : SFC_REASON_too_big;
}

/* Routes may depend on the ports of UDP: those of several next hops do so. */
static __always_inline void fib_ports(struct cursor *cur, __u8 protocol, struct bpf_fib_lookup *fib)
{
	const struct udphdr *udp = cursor_take(cur, sizeof(*udp));

	fib->l4_protocol = protocol;
	if (!udp || protocol != IPPROTO_UDP)
		return;
	fib->sport = udp->source;
	fib->dport = udp->dest;
}

/* Fills the question from the outer header. Returns SFC_OK, or SFC_REASON_no_next_hop where there is none. */
static __always_inline int fib_ask_ipv4(struct xdp_md *ctx, const struct work *work, struct bpf_fib_lookup *fib)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const struct iphdr *ip = cursor_take(&cur, sizeof(*ip));

	if (!ip)
		return SFC_REASON_no_next_hop;
	fib->family = FIB_INET;
	fib->tos = ip->tos;
	fib->tot_len = bpf_ntohs(ip->tot_len);
	fib->ipv4_src = ip->saddr;
	fib->ipv4_dst = ip->daddr;
	fib_ports(&cur, ip->protocol, fib);
	return SFC_OK;
}

static __always_inline int fib_ask_ipv6(struct xdp_md *ctx, const struct work *work, struct bpf_fib_lookup *fib)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const struct ipv6hdr *ip = cursor_take(&cur, sizeof(*ip));

	if (!ip)
		return SFC_REASON_no_next_hop;
	fib->family = FIB_INET6;
	fib->flowinfo = *(const __be32 *)ip & bpf_htonl(FIB_FLOWINFO);
	fib->tot_len = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	__builtin_memcpy(fib->ipv6_src, &ip->saddr, sizeof(fib->ipv6_src));
	__builtin_memcpy(fib->ipv6_dst, &ip->daddr, sizeof(fib->ipv6_dst));
	fib_ports(&cur, ip->nexthdr, fib);
	return SFC_OK;
}

static __always_inline int fib_ask(struct xdp_md *ctx, const struct work *work, struct bpf_fib_lookup *fib)
{
	switch (work->header.f.ethertype) {
	case bpf_htons(ETH_P_IP):
		return fib_ask_ipv4(ctx, work, fib);
	case bpf_htons(ETH_P_IPV6):
		return fib_ask_ipv6(ctx, work, fib);
	default:
		return SFC_REASON_no_next_hop;
	}
}

/* Judges the answer, for a packet of `size`; fills result.egress. A route into a tunnel of the kernel, as of seg6, is
 * the kernel's to follow, and so is the question for a neighbour's MAC. */
static __always_inline int fib_judge(struct work *work, const struct sfc_service *service, long answer, __u32 ifindex,
				     __u32 size)
{
	const struct sfc_port *port;
	__u32 *id;

	if (answer == BPF_FIB_LKUP_RET_UNSUPP_LWT)
		return SFC_REASON_fib_tunnel;
	if (answer == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return SFC_REASON_too_big;
	if (answer != BPF_FIB_LKUP_RET_SUCCESS && answer != BPF_FIB_LKUP_RET_NO_NEIGH)
		return SFC_REASON_no_next_hop;
	id = port_of(ifindex);
	if (!id || !port_listed(service, *id) || !port_present(*id))
		return SFC_REASON_no_next_hop;
	port = port_get(*id);
	if (!port)
		return SFC_REASON_no_next_hop;
	if (!port_fits(port, size))
		return SFC_REASON_too_big;
	if (answer == BPF_FIB_LKUP_RET_NO_NEIGH)
		return SFC_REASON_fib_neighbour;
	work->result.egress = *id;
	return SFC_OK;
}

static __always_inline int fib_write_macs(struct xdp_md *ctx, const struct bpf_fib_lookup *fib)
{
	const __u16 *dmac = (const __u16 *)fib->dmac, *smac = (const __u16 *)fib->smac;
	struct cursor cur = cursor_at(ctx, 0);
	__u16 *to = cursor_take(&cur, ETH_HLEN);

	if (!to)
		return SFC_REASON_runt;
#pragma unroll
	for (__u32 i = 0; i < ETH_ALEN / 2; i++) {
		to[i] = dmac[i];
		to[ETH_ALEN / 2 + i] = smac[i];
	}
	return SFC_OK;
}

/* For the sender of a packet that is too big: fills icmp.way. Where the route's own MTU is too small the answer says
 * nothing of the port, so the kernel is asked once more, for a packet that fits: `fib` has that size by then. */
static __always_inline void fib_narrow(struct xdp_md *ctx, struct work *work, struct bpf_fib_lookup *fib, long answer)
{
	const struct sfc_port *port;
	__u32 *id;

	if (answer == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		answer = bpf_fib_lookup(ctx, fib, sizeof(*fib), 0);
	work->icmp.way = fib->tot_len;
	if (answer != BPF_FIB_LKUP_RET_SUCCESS && answer != BPF_FIB_LKUP_RET_NO_NEIGH)
		return;
	id = port_of(fib->ifindex);
	port = id ? port_get(*id) : NULL;
	if (port && port->mtu && (!work->icmp.way || port->mtu < work->icmp.way))
		work->icmp.way = port->mtu;
}

/*
 * Asks the kernel where the finished frame goes, as for one that came in by `from`, fills result.egress and writes the
 * MACs of that link. Returns SFC_OK or a reason. With fib_neighbour and fib_tunnel the frame is as it was, addressed to
 * the SF port. Not static, as extensions_walk.
 */
__noinline int fib_route(struct xdp_md *ctx, struct work *work, const struct sfc_service *service, __u32 from)
{
	struct bpf_fib_lookup fib = {.ifindex = from};
	__u32 size;
	long answer;
	int reason;

	if (!sfc_config.fib || !work || !service)
		return SFC_REASON_no_next_hop;
	reason = fib_ask(ctx, work, &fib);
	if (reason)
		return reason;
	size = fib.tot_len; /* the answer has an MTU there */
	answer = bpf_fib_lookup(ctx, &fib, sizeof(fib), 0);
	reason = fib_judge(work, service, answer, fib.ifindex, size);
	if (sfc_config.icmp && reason == SFC_REASON_too_big)
		fib_narrow(ctx, work, &fib, answer);
	return reason ?: fib_write_macs(ctx, &fib);
}

/* Whether the packet goes on through this host's kernel, whole with its header. */
static __always_inline int fib_hands_over(int reason)
{
	return sfc_config.fib && (reason == SFC_REASON_fib_neighbour || reason == SFC_REASON_fib_tunnel);
}

/* The kernel gets the frame as one that has just come in by the SF port. Returns the XDP action, `otherwise` where that
 * cannot be. */
static __always_inline int fib_to_kernel(enum xdp_action otherwise)
{
	return bpf_redirect_map(&handover, 0, otherwise);
}

/* A function for the same reason as port_id_slow. */
static __noinline int fib_hand_over(struct work *work, int reason)
{
	verdict_pass(work, reason);
	return fib_to_kernel(XDP_PASS);
}
