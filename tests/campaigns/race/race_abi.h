// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the harness inside the kernel (race.bpf.c) and user space (../race_table.cpp) share. C and C++.
#pragma once

#include <linux/types.h>

enum race_limit {
    RACE_NUMBERS = 1024, /* packets that can be told apart: ten bits of a label */
    RACE_STACKS = 2,     /* headers that a packet may carry */
    RACE_ENTRIES = 16,   /* of a stack on arrival, the longest; words of an NSH likewise */
    RACE_WORDS = 64,     /* room for those of any header, a power of two; SRv6 has up to 52 */
    RACE_HEAD = 8,       /* entries that fit into a slot of the cache; longer ones go on in its tail */
    RACE_ETHERNET = 14,
    RACE_INNER_WORDS = 8, /* IPv4, UDP and four bytes */
    RACE_INNER = 4 * RACE_INNER_WORDS,
    RACE_FRAME = RACE_ETHERNET + 4 * RACE_WORDS + RACE_INNER, /* the longest */
};

/* Encapsulations that the packets have, a set. With several, some numbers have headers of two. */
enum race_encap { RACE_MPLS = 1, RACE_NSH = 2, RACE_SRV6 = 4 };

/* How one run of the proxy ended. */
enum race_count {
    RACE_TO_SF,
    RACE_AMBIGUOUS,
    RACE_FULL,
    RACE_RESTORED,
    RACE_RESTORED_LONG, /* of them, those with a tail */
    RACE_MISS,
    RACE_LATE,
    RACE_WRONG,           /* a whole header that this packet never had */
    RACE_TORN,            /* a header that no packet ever had */
    RACE_FALSE_AMBIGUOUS, /* of a packet that has one stack only */
    RACE_STRANGE,         /* any other end, or the packet itself is not what it was */
    RACE_COUNTS,
};

/* The act of a run, which the next run of the harness checks. */
enum race_act { RACE_NOTHING, RACE_STRIP, RACE_RESTORE };

/* One CPU's own: nobody else writes it. */
struct race_cpu {
    __u64 random;
    __u32 act; /* enum race_act */
    __u32 number;
    __u32 stack;
    __u32 left; /* runs until the one that only checks */
    __u64 count[RACE_COUNTS];
    __be32 entry[RACE_WORDS]; /* the header as it is written, and the one that is put on */
    __be32 inner[RACE_INNER_WORDS];
};

/* The same for all CPUs. */
struct race_setup {
    __u32 numbers; /* a power of two */
    __u32 encaps;  /* enum race_encap */
    __u32 batch;   /* runs of one call, but for its last, which only checks */
    __u32 domain_port;
    __u32 sf_port;
    __u64 clock_step; /* ns that the clock moves every now and then; 0: it stands still */
};

/* References of one header. Per CPU. */
struct race_tally {
    __u64 to_sf;
    __u64 restored;
};
