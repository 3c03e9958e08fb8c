// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Both ends of `bench/run chain`: the generator, run by BPF_PROG_TEST_RUN on live frames, and the sink. */
#include "chain_packet.h"

enum {
    SPINS_MAX = 1 << 23
}; /* of some 20 ns: the longest wait that a slot may ask for, and a bound for the verifier */

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct chain_settings);
} settings SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct chain_progress);
} progress SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct chain_arrived);
} arrived SEC(".maps");

static const __u32 only = 0;

static long is_due(__u32 spin __attribute__((unused)), struct chain_progress** at) {
    (*at)->last = bpf_ktime_get_ns();
    return (*at)->last >= (*at)->slot;
}

/* A generator that is more than a slot late does not make up for it, because it would lose packets that it does not
 * lose at the asked rate. The rate that it reaches is then lower, and is reported. */
static __always_inline void wait_for_slot(const struct chain_settings* set, struct chain_progress* at) {
    bpf_loop(SPINS_MAX, is_due, &at, 0);
    if (at->last - at->slot > set->slot_ns)
        at->slot = at->last;
    if (!at->first)
        at->first = at->last;
    at->slot += set->slot_ns;
    at->left = set->batch;
}

SEC("xdp")
int chain_generate(struct xdp_md* ctx) {
    struct chain_settings* set = bpf_map_lookup_elem(&settings, &only);
    struct chain_progress* at = bpf_map_lookup_elem(&progress, &only);

    if (!set || !at)
        return XDP_ABORTED;
    if (at->left == 0)
        wait_for_slot(set, at);
    at->left--;
    return packet_write(ctx, set, at->number++) ? XDP_ABORTED : XDP_TX;
}

SEC("xdp")
int chain_sink(struct xdp_md* ctx) {
    struct chain_settings* set = bpf_map_lookup_elem(&settings, &only);
    struct chain_arrived* counts = bpf_map_lookup_elem(&arrived, &only);

    if (!set || !counts)
        return XDP_ABORTED;
    if (packet_is_right(ctx, set))
        counts->right++;
    else
        counts->wrong++;
    return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
