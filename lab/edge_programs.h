/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs of an edge whose headers are a `struct header`, with its length `len` and its EtherType `type`. The file
 * that includes this has what its encapsulation is:
 * - is_ours, as edge_wire.h says
 * - make_header: the header of a packet, as the proxy gets it or as it must have made it
 * - push: puts it in front of a packet. Returns 0, or another number where it cannot
 * - load_header: the one of a frame. Returns 0, or -1 where none of ours is so long
 * - is_right: whether every bit of it is what was wanted
 */
#pragma once

#include "edge_wire.h"

enum { HEADER_WANTED, HEADER_GOT, HEADERS };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HEADERS);
	__type(key, __u32);
	__type(value, struct header);
} edge_headers SEC(".maps");

/* The header `which`, empty; NULL only for the verifier. */
static __always_inline struct header *header_new(__u32 which)
{
	struct header *header = bpf_map_lookup_elem(&edge_headers, &which);

	if (header)
		__builtin_memset(header, 0, sizeof(*header));
	return header;
}

/* From a host into the domain. */
SEC("xdp.frags")
int edge_push(struct xdp_md *ctx)
{
	struct header *header = header_new(HEADER_WANTED);
	struct edge_port *port = port_of(ctx);
	struct ethernet ethernet;
	struct packet packet = {};

	if (!port || !header || bpf_xdp_load_bytes(ctx, 0, &ethernet, sizeof(ethernet)))
		return XDP_ABORTED;
	if (!is_data(ctx, &ethernet, &packet))
		return wire(ctx, port, &ethernet);
	count_order(port, &packet);
	make_header(&packet, port, 0, bpf_xdp_get_buff_len(ctx) - ETH_HLEN, header);
	ethernet.type = header->type;
	if (push(ctx, &ethernet, header))
		return XDP_ABORTED;
	return pushed(ctx, port, &packet);
}

/* On the receiving host: is this the header that this very packet must carry here? */
SEC("xdp.frags")
int edge_check(struct xdp_md *ctx)
{
	struct header *want = header_new(HEADER_WANTED), *got = header_new(HEADER_GOT);
	struct edge_port *port = port_of(ctx);
	struct ethernet ethernet;
	struct packet packet = {};

	if (!port || !want || !got || bpf_xdp_load_bytes(ctx, 0, &ethernet, sizeof(ethernet)))
		return XDP_ABORTED;
	if (!is_ours(ctx, port, &ethernet)) {
		if (is_data(ctx, &ethernet, &packet))
			count(port, EVENT_BARE);
		return XDP_PASS;
	}
	if (load_header(ctx, port, got) || read_packet(ctx, ETH_HLEN + got->len, &packet))
		return wrong(ctx, port);
	if (is_kept(port, &packet))
		keep(ctx, KEPT_CHECKED);
	make_header(&packet, port, port->after_proxy != 0, bpf_xdp_get_buff_len(ctx) - ETH_HLEN - got->len, want);
	if (!is_right(ctx, got, want))
		return wrong(ctx, port);
	count(port, EVENT_GOOD + kind_of(&packet));
	count_order(port, &packet);
	return cut_header(ctx, &ethernet, &packet, got->len);
}

char _license[] SEC("license") = "Dual BSD/GPL";
