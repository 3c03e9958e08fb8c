/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What ceiling.bpf.c shares with user space. */
#pragma once

#include "chain.h"

/* How much of the way a packet is taken. Each stage does what the one before does, and more, but for the last. */
enum ceiling_stage {
    CEILING_POP,     /* the stack is taken off, the kernel forwards the bare packet */
    CEILING_TICKET,  /* it has metadata in front of it */
    CEILING_TC,      /* which TC looks at where it leaves */
    CEILING_HAIRPIN, /* and which go through the hairpin, where the packet gets a header: the way of merged ones */
    CEILING_IN_TC,   /* no hairpin: the header is put on by TC, the way of all others */
};

struct ceiling_settings {
    __u32 stage;
    __u32 hairpin; /* the ifindex of its first end */
    __u32 labels;  /* of the header */
    __be32 entry[CHAIN_LABELS_MAX];
    __u8 source[12]; /* the port's MAC; padded */
};
