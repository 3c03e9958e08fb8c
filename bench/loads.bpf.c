// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How long a load takes whose address is what the load before it found. The lines are those of an array map that can be
 * mapped, as the maps of the cache are: memory of vmalloc, in pages of 4 KiB.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "loads.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, LOADS_LINES);
    __type(key, __u32);
    __type(value, struct loads_line);
} lines SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct loads_walk);
} walks SEC(".maps");

/* So many loads that the loop around them hardly counts. */
static long load_some(__u32 turn __attribute__((unused)), __u32* at) {
#pragma unroll
    for (__u32 i = 0; i < LOADS_AT_ONCE; i++) {
        const struct loads_line* line = bpf_map_lookup_elem(&lines, at);

        if (!line)
            return 1;
        *(volatile __u32*)at = *(const volatile __u32*)&line->next;
    }
    return 0;
}

SEC("xdp")
int loads_walk(struct xdp_md* ctx __attribute__((unused))) {
    __u32 only = 0, at;
    struct loads_walk* walk = bpf_map_lookup_elem(&walks, &only);
    __u64 since;

    if (!walk)
        return XDP_ABORTED;
    at = walk->at;
    since = bpf_ktime_get_ns();
    bpf_loop(walk->turns, load_some, &at, 0);
    walk->ns = bpf_ktime_get_ns() - since;
    walk->at = at;
    return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
