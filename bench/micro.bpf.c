// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Runs two programs in turn inside the kernel: a batch of packets through the first (strip), then the same packets
 * through the second (restore), again and again in one long call. BPF_PROG_TEST_RUN with `repeat` leaves the packet as
 * the last run left it: so it is written anew here, with a number of its own, and the program is tail-called. The clock
 * is read where the batches change.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "sfc_abi.h"

enum {
    MICRO_FRAME_MAX = 2048,
    MICRO_PHASES = 2, /* strip, restore */
    MICRO_PROGRAMS = 16,
};

/*
 * A frame, and where its number stands. `len` must be from 1 to MICRO_FRAME_MAX. An Internet checksum of all of it is
 * to stay right where balance_off is not 0: there stands the number's complement, so that both together are nothing.
 */
struct micro_frame {
    __u32 len;
    __u32 number_off;
    __u32 port;    /* what port_id is set to */
    __u32 program; /* where in `programs` */
    __u32 balance_off;
    __u32 reserved;
    __u8 bytes[MICRO_FRAME_MAX];
};

/* Where the run stands. */
struct micro_state {
    __u32 phase;
    __u32 next;
    __u32 batch;
    __u32 ifindex; /* by which all frames come in */
    __u32 left;    /* batches */
    __u32 reserved;
    __u64 since;
    __u64 ns[MICRO_PHASES];
    __u64 packets[MICRO_PHASES];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, MICRO_PHASES);
    __type(key, __u32);
    __type(value, struct micro_frame);
} frames SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct micro_state);
} state SEC(".maps");

/* The proxy's map of this name: a call of BPF_PROG_TEST_RUN has one interface, so that becomes another port. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, SFC_PORT_ARRAY);
    __type(key, __u32);
    __type(value, __u32);
} port_id_array SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, MICRO_PROGRAMS);
    __type(key, __u32);
    __type(value, __u32);
} programs SEC(".maps");

static __always_inline void enter_phase(struct micro_state* run, __u32 phase) {
    struct micro_frame* frame = bpf_map_lookup_elem(&frames, &phase);
    __u32* port = bpf_map_lookup_elem(&port_id_array, &run->ifindex);

    if (frame && port)
        *port = frame->port;
    run->phase = phase;
    run->next = 0;
    run->since = bpf_ktime_get_ns();
}

/* One batch is through. */
static __always_inline void leave_phase(struct micro_state* run) {
    __u32 phase = run->phase & (MICRO_PHASES - 1);

    run->ns[phase] += bpf_ktime_get_ns() - run->since;
    run->packets[phase] += run->next;
    run->left--;
    enter_phase(run, phase ^ 1);
}

static __always_inline int write_frame(struct xdp_md* ctx, struct micro_frame* frame, __u32 number) {
    __u32 len = frame->len - 1;

    if (bpf_xdp_adjust_head(ctx, (int)bpf_xdp_get_buff_len(ctx) - (int)frame->len))
        return -1;
    asm volatile("" : "+r"(len));
    len &= MICRO_FRAME_MAX - 1;
    if (bpf_xdp_store_bytes(ctx, 0, frame->bytes, len + 1))
        return -1;
    if (bpf_xdp_store_bytes(ctx, frame->number_off, &number, sizeof(number)))
        return -1;
    if (!frame->balance_off)
        return 0;
    number = ~number;
    return bpf_xdp_store_bytes(ctx, frame->balance_off, &number, sizeof(number)) ? -1 : 0;
}

SEC("xdp.frags")
int micro_cycle(struct xdp_md* ctx) {
    __u32 zero = 0, phase;
    struct micro_state* run = bpf_map_lookup_elem(&state, &zero);
    struct micro_frame* frame;

    if (!run)
        return XDP_ABORTED;
    if (!run->since)
        enter_phase(run, 0);
    if (run->next >= run->batch)
        leave_phase(run);
    if (!run->left)
        return XDP_REDIRECT; /* the frame after the last batch stopped its clock, that was all */
    phase = run->phase;
    frame = bpf_map_lookup_elem(&frames, &phase);
    if (!frame || write_frame(ctx, frame, run->next))
        return XDP_ABORTED;
    run->next++;
    bpf_tail_call(ctx, &programs, frame->program);
    return XDP_ABORTED;
}

/* The program that the harness calls when it is measured by itself. */
SEC("xdp.frags")
int micro_nothing(struct xdp_md* ctx __attribute__((unused))) {
    return XDP_REDIRECT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
