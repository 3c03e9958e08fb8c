/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs at the edge share: settings, counters, kept frames. lab/edge.py is the other side of these. */
#pragma once

#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* RTP is UDP with RTP_PORT; a fragment is one whatever it is a fragment of. */
enum {
	KIND_TCP,
	KIND_UDP,
	KIND_ICMP,
	KIND_SCTP,
	KIND_ESP,
	KIND_GRE,
	KIND_RTP,
	KIND_FRAGMENT,
	KIND_OTHER,
	KIND_V6, /* + one of the above: the same over IPv6 */
	KIND_MAX = 2 * KIND_V6,
};

enum {
	EVENT_PUSHED = 0,      /* + kind of packet */
	EVENT_GOOD = KIND_MAX, /* + kind of packet */
	EVENT_WIRE = 2 * KIND_MAX,
	EVENT_WRONG,
	EVENT_BARE,
	EVENT_LINK,   /* of EVENT_WIRE: no SFC, so control packets: ARP, neighbour discovery */
	EVENT_BEHIND, /* TCP, with EDGE_ORDER: not behind all that the flow had before it */
	EVENT_MAX = 64,
	DIRECTIONS = 2,
	KEPT_BYTES = 256,
};

/* How packets get their headers, of both ends alike. */
enum {
	EDGE_STEADY = 1 << 0, /* all of a flow the same, not each packet its own */
	EDGE_ORDER = 1 << 1,  /* count segments that a later one is ahead of */
	EDGE_BARE = 1 << 2,   /* labels: none, and the work of a stack */
	EDGE_MD2 = 1 << 3,    /* MD type 2 with up to two context headers, else type 1 */
	EDGE_TAG = 1 << 4,    /* behind a VLAN tag */
	EDGE_GPE4 = 1 << 5,   /* in VXLAN-GPE over IPv4 */
	EDGE_GPE6 = 1 << 6,   /* in VXLAN-GPE over IPv6 */
	EDGE_CSID = 1 << 7,   /* SRv6: compressed SIDs, no segment routing header */
	EDGE_EVEN = 1 << 8,   /* labels: hops have one TTL, as a static proxy can give it to them */
};

enum kept_slot { KEPT_PUSHED, KEPT_CHECKED, KEPT_WRONG, KEPT_MAX };

/* Of one port, by its ifindex. Each namespace loads the object for itself, as ifindexes are unique only within one. */
struct edge_port {
	__u32 partner;     /* ifindex that frames leave through */
	__u32 direction;   /* 0: top label 16001, service path 777 or SID 2001:db8:f0::a1; 1: 16002, 778 or ::a2 */
	__u32 after_proxy; /* edge_check: 1 = expect the header as the proxy must have advanced it, 0 = as pushed */
	__be16 keep_port;  /* the first TCP segment with payload for this port is kept; 0 is none */
	__u16 flags;
};

struct kept {
	__u32 taken;
	__u32 len; /* of the whole frame */
	__u8 bytes[KEPT_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct edge_port);
} edge_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DIRECTIONS *EVENT_MAX);
	__type(key, __u32);
	__type(value, __u64);
} edge_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KEPT_MAX);
	__type(key, __u32);
	__type(value, struct kept);
} edge_kept SEC(".maps");

/* Where the last segment of a flow ended, by its ports and direction. */
struct edge_flow {
	__u32 ports;
	__u32 direction;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct edge_flow);
	__type(value, __u32);
} edge_flows SEC(".maps");

static __always_inline struct edge_port *port_of(struct xdp_md *ctx)
{
	__u32 ifindex = ctx->ingress_ifindex;

	return bpf_map_lookup_elem(&edge_ports, &ifindex);
}

static __always_inline void count(const struct edge_port *port, __u32 event)
{
	__u32 key = port->direction * EVENT_MAX + event;
	__u64 *value = bpf_map_lookup_elem(&edge_counts, &key);

	if (value)
		*value += 1;
}

/* Keeps the frame as it is now, if it is the first one for this slot. */
static __always_inline void keep(struct xdp_md *ctx, __u32 slot)
{
	struct kept *kept = bpf_map_lookup_elem(&edge_kept, &slot);
	__u64 len = bpf_xdp_get_buff_len(ctx);
	__u64 part = len; /* 64 bits, as the verifier has to see its bounds */

	if (!kept || __sync_val_compare_and_swap(&kept->taken, 0, 1) != 0)
		return;
	kept->len = len;
	if (part > KEPT_BYTES)
		part = KEPT_BYTES;
	if (part >= ETH_HLEN) /* always; kernel 6.1 does not see a lower bound in "not 0" */
		bpf_xdp_load_bytes(ctx, 0, kept->bytes, part);
}
