// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The edge of the SFC domain in the lab, as edge.bpf.c, with SRv6 in place of label stacks. */
#include "edge_steps.h"
#include "srv6_header.h"

/* Whether the frame has an outer packet of ours: anything else is a control packet or bare. */
static __always_inline bool is_ours(struct xdp_md *ctx, const struct edge_port *port, const struct ethernet *ethernet)
{
	__be32 source[2];

	(void)port;
	if (ethernet->type != bpf_htons(ETH_P_IPV6) ||
	    bpf_xdp_load_bytes(ctx, ETH_HLEN + __builtin_offsetof(struct ipv6hdr, saddr), source, sizeof(source)))
		return false;
	return source[0] == bpf_htonl(SRV6_NET) &&
	       (source[1] == bpf_htonl(SRV6_SOURCE) || source[1] == bpf_htonl(SRV6_SOURCE + 0x10000));
}

static __always_inline int push(struct xdp_md *ctx, const struct ethernet *ethernet, struct header *header)
{
	__u32 last = header->len - 1;

	asm volatile("" : "+r"(last)); /* kernel 6.1 must be shown that the length is at least 1 */
	if (last >= SRV6_BYTES || bpf_xdp_adjust_head(ctx, -(int)(last + 1)) ||
	    bpf_xdp_store_bytes(ctx, 0, (void *)ethernet, sizeof(*ethernet)))
		return -1;
	return bpf_xdp_store_bytes(ctx, ETH_HLEN, &header->outer, last + 1);
}

/* Reads the frame's header. Its length is what it says itself. Returns 0, or -1 where none of ours is so long. */
static __always_inline int load_header(struct xdp_md *ctx, const struct edge_port *port, struct header *got)
{
	struct srv6_routing routing;
	struct ipv6hdr ip;
	__u32 last;

	(void)port;
	if (bpf_xdp_load_bytes(ctx, ETH_HLEN, &ip, sizeof(ip)))
		return -1;
	got->len = sizeof(ip);
	if (ip.nexthdr == IPPROTO_ROUTING) {
		if (bpf_xdp_load_bytes(ctx, ETH_HLEN + sizeof(ip), &routing, sizeof(routing)))
			return -1;
		got->len += 8 + 8 * routing.length;
	}
	last = got->len - 1;
	asm volatile("" : "+r"(last)); /* as in push */
	return last >= SRV6_BYTES || bpf_xdp_load_bytes(ctx, ETH_HLEN, &got->outer, last + 1) ? -1 : 0;
}

/* Every bit of the header. */
static __always_inline bool is_right(struct xdp_md *ctx, const struct header *got, const struct header *want)
{
	__u64 differ = got->len ^ want->len;

	(void)ctx;
	for (__u32 i = 0; i < SRV6_WORDS; i++)
		differ |= got->word[i] ^ want->word[i];
	return !differ;
}

#include "edge_programs.h"
