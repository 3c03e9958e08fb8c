/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What bench loads shares with its program. */
#pragma once

#include <linux/types.h>

enum {
    LOADS_LINES = 1 << 20, /* of the map, 64 MiB */
    LOADS_PAGE_STEP = 65,  /* lines: one in each page, and each in another set of a cache */
    LOADS_AT_ONCE = 16,
};

/* A cache line. */
struct loads_line {
    __u32 next; /* the line that is loaded behind this one */
    __u32 reserved[15];
};

struct loads_walk {
    __u32 at;    /* where it begins, and where it ended */
    __u32 turns; /* LOADS_AT_ONCE loads each */
    __u64 ns;    /* that it took */
};
