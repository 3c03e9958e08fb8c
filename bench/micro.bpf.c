// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Runs the programs under test on a fresh packet each time. BPF_PROG_TEST_RUN with `repeat` leaves the packet as the
 * last run left it: so it is written anew here, with a number of its own, and the program is tail-called.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

enum {
    MICRO_FRAME_MAX = 256,
    MICRO_ROLES = 3, /* strip, restore, nothing: the harness by itself */
};

/* A frame, and where its number stands. `len` must be from 1 to MICRO_FRAME_MAX. */
struct micro_frame {
    __u32 len;
    __u32 number_off;
    __u32 next;
    __u32 limit; /* numbers go from 0 to limit - 1, and again from 0 */
    __u8 bytes[MICRO_FRAME_MAX];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, MICRO_ROLES);
    __type(key, __u32);
    __type(value, struct micro_frame);
} frames SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, MICRO_ROLES);
    __type(key, __u32);
    __type(value, __u32);
} programs SEC(".maps");

static __always_inline int run(struct xdp_md* ctx, __u32 role) {
    struct micro_frame* frame = bpf_map_lookup_elem(&frames, &role);
    __u32 len, number;

    if (!frame)
        return XDP_ABORTED;
    if (bpf_xdp_adjust_head(ctx, (int)bpf_xdp_get_buff_len(ctx) - (int)frame->len))
        return XDP_ABORTED;
    len = frame->len - 1;
    asm volatile("" : "+r"(len));
    len &= MICRO_FRAME_MAX - 1;
    if (bpf_xdp_store_bytes(ctx, 0, frame->bytes, len + 1))
        return XDP_ABORTED;
    number = frame->next;
    frame->next = number + 1 < frame->limit ? number + 1 : 0;
    if (bpf_xdp_store_bytes(ctx, frame->number_off, &number, sizeof(number)))
        return XDP_ABORTED;
    bpf_tail_call(ctx, &programs, role);
    return XDP_ABORTED;
}

SEC("xdp.frags")
int micro_strip(struct xdp_md* ctx) {
    return run(ctx, 0);
}

SEC("xdp.frags")
int micro_restore(struct xdp_md* ctx) {
    return run(ctx, 1);
}

SEC("xdp.frags")
int micro_harness(struct xdp_md* ctx) {
    return run(ctx, 2);
}

/* What the harness calls when it is measured by itself. */
SEC("xdp.frags")
int micro_nothing(struct xdp_md* ctx __attribute__((unused))) {
    return XDP_REDIRECT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
