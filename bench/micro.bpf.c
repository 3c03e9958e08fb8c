// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Runs two programs in turn inside the kernel: a batch of packets through the first (strip), then the same packets
 * through the second (restore), again and again in one long call. BPF_PROG_TEST_RUN with `repeat` leaves the packet as
 * the last run left it: so it is written anew here, with a number of its own, and the program is tail-called. The clock
 * is read where the batches change. Two such runs may go on at once, on two CPUs: each for itself, or one strips what
 * the other one restores.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "sfc_abi.h"

enum {
    MICRO_FRAME_MAX = 2048,
    MICRO_PHASES = 2, /* strip, restore */
    MICRO_PROGRAMS = 16,
    MICRO_RUNS = 2,
    MICRO_AHEAD = 2,       /* batches that the run which strips may be in front of the one that restores */
    MICRO_LOOKS = 1 << 22, /* of a run that waits for the other one: some milliseconds */
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

/* Where a run stands. */
struct micro_state {
    __u32 phase;
    __u32 next;
    __u32 batch;
    __u32 ifindex; /* by which all frames come in: each run has its own */
    __u32 left;    /* batches */
    __u32 number;  /* of the first packet */
    __u32 flip;    /* 1 = the phases take turns, 0 = each batch is of the same one */
    __u32 done;    /* batches that are through, where there is one phase */
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
    __uint(max_entries, MICRO_RUNS);
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

struct wait {
    struct micro_state* run;
    __u32 strips;
    __u32 batches;
};

/* Whether the other run has come as far as the next batch needs it. */
static long look(__u32 at __attribute__((unused)), struct wait* wait) {
    __u32 done = *(volatile __u32*)&wait->run->done;

    return wait->strips ? wait->batches < done + MICRO_AHEAD : done > wait->batches;
}

/* Where each phase has a run of its own. The same few numbers are used again and again, as in any other run. */
static __noinline void wait_for_other(struct micro_state* run) {
    __u32 key = run->phase == 0;
    struct wait wait = {.run = bpf_map_lookup_elem(&state, &key), .strips = run->phase == 0, .batches = run->done};

    if (wait.run)
        bpf_loop(MICRO_LOOKS, look, &wait, 0);
    run->number = (run->done & (2 * MICRO_AHEAD - 1)) * run->batch;
}

static __always_inline void enter_phase(struct micro_state* run, __u32 phase) {
    struct micro_frame* frame = bpf_map_lookup_elem(&frames, &phase);
    __u32* port = bpf_map_lookup_elem(&port_id_array, &run->ifindex);

    if (frame && port)
        *port = frame->port;
    run->phase = phase;
    run->next = 0;
    if (!run->flip)
        wait_for_other(run);
    run->since = bpf_ktime_get_ns();
}

/* One batch is through. */
static __always_inline void leave_phase(struct micro_state* run) {
    __u32 phase = run->phase & (MICRO_PHASES - 1);

    run->ns[phase] += bpf_ktime_get_ns() - run->since;
    run->packets[phase] += run->next;
    run->left--;
    *(volatile __u32*)&run->done = run->done + 1;
    enter_phase(run, phase ^ run->flip);
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
    __u32 first = 0, second = 1, phase;
    struct micro_state* run = bpf_map_lookup_elem(&state, &first);
    struct micro_frame* frame;

    if (run && run->ifindex != ctx->ingress_ifindex)
        run = bpf_map_lookup_elem(&state, &second);
    if (!run)
        return XDP_ABORTED;
    if (!run->since)
        enter_phase(run, run->phase & (MICRO_PHASES - 1));
    if (run->next >= run->batch)
        leave_phase(run);
    if (!run->left)
        return XDP_REDIRECT; /* the frame after the last batch stopped its clock, that was all */
    phase = run->phase;
    frame = bpf_map_lookup_elem(&frames, &phase);
    if (!frame || write_frame(ctx, frame, run->number + run->next))
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
