/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The way that the proxy is compared with: Haeberle et al., "A Caching SFC Proxy Based on eBPF", NetSoft 2022, for IPv4
 * and TCP behind SR-MPLS. It keeps a header in an LRU hash, under a key of header fields that the SF leaves alone. It
 * is written as for use, with no work that this way does not need.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum { PAPER_LABELS_MAX = 16, PAPER_CACHE_ENTRIES = 100000 };

/* Without TTL and checksums. */
struct paper_key {
    struct iphdr ip;
    struct tcphdr tcp;
};

/* The part of a frame that follows the MACs when it leaves. It has the order of the frame, so that it is put back as
 * one piece. */
struct paper_header {
    __u16 len; /* of the stack without its top entry */
    __be16 ethertype;
    __be32 stack[PAPER_LABELS_MAX];
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, PAPER_CACHE_ENTRIES);
    __type(key, struct paper_key);
    __type(value, struct paper_header);
} paper_cache SEC(".maps");

/* `headers` is IPv4, of which as much as a key can be read. Returns 0, or -1 where it is not plain TCP. */
static __always_inline int paper_make_key(const struct paper_key* headers, struct paper_key* key) {
    if (headers->ip.version != 4 || headers->ip.ihl != 5 || headers->ip.protocol != IPPROTO_TCP)
        return -1;
    *key = *headers;
    key->ip.ttl = 0;
    key->ip.check = 0;
    key->tcp.check = 0;
    return 0;
}

/* Copies the stack without its top entry. Returns the number of all its entries, 0 where its bottom is not found. */
static __always_inline __u32 paper_read_stack(const __be32* entry, const void* end, struct paper_header* header) {
    for (__u32 i = 0; i < PAPER_LABELS_MAX; i++) {
        if ((const void*)(entry + i + 1) > end)
            return 0;
        if (i > 0)
            header->stack[i - 1] = entry[i];
        if (entry[i] & bpf_htonl(1 << 8)) {
            header->len = 4 * i;
            return i + 1;
        }
    }
    return 0;
}

/*
 * Caches the stack and cuts it off. Returns 0; 1 for a frame that is not for the proxy, which is as it was; -1 for one
 * to drop, as an equal packet is in the SF.
 */
static __always_inline int paper_cut(struct xdp_md* ctx) {
    void *data = (void*)(long)ctx->data, *end = (void*)(long)ctx->data_end;
    struct paper_header header = {.ethertype = bpf_htons(ETH_P_MPLS_UC)};
    struct ethhdr *eth = data, saved;
    struct paper_key *headers, key;
    __u32 entries;

    if ((void*)(eth + 1) > end || eth->h_proto != bpf_htons(ETH_P_MPLS_UC))
        return 1;
    entries = paper_read_stack((void*)(eth + 1), end, &header);
    headers = (void*)(eth + 1) + 4 * entries;
    if (!entries || (void*)(headers + 1) > end || paper_make_key(headers, &key))
        return 1;
    if (bpf_map_update_elem(&paper_cache, &key, &header, BPF_NOEXIST))
        return -1;
    saved = *eth;
    saved.h_proto = bpf_htons(ETH_P_IP);
    if (bpf_xdp_adjust_head(ctx, 4 * entries))
        return -1;
    eth = (void*)(long)ctx->data;
    if ((void*)(eth + 1) > (void*)(long)ctx->data_end)
        return -1;
    *eth = saved;
    return 0;
}

/* Takes the header of an IPv4 frame out of the cache. Returns the length of its stack, or -1 where it has none. */
static __always_inline int paper_claim(const void* data, const void* end, struct paper_header* header) {
    const struct ethhdr* eth = data;
    const struct paper_key* headers = (const void*)(eth + 1);
    struct paper_header* cached;
    struct paper_key key;

    if ((const void*)(headers + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || paper_make_key(headers, &key))
        return -1;
    cached = bpf_map_lookup_elem(&paper_cache, &key);
    if (!cached)
        return -1;
    *header = *cached;
    bpf_map_delete_elem(&paper_cache, &key);
    return header->len & (4 * PAPER_LABELS_MAX - 1); /* no change, but the verifier sees a bound */
}
