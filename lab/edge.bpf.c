// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The edge of the SFC domain in the lab: what a classifier does on the way in, and what the last node does on the way
 * out. The stack of a packet is a function of its content, so the peer can tell without a message from this one.
 */
#include "edge_steps.h"
#include "stack.h"

static __always_inline bool is_ours(struct xdp_md *ctx, const struct edge_port *port, const struct ethernet *ethernet)
{
	(void)ctx;
	(void)port;
	return ethernet->type == bpf_htons(ETH_P_MPLS_UC);
}

#include "edge_wire.h"

struct pushed {
	__u16 unused; /* the stack's entries are aligned with it */
	struct ethernet ethernet;
	__be32 stack[STACK_MAX];
};

enum { PUSHED_BYTES = sizeof(struct ethernet) + STACK_MAX * sizeof(__be32) };

/* Two cases, because the verifier wants the length of a store to be known. */
static __always_inline int push(struct xdp_md *ctx, struct pushed *head, __u32 depth)
{
	if (depth == STACK_MAX)
		return bpf_xdp_adjust_head(ctx, -4 * STACK_MAX) ||
		       bpf_xdp_store_bytes(ctx, 0, &head->ethernet, PUSHED_BYTES);
	return bpf_xdp_adjust_head(ctx, -4 * (STACK_MAX - 1)) ||
	       bpf_xdp_store_bytes(ctx, 0, &head->ethernet, PUSHED_BYTES - 4);
}

/* The work of a stack, for packets that get none: else they would seem to go the faster for it. */
static __always_inline void ghost_stack(const struct edge_port *port, const struct packet *packet)
{
	__be32 stack[STACK_MAX];

	make_stack(packet, port, stack);
	asm volatile("" ::"r"(stack[0]), "r"(stack[1]), "r"(stack[2]), "r"(stack[3]));
}

/* From a host into the domain. */
SEC("xdp.frags")
int edge_push(struct xdp_md *ctx)
{
	struct edge_port *port = port_of(ctx);
	struct packet packet = {};
	struct pushed head = {};
	__u32 depth;

	if (!port || bpf_xdp_load_bytes(ctx, 0, &head.ethernet, sizeof(head.ethernet)))
		return XDP_ABORTED;
	if (!is_data(ctx, &head.ethernet, &packet))
		return wire(ctx, port, &head.ethernet);
	if (port->flags & EDGE_BARE) {
		ghost_stack(port, &packet);
		return wire(ctx, port, &head.ethernet);
	}
	count_order(port, &packet);
	depth = make_stack(&packet, port, head.stack);
	head.ethernet.type = bpf_htons(ETH_P_MPLS_UC);
	if (push(ctx, &head, depth))
		return XDP_ABORTED;
	return pushed(ctx, port, &packet);
}

/* Reads the stack of a frame into `stack`. Returns its depth, 0 where it has no bottom or is longer than ours are. */
static __always_inline __u32 load_stack(struct xdp_md *ctx, __be32 stack[STACK_MAX])
{
	for (__u32 i = 0; i < STACK_MAX; i++) {
		__be32 at;

		if (bpf_xdp_load_bytes(ctx, ETH_HLEN + 4 * i, &at, sizeof(at)))
			return 0;
		stack[i] = at;
		if (at & bpf_htonl(BOTTOM))
			return i + 1;
	}
	return 0;
}

/* Every bit: labels, traffic class, bottom of stack, TTL. Entries behind the bottom are zero on both sides. */
static __always_inline bool is_right(const struct edge_port *port, const struct packet *packet, const __be32 *got,
				     __u32 depth)
{
	__be32 want[STACK_MAX];
	__u32 wanted = make_stack(packet, port, want);

	if (port->after_proxy)
		wanted = advance_stack(want, wanted);
	return depth == wanted && got[0] == want[0] && got[1] == want[1] && got[2] == want[2] && got[3] == want[3];
}

/* On the receiving host: is this the stack that this very packet must carry here? */
SEC("xdp.frags")
int edge_check(struct xdp_md *ctx)
{
	struct edge_port *port = port_of(ctx);
	__be32 stack[STACK_MAX] = {};
	struct ethernet ethernet;
	struct packet packet = {};
	__u32 depth;

	if (!port || bpf_xdp_load_bytes(ctx, 0, &ethernet, sizeof(ethernet)))
		return XDP_ABORTED;
	if (!is_ours(ctx, port, &ethernet)) {
		if (is_data(ctx, &ethernet, &packet)) {
			count(port, EVENT_BARE);
			if (port->flags & EDGE_BARE)
				ghost_stack(port, &packet);
		}
		return XDP_PASS;
	}
	depth = load_stack(ctx, stack);
	if (depth == 0 || read_packet(ctx, ETH_HLEN + 4 * depth, &packet))
		return wrong(ctx, port);
	if (is_kept(port, &packet))
		keep(ctx, KEPT_CHECKED);
	if (!is_right(port, &packet, stack, depth))
		return wrong(ctx, port);
	count(port, EVENT_GOOD + kind_of(&packet));
	count_order(port, &packet);
	return cut_header(ctx, &ethernet, &packet, 4 * depth);
}

/* For the peer of a veth that frames are redirected into: without a program there, the kernel drops them all. */
SEC("xdp.frags")
int edge_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
