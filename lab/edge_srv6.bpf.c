// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The edge of the SFC domain in the lab, as edge.bpf.c, with SRv6 in place of label stacks. */
#include "edge_steps.h"
#include "srv6_header.h"

enum {
	HEADER_WANTED = 0,
	HEADER_GOT = 1,
};

/* Whether the frame has an outer packet of ours: anything else is a control packet or bare. */
static __always_inline bool is_srv6(struct xdp_md *ctx, const struct ethernet *ethernet)
{
	__be32 source[2];

	if (ethernet->type != bpf_htons(ETH_P_IPV6) ||
	    bpf_xdp_load_bytes(ctx, ETH_HLEN + __builtin_offsetof(struct ipv6hdr, saddr), source, sizeof(source)))
		return false;
	return source[0] == bpf_htonl(SRV6_NET) &&
	       (source[1] == bpf_htonl(SRV6_SOURCE) || source[1] == bpf_htonl(SRV6_SOURCE + 0x10000));
}

static __always_inline int wire(struct xdp_md *ctx, const struct edge_port *port, const struct ethernet *ethernet)
{
	count(port, EVENT_WIRE);
	if (!is_srv6(ctx, ethernet))
		count(port, EVENT_LINK);
	return bpf_redirect(port->partner, 0);
}

static __always_inline int push(struct xdp_md *ctx, const struct ethernet *ethernet, struct srv6_header *header)
{
	__u32 last = header->len - 1;

	asm volatile("" : "+r"(last)); /* kernel 6.1 must be shown that the length is at least 1 */
	if (last >= SRV6_BYTES || bpf_xdp_adjust_head(ctx, -(int)(last + 1)) ||
	    bpf_xdp_store_bytes(ctx, 0, (void *)ethernet, sizeof(*ethernet)))
		return -1;
	return bpf_xdp_store_bytes(ctx, ETH_HLEN, &header->outer, last + 1);
}

/* From a host into the domain. */
SEC("xdp.frags")
int edge_push(struct xdp_md *ctx)
{
	struct srv6_header *header = header_new(HEADER_WANTED);
	struct edge_port *port = port_of(ctx);
	struct ethernet ethernet;
	struct packet packet = {};

	if (!port || !header || bpf_xdp_load_bytes(ctx, 0, &ethernet, sizeof(ethernet)))
		return XDP_ABORTED;
	if (!is_data(ctx, &ethernet, &packet))
		return wire(ctx, port, &ethernet);
	count_order(port, &packet);
	make_srv6(&packet, port, 0, bpf_xdp_get_buff_len(ctx) - ETH_HLEN, header);
	ethernet.type = bpf_htons(ETH_P_IPV6);
	if (push(ctx, &ethernet, header))
		return XDP_ABORTED;
	count(port, EVENT_PUSHED + kind_of(&packet));
	if (is_kept(port, &packet))
		keep(ctx, KEPT_PUSHED);
	return bpf_redirect(port->partner, 0);
}

/* Frames that need no work here, on their way through. */
SEC("xdp.frags")
int edge_wire(struct xdp_md *ctx)
{
	struct edge_port *port = port_of(ctx);
	struct ethernet ethernet;

	if (!port || bpf_xdp_load_bytes(ctx, 0, &ethernet, sizeof(ethernet)))
		return XDP_ABORTED;
	return wire(ctx, port, &ethernet);
}

/* Reads the frame's header. Its length is what it says itself. Returns 0, or -1 where none of ours is so long. */
static __always_inline int load_header(struct xdp_md *ctx, struct srv6_header *got)
{
	struct srv6_routing routing;
	struct ipv6hdr ip;
	__u32 last;

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
static __always_inline bool is_right(const struct srv6_header *got, const struct srv6_header *want)
{
	__u64 differ = got->len ^ want->len;

	for (__u32 i = 0; i < SRV6_WORDS; i++)
		differ |= got->word[i] ^ want->word[i];
	return !differ;
}

/* On the receiving host: is this the header that this very packet must carry here? */
SEC("xdp.frags")
int edge_check(struct xdp_md *ctx)
{
	struct srv6_header *want = header_new(HEADER_WANTED), *got = header_new(HEADER_GOT);
	struct edge_port *port = port_of(ctx);
	struct ethernet ethernet;
	struct packet packet = {};

	if (!port || !want || !got || bpf_xdp_load_bytes(ctx, 0, &ethernet, sizeof(ethernet)))
		return XDP_ABORTED;
	if (!is_srv6(ctx, &ethernet)) {
		if (is_data(ctx, &ethernet, &packet))
			count(port, EVENT_BARE);
		return XDP_PASS;
	}
	if (load_header(ctx, got) || read_packet(ctx, ETH_HLEN + got->len, &packet))
		return wrong(ctx, port);
	if (is_kept(port, &packet))
		keep(ctx, KEPT_CHECKED);
	make_srv6(&packet, port, port->after_proxy != 0, bpf_xdp_get_buff_len(ctx) - ETH_HLEN - got->len, want);
	if (!is_right(got, want))
		return wrong(ctx, port);
	count(port, EVENT_GOOD + kind_of(&packet));
	count_order(port, &packet);
	return cut_header(ctx, &ethernet, &packet, got->len);
}

char _license[] SEC("license") = "Dual BSD/GPL";
