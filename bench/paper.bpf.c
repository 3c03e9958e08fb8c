// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The paper's two programs, and the second one in XDP as well, for comparison with ours alone. */
#include "paper.h"

#include <linux/pkt_cls.h>

/* 1 = the bare packet leaves by paper_ports[0], as with us; 0 = the kernel forwards it, as in the paper. */
const volatile __u32 paper_redirects = 0;

/* Where paper_strip redirects to, and paper_restore_xdp. */
struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, __u32);
} paper_ports SEC(".maps");

/* Of the link to the next hop, destination and source; in TC the kernel has written them already. */
const volatile __u8 paper_macs[12] = {};

SEC("xdp.frags")
int paper_strip(struct xdp_md* ctx) {
    int result = paper_cut(ctx);

    if (result < 0)
        return XDP_DROP;
    return result == 0 && paper_redirects ? bpf_redirect_map(&paper_ports, 0, XDP_DROP) : XDP_PASS;
}

SEC("xdp.frags")
int paper_restore_xdp(struct xdp_md* ctx) {
    struct paper_header header;
    int len = paper_claim((void*)(long)ctx->data, (void*)(long)ctx->data_end, &header);
    struct ethhdr* eth;

    if (len < 0 || bpf_xdp_adjust_head(ctx, -len))
        return XDP_DROP;
    eth = (void*)(long)ctx->data;
    if ((void*)(eth + 1) > (void*)(long)ctx->data_end)
        return XDP_DROP;
    for (__u32 i = 0; i < sizeof(paper_macs); i++)
        ((__u8*)eth)[i] = paper_macs[i];
    if (len && bpf_xdp_store_bytes(ctx, 2 * ETH_ALEN, &header.ethertype, sizeof(header.ethertype) + len))
        return XDP_DROP;
    return bpf_redirect_map(&paper_ports, 1, XDP_DROP);
}

/* At the egress of the domain port. A packet without a header must not leave there. */
SEC("tc")
int paper_restore_tc(struct __sk_buff* skb) {
    struct paper_header header;
    int len = paper_claim((void*)(long)skb->data, (void*)(long)skb->data_end, &header);

    if (len < 0)
        return TC_ACT_SHOT;
    if (len == 0)
        return TC_ACT_OK;
    if (bpf_skb_adjust_room(skb, len, BPF_ADJ_ROOM_MAC, 0) ||
        bpf_skb_store_bytes(skb, 2 * ETH_ALEN, &header.ethertype, sizeof(header.ethertype) + len, 0))
        return TC_ACT_SHOT;
    return TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
