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

/* When each of the last packets was sent, by its number. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, CHAIN_SENT_MAX);
    __type(key, __u32);
    __type(value, __u64);
} sent SEC(".maps");

/* Packets by the time they took, in buckets. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, CHAIN_DELAYS);
    __type(key, __u32);
    __type(value, __u64);
} delays SEC(".maps");

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

/* Before it is written, which takes equally long with all variants. */
static __always_inline void note_sending(__u32 number) {
    __u32 at = number % CHAIN_SENT_MAX;
    __u64* time = bpf_map_lookup_elem(&sent, &at);

    if (time)
        *time = bpf_ktime_get_ns();
}

static __always_inline void count_delay(struct xdp_md* ctx, const struct chain_settings* set) {
    __u32 off = sizeof(struct ethhdr) + 4 * set->expected + sizeof(struct iphdr) + offsetof(struct tcphdr, seq), at;
    __u64 now = bpf_ktime_get_ns(), *time, *count;
    __be32 number = 0;

    bpf_xdp_load_bytes(ctx, off, &number, sizeof(number));
    at = bpf_ntohl(number) % CHAIN_SENT_MAX;
    time = bpf_map_lookup_elem(&sent, &at);
    if (!time)
        return;
    at = chain_delay_bucket(now - *time);
    count = bpf_map_lookup_elem(&delays, &at);
    if (count)
        __sync_fetch_and_add(count, 1);
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
    if (set->timed)
        note_sending(at->number);
    return packet_write(ctx, set, at->number++) ? XDP_ABORTED : XDP_TX;
}

SEC("xdp")
int chain_sink(struct xdp_md* ctx) {
    struct chain_settings* set = bpf_map_lookup_elem(&settings, &only);
    struct chain_arrived* counts = bpf_map_lookup_elem(&arrived, &only);

    if (!set || !counts)
        return XDP_ABORTED;
    if (set->timed)
        count_delay(ctx, set);
    if (packet_is_right(ctx, set))
        counts->right++;
    else
        counts->wrong++;
    return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
