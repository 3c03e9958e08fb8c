// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The most that a proxy in front of the kernel of its own host can reach: the way of a packet through sfc_strip,
 * sfc_restore_tc, and for one stage sfc_hairpin, with nothing to look up. All packets get the same header, everything
 * else is a constant.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "ceiling.h"

enum { MAGIC = 0x5fc0ffee, BOTTOM = 1 << 8, ENTRY = 4, TICKET_SOURCE = 0x02 };

const volatile struct ceiling_settings ceiling_settings = {};

struct ticket {
    __u32 magic;
    __u32 number[3];
};

/* Both MACs in words, as in bpf/base/rewrite.h. */
struct ethernet {
    __u32 macs[3];
    __be16 type;
};

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} way_out SEC(".maps");

static __always_inline void ethernet_write(struct ethernet* to, const struct ethernet* from, __be16 type) {
    to->macs[0] = from->macs[0];
    to->macs[1] = from->macs[1];
    to->macs[2] = from->macs[2];
    to->type = type;
}

/* The neighbour's MAC as the stack has written it, then our own. */
static __always_inline struct ethernet ethernet_to_neighbour(const struct ethernet* from) {
    const volatile __u16* source = (const volatile __u16*)ceiling_settings.source;

    return (struct ethernet){
        {from->macs[0], (from->macs[1] & 0xffff) | (__u32)source[0] << 16, source[1] | (__u32)source[2] << 16}, 0};
}

/* Length of the kernel, which any proxy has to find; 0 where there is none. */
static __always_inline __u32 stack_len(const __be32* at, const void* end) {
#pragma unroll
    for (__u32 i = 0; i < CHAIN_LABELS_MAX; i++) {
        if ((const void*)(at + i + 1) > end)
            return 0;
        if (at[i] & bpf_htonl(BOTTOM))
            return (i + 1) * ENTRY;
    }
    return 0;
}

static __always_inline int ticket_put(struct xdp_md* ctx) {
    struct ticket* ticket;

    if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*ticket)))
        return XDP_DROP;
    ticket = (void*)(long)ctx->data_meta;
    if ((void*)(ticket + 1) > (void*)(long)ctx->data)
        return XDP_DROP;
    *ticket = (struct ticket){MAGIC, {}};
    return XDP_PASS;
}

SEC("xdp.frags")
int ceiling_strip(struct xdp_md* ctx) {
    void *data = (void*)(long)ctx->data, *end = (void*)(long)ctx->data_end;
    struct ethernet old;
    __u32 len;

    if (data + ETH_HLEN > end)
        return XDP_DROP;
    old = *(struct ethernet*)data;
    len = stack_len(data + ETH_HLEN, end);
    if (old.type != bpf_htons(ETH_P_MPLS_UC) || !len || bpf_xdp_adjust_head(ctx, (int)len))
        return XDP_PASS;
    data = (void*)(long)ctx->data;
    if (data + ETH_HLEN > (void*)(long)ctx->data_end)
        return XDP_DROP;
    ethernet_write(data, &old, bpf_htons(ETH_P_IP));
    return ceiling_settings.stage == CEILING_POP ? XDP_PASS : ticket_put(ctx);
}

/* The header in front of a frame that has been given room for it. */
static __always_inline int header_write(void* data, void* end, const struct ethernet* old) {
    __be32* stack = data + ETH_HLEN;
    __u32 labels = ceiling_settings.labels;

    if ((void*)(stack + labels) > end)
        return -1;
    ethernet_write(data, old, labels ? bpf_htons(ETH_P_MPLS_UC) : bpf_htons(ETH_P_IP));
#pragma unroll
    for (__u32 i = 0; i < CHAIN_LABELS_MAX; i++) {
        if (i < labels)
            stack[i] = ceiling_settings.entry[i];
    }
    return 0;
}

static __always_inline int tc_push(struct __sk_buff* skb) {
    void *data = (void*)(long)skb->data, *end = (void*)(long)skb->data_end;
    struct ethernet old;

    if (data + ETH_HLEN > end)
        return TC_ACT_SHOT;
    old = *(struct ethernet*)data;
    if (ceiling_settings.labels && bpf_skb_change_head(skb, ceiling_settings.labels * ENTRY, 0))
        return TC_ACT_SHOT;
    data = (void*)(long)skb->data;
    end = (void*)(long)skb->data_end;
    return header_write(data, end, &old) ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("tc")
int ceiling_tc(struct __sk_buff* skb) {
    struct ticket* ticket = (void*)(long)skb->data_meta;
    __u8* eth = (void*)(long)skb->data;

    if ((void*)(ticket + 1) > (void*)eth || ticket->magic != MAGIC)
        return TC_ACT_OK;
    if (ceiling_settings.stage == CEILING_IN_TC)
        return tc_push(skb);
    if ((void*)(eth + ETH_HLEN) > (void*)(long)skb->data_end)
        return TC_ACT_SHOT;
    if (ceiling_settings.stage == CEILING_TC)
        return TC_ACT_OK;
    eth[ETH_ALEN] = TICKET_SOURCE;
    return bpf_redirect(ceiling_settings.hairpin, 0);
}

SEC("xdp.frags")
int ceiling_hairpin(struct xdp_md* ctx) {
    void *data = (void*)(long)ctx->data, *end = (void*)(long)ctx->data_end;
    struct ethernet old;

    if (data + ETH_HLEN > end)
        return XDP_DROP;
    old = ethernet_to_neighbour(data);
    if (ceiling_settings.labels && bpf_xdp_adjust_head(ctx, -(int)(ceiling_settings.labels * ENTRY)))
        return XDP_DROP;
    data = (void*)(long)ctx->data;
    end = (void*)(long)ctx->data_end;
    if (header_write(data, end, &old))
        return XDP_DROP;
    return bpf_redirect_map(&way_out, 0, XDP_DROP);
}

char _license[] SEC("license") = "Dual BSD/GPL";
