// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Strips and restores few different packets on all CPUs at once, inside the kernel. Each run checks what the proxy left
 * of the one before: the frame, and the verdict in scratch. Then it draws what comes next, writes it over the frame and
 * tail-calls the proxy. One call of BPF_PROG_TEST_RUN has one interface: it is the CPU's own, and becomes the port that
 * the frame needs.
 */
#include <bpf/bpf_endian.h>

#include "base/maps.h"

#include "race_abi.h"
#include "race_srv6.h"

enum {
    NEXT_STRIP, /* where in `programs` */
    NEXT_RESTORE,
    ENTRY_S = 1 << 8, /* RFC 3032 2.1: bottom of stack */
    TOP_ENTRY = 16001 << 12 | 255,
    NSH_BASE = 63 << 22 | 1, /* RFC 8300 2.2: TTL, and IPv4 behind it */
    NSH_WORDS_AT = 16,
    NSH_MD_AT = 8,
    NSH_MD1_WORDS = 6, /* 2.4 */
    NSH_PATH = 777 << 8,
    NSH_INDEX = 7,
    NSH_CLASS = 0x0123 << 16 | 0x45 << 8, /* 2.5.1: class and type of the one context header */
    NSH_OWN = 3,                          /* words in front of those that are the header's own, at most */
    CLOCK_ONE_IN = 64,
    STRIPS_OF_16 = 7, /* fewer than restores, or the references of an entry would only grow */
    ID_WORD = 1,      /* of the IPv4 header: identification */
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct race_cpu);
} race_cpus SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct race_setup);
} race_setups SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, RACE_NUMBERS* RACE_STACKS);
    __type(key, __u32);
    __type(value, struct race_tally);
} race_tallies SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, __u32);
} programs SEC(".maps");

/* Kinds of headers. Kind n is bit n - 1 of a set of enum race_encap. */
enum race_kind { KIND_PLAIN, KIND_MPLS, KIND_NSH, KIND_SRV6, KINDS };
static const __u8 ethernet[KINDS][RACE_ETHERNET] = {{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00},
                                                    {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0x47},
                                                    {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x89, 0x4f},
                                                    {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd}};

/* A quarter of the numbers has one short stack, one a long one, one two short stacks, and one a long and a short one.
 */
static __always_inline __u32 stacks_of(__u32 number) {
    return number & 2 ? RACE_STACKS : 1;
}

/* With several encapsulations half of the numbers with two headers have those of two kinds. */
static __always_inline enum race_kind kind_of(__u32 encaps, __u32 number, __u32 stack) {
    __u32 among = (encaps & 1) + (encaps >> 1 & 1) + (encaps >> 2 & 1), turn = number >> 2;

    turn += stack & ~(number >> 3) & 1;
    turn = among == 3 ? turn % 3 : among == 2 ? turn & 1 : 0;
    for (__u32 kind = KIND_MPLS; kind < KINDS; kind++) {
        if (encaps >> (kind - 1) & 1 && !turn--)
            return kind;
    }
    return KIND_PLAIN;
}

/* Entries that are left when the top one is gone, or words of another header, all of which are left. */
static __always_inline __u32 depth_of(enum race_kind kind, __u32 number, __u32 stack) {
    __u32 step = number >> 2, is_long = number & 1 & ~stack;

    if (kind == KIND_SRV6)
        return srv6_depth(is_long, step);
    if (kind == KIND_NSH && !is_long)
        return NSH_OWN + 1 + step % (RACE_HEAD - NSH_OWN);
    return is_long ? RACE_HEAD + 1 + step % (RACE_ENTRIES - RACE_HEAD - 1) : 1 + step % RACE_HEAD;
}

/* An entry tells of which packet, of which of its stacks and at which position it is; no two are equal. */
static __always_inline __be32 entry_of(__u32 number, __u32 stack, __u32 at, __u32 depth) {
    __u32 label = 1 << 19 | number << 9 | stack << 8 | at << 4 | (number + at) % 16;
    __u32 ttl = 2 + (number * 7 + stack * 31 + at * 13) % 250;

    return bpf_htonl(label << 12 | (at + 1 == depth ? ENTRY_S : 0) | ttl);
}

/* A word of an NSH with the index `si`: MD type 1 where the length fits it, else type 2 with one context header. */
static __always_inline __be32 nsh_word(__u32 number, __u32 stack, __u32 at, __u32 depth, __u32 si) {
    __u32 md1 = depth == NSH_MD1_WORDS;

    if (at == 0)
        return bpf_htonl(NSH_BASE | depth << NSH_WORDS_AT | (md1 ? 1 : 2) << NSH_MD_AT);
    if (at == 1)
        return bpf_htonl(NSH_PATH | si);
    if (at == 2 && !md1)
        return bpf_htonl(NSH_CLASS | 4 * (depth - NSH_OWN));
    return bpf_htonl(1U << 31 | number << 16 | stack << 15 | at);
}

static __always_inline struct race_tally* tally_of(__u32 number, __u32 stack) {
    __u32 at = number * RACE_STACKS + stack;

    return bpf_map_lookup_elem(&race_tallies, &at);
}

/* `len`, which is from 1 to 4 * RACE_WORDS, in a way that the verifier sees it; clang would leave the mask out. */
static __always_inline __u32 stack_bytes(__u32 len) {
    len--;
    asm volatile("" : "+r"(len));
    return (len & (4 * RACE_WORDS - 1)) + 1;
}

/* The packet behind the header is the one that was written. */
static __always_inline int inner_is(struct xdp_md* ctx, const struct race_cpu* cpu, __u32 off) {
    __be32 inner[RACE_INNER_WORDS];
    __u32 differ = 0;

    if (bpf_xdp_load_bytes(ctx, off, inner, sizeof(inner)))
        return 0;
    for (__u32 i = 0; i < RACE_INNER_WORDS; i++)
        differ |= inner[i] ^ cpu->inner[i];
    return !differ;
}

/* The number and the stack that a header tells, as number * RACE_STACKS + stack. */
static __always_inline __u32 owner_of(enum race_kind kind, const __be32* entry) {
    __u32 own = kind == KIND_MPLS  ? bpf_ntohl(entry[0]) >> 12 << 7
                : kind == KIND_NSH ? bpf_ntohl(entry[NSH_OWN])
                                   : bpf_ntohl(entry[SRV6_OWN]);
    __u32 number = own >> 16, stack = own >> 15;

    return (number & (RACE_NUMBERS - 1)) * RACE_STACKS + (stack & 1);
}

/* Whether each word of a header of `len` bytes is as it must leave. */
static __always_inline int header_is(enum race_kind kind, const __be32* entry, __u32 len, __u32 owner) {
    __u32 number = owner / RACE_STACKS, stack = owner % RACE_STACKS, depth = depth_of(kind, number, stack);
    __u32 torn = len != 4 * depth;

    if (kind == KIND_SRV6)
        return !torn && srv6_differs(entry, number, stack, depth) == 0;
    for (__u32 i = 0; i < RACE_ENTRIES; i++) {
        if (i < depth)
            torn |= entry[i] != (kind == KIND_NSH ? nsh_word(number, stack, i, depth, NSH_INDEX - 1)
                                                  : entry_of(number, stack, i, depth));
    }
    return !torn;
}

static __always_inline enum race_kind kind_of_type(__be16 type) {
    for (__u32 kind = KIND_MPLS; kind < KINDS; kind++) {
        if (type == (__be16)(ethernet[kind][12] | ethernet[kind][13] << 8))
            return kind;
    }
    return KIND_PLAIN;
}

/* The header that was put on, of `len` bytes. */
static __always_inline enum race_count judge_header(struct xdp_md* ctx, const struct race_setup* setup,
                                                    struct race_cpu* cpu, __u32 len) {
    __be32* entry = cpu->entry;
    __be16 type = 0;
    struct race_tally* tally;
    enum race_kind kind;
    __u32 owner;

    if (len < 4 || len > sizeof(cpu->entry) || bpf_xdp_load_bytes(ctx, RACE_ETHERNET, entry, stack_bytes(len)) ||
        bpf_xdp_load_bytes(ctx, RACE_ETHERNET - sizeof(type), &type, sizeof(type)))
        return RACE_TORN;
    kind = kind_of_type(type);
    owner = owner_of(kind, entry);
    if (kind != kind_of(setup->encaps, owner / RACE_STACKS, owner % RACE_STACKS) || !header_is(kind, entry, len, owner))
        return RACE_TORN;
    if (owner / RACE_STACKS != cpu->number || owner % RACE_STACKS >= stacks_of(cpu->number))
        return RACE_WRONG;
    tally = tally_of(owner / RACE_STACKS, owner % RACE_STACKS);
    if (tally)
        tally->restored++;
    return len > 4 * RACE_HEAD ? RACE_RESTORED_LONG : RACE_RESTORED;
}

static __always_inline enum race_count judge_strip(struct xdp_md* ctx, const struct race_cpu* cpu,
                                                   const struct sfc_result* result) {
    struct race_tally* tally = tally_of(cpu->number, cpu->stack);

    if (result->verdict == SFC_VERDICT_TO_SF && tally) {
        tally->to_sf++;
        return bpf_xdp_get_buff_len(ctx) == RACE_ETHERNET + RACE_INNER && inner_is(ctx, cpu, RACE_ETHERNET)
                   ? RACE_TO_SF
                   : RACE_STRANGE;
    }
    if (result->verdict != SFC_VERDICT_DROPPED)
        return RACE_STRANGE;
    if (result->reason == SFC_REASON_cache_full)
        return RACE_FULL;
    if (result->reason != SFC_REASON_ambiguous)
        return RACE_STRANGE;
    return stacks_of(cpu->number) == 1 ? RACE_FALSE_AMBIGUOUS : RACE_AMBIGUOUS;
}

static __always_inline enum race_count judge_restore(struct xdp_md* ctx, const struct race_setup* setup,
                                                     struct race_cpu* cpu, const struct sfc_result* result) {
    __u32 len = bpf_xdp_get_buff_len(ctx);

    if (result->verdict == SFC_VERDICT_RESTORED) {
        if (len < RACE_ETHERNET + RACE_INNER || !inner_is(ctx, cpu, len - RACE_INNER))
            return RACE_STRANGE;
        return judge_header(ctx, setup, cpu, len - RACE_ETHERNET - RACE_INNER);
    }
    if (result->verdict != SFC_VERDICT_DROPPED)
        return RACE_STRANGE;
    return result->reason == SFC_REASON_miss ? RACE_MISS : result->reason == SFC_REASON_late ? RACE_LATE : RACE_STRANGE;
}

static __always_inline void judge(struct xdp_md* ctx, const struct race_setup* setup, struct race_cpu* cpu) {
    __u32 zero = 0, count;
    const struct work* work = bpf_map_lookup_elem(&scratch, &zero);

    if (!work || cpu->act == RACE_NOTHING)
        return;
    count =
        cpu->act == RACE_STRIP ? judge_strip(ctx, cpu, &work->result) : judge_restore(ctx, setup, cpu, &work->result);
    if (count == RACE_RESTORED_LONG)
        cpu->count[RACE_RESTORED]++;
    if (count < RACE_COUNTS)
        cpu->count[count]++;
}

/* xorshift64 (Marsaglia 2003). */
static __always_inline __u64 draw(struct race_cpu* cpu) {
    __u64 random = cpu->random;

    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    cpu->random = random;
    return random >> 20; /* the lower bits are the weaker ones */
}

static __always_inline void move_clock(const struct race_setup* setup, __u64 random) {
    __u32 zero = 0;
    __u64* now = bpf_map_lookup_elem(&set_clock, &zero);

    if (now && setup->clock_step && !(random % CLOCK_ONE_IN))
        __sync_fetch_and_add(now, setup->clock_step);
}

static __always_inline void choose(const struct race_setup* setup, struct race_cpu* cpu) {
    __u64 random = draw(cpu);

    cpu->act = random % 16 < STRIPS_OF_16 ? RACE_STRIP : RACE_RESTORE;
    cpu->number = random >> 4 & (setup->numbers - 1) & (RACE_NUMBERS - 1);
    cpu->stack = random >> 14 & (stacks_of(cpu->number) - 1);
    move_clock(setup, random >> 15);
}

/* Of addresses and ports for documentation; RFC 768: no checksum. The number is the identification, which is in the
 * key. */
static __always_inline void fill_inner(struct race_cpu* cpu) {
    cpu->inner[0] = bpf_htonl(0x45000000 | RACE_INNER);
    cpu->inner[ID_WORD] = bpf_htonl((cpu->number + 1) << 16);
    cpu->inner[2] = bpf_htonl(64 << 24 | 17 << 16);
    cpu->inner[3] = bpf_htonl(0xc0000201);
    cpu->inner[4] = bpf_htonl(0xc6336401);
    cpu->inner[5] = bpf_htonl(1000 << 16 | 53);
    cpu->inner[6] = bpf_htonl((RACE_INNER - 20) << 16);
    cpu->inner[7] = 0;
}

/* Returns how many entries the stack has on arrival. */
static __always_inline __u32 fill_stack(struct race_cpu* cpu) {
    __u32 depth = depth_of(KIND_MPLS, cpu->number, cpu->stack);

    cpu->entry[0] = bpf_htonl(TOP_ENTRY);
    for (__u32 i = 1; i < RACE_ENTRIES; i++)
        cpu->entry[i] = entry_of(cpu->number, cpu->stack, i - 1, depth);
    return depth + 1;
}

/* Returns how many words the NSH has. */
static __always_inline __u32 fill_nsh(struct race_cpu* cpu) {
    __u32 depth = depth_of(KIND_NSH, cpu->number, cpu->stack);

    for (__u32 i = 0; i < RACE_ENTRIES; i++)
        cpu->entry[i] = nsh_word(cpu->number, cpu->stack, i, depth, NSH_INDEX);
    return depth;
}

/* Returns how many words the header of SRv6 has. */
static __always_inline __u32 fill_srv6(struct race_cpu* cpu) {
    __u32 depth = depth_of(KIND_SRV6, cpu->number, cpu->stack);

    for (__u32 i = 0; i < SRV6_WORDS_MOST && i < depth; i++)
        cpu->entry[i] = srv6_word(cpu->number, cpu->stack, i, depth, 0);
    return depth;
}

/* The header as it arrives; returns how many words it has. */
static __always_inline __u32 fill_header(enum race_kind kind, struct race_cpu* cpu) {
    return kind == KIND_SRV6   ? fill_srv6(cpu)
           : kind == KIND_NSH  ? fill_nsh(cpu)
           : kind == KIND_MPLS ? fill_stack(cpu)
                               : 0;
}

static __always_inline int write_frame(struct xdp_md* ctx, const struct race_setup* setup, struct race_cpu* cpu) {
    enum race_kind kind = cpu->act == RACE_STRIP ? kind_of(setup->encaps, cpu->number, cpu->stack) : KIND_PLAIN;
    __u32 words = fill_header(kind, cpu), len = RACE_ETHERNET + 4 * words + RACE_INNER;
    int error;

    fill_inner(cpu);
    error = bpf_xdp_adjust_head(ctx, (int)bpf_xdp_get_buff_len(ctx) - (int)len);
    error |= bpf_xdp_store_bytes(ctx, 0, (void*)ethernet[kind], RACE_ETHERNET);
    if (words)
        error |= bpf_xdp_store_bytes(ctx, RACE_ETHERNET, cpu->entry, stack_bytes(4 * words));
    return error | bpf_xdp_store_bytes(ctx, len - RACE_INNER, cpu->inner, RACE_INNER);
}

SEC("xdp.frags")
int race_run(struct xdp_md* ctx) {
    __u32 zero = 0, ifindex = ctx->ingress_ifindex;
    const struct race_setup* setup = bpf_map_lookup_elem(&race_setups, &zero);
    struct race_cpu* cpu = bpf_map_lookup_elem(&race_cpus, &zero);
    __u32* port = bpf_map_lookup_elem(&port_id_array, &ifindex);

    if (!setup || !cpu || !port)
        return XDP_ABORTED;
    judge(ctx, setup, cpu);
    if (!cpu->left) {
        cpu->act = RACE_NOTHING;
        cpu->left = setup->batch;
        return XDP_PASS;
    }
    cpu->left--;
    choose(setup, cpu);
    *port = cpu->act == RACE_STRIP ? setup->domain_port : setup->sf_port;
    if (write_frame(ctx, setup, cpu))
        return XDP_ABORTED;
    bpf_tail_call(ctx, &programs, cpu->act == RACE_STRIP ? NEXT_STRIP : NEXT_RESTORE);
    return XDP_ABORTED;
}

char _license[] SEC("license") = "Dual BSD/GPL";
