/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the generator and the sink of `bench/run chain` share with user space. */
#pragma once

#include <linux/types.h>

/* The encapsulation in front of the packets, as SFC in chain_lab.py has it. */
enum chain_sfc { CHAIN_MPLS, CHAIN_NSH, CHAIN_SRV6, CHAIN_SRV6_LAST };

enum {
    CHAIN_LABELS_MAX = 16,
    CHAIN_WORDS_MAX = 20,  /* of any header */
    CHAIN_SRV6_HERE = 0xf, /* of the proxy's SID */
    CHAIN_SRV6_BYTES = 40, /* of the segment routing header */
    CHAIN_TOP_LABEL = 16001,
    CHAIN_NSH_BASE = 0x0fc60101, /* RFC 8300 2.2: TTL 63, 6 words, MD type 1, IPv4 behind it */
    CHAIN_NSH_PATH = 777 << 8 | 7,
    CHAIN_FIRST_PORT = 1024, /* of CHAIN_PORTS source ports; more flows than that have other source addresses */
    CHAIN_PORTS = 60000,
    CHAIN_FLOWS_MAX = 1000000,
    CHAIN_PAYLOAD = 0x5a,
    CHAIN_WHOLE_EVERY = 64, /* of so many packets, one is compared to the last byte */
    CHAIN_SENT_MAX = 65536, /* packets whose times of sending are kept */
    CHAIN_DELAYS = 1024,    /* buckets of chain_delay_bucket, more than it has */
};

/* The packets that are sent, and their rate. Sums are those of the words that are the same in all packets, not
 * complemented. */
struct chain_settings {
    __u8 macs[12];   /* destination, source */
    __u8 header[40]; /* IPv4 and TCP, but for what chain_packet.h makes of the packet's number */
    __u32 ip_sum;
    __u32 tcp_sum;
    __u32 sfc;      /* enum chain_sfc */
    __u32 hops;     /* service functions that a packet has passed where it arrives */
    __u32 labels;   /* words of the header as it is sent, 0 to CHAIN_WORDS_MAX; 0 is a bare packet */
    __u32 expected; /* as it must arrive */
    __u32 entries;  /* of which both ends are to have the work: as it would be sent, where it is not */
    __u32 bare_len; /* of the frame without labels */
    __u32 flows;
    __u32 services;   /* each packet is for the next one */
    __u32 batch;      /* packets that leave at once */
    __u32 slot_ns;    /* from one batch to the next */
    __u32 stack_mask; /* of the packet's number: which stack it has */
    __u32 timed;      /* 1 = the sink counts how long packets took */
};

/* The generator's own. Numbers go on from one run to the next: what a run lost must not meet its like. */
struct chain_progress {
    __u32 number;
    __u32 left; /* of the batch */
    __u64 slot; /* when the next batch is due; 0 = at once */
    __u64 first;
    __u64 last; /* batch */
};

/*
 * Entry `i` of stack `number` for a service, host byte order. Labels from 2^19 on: none is a special one. The TTLs are
 * such that advancing the stack changes none: below the one on top by exactly one.
 */
static inline __u32 chain_entry(__u32 number, __u32 service, __u32 i, __u32 labels) {
    __u32 bottom = i + 1 == labels ? 1 << 8 : 0;
    __u32 label = (number * 0x9e3779b1 + i * 0x85ebca6b) >> 12 | 1 << 19;

    return i == 0 ? (CHAIN_TOP_LABEL + service) << 12 | bottom | 64 : label << 12 | bottom | 63;
}

/* Word `i` of NSH `number`: each context is another one. Behind `hops` SFs the service index is so much lower. */
static inline __u32 chain_nsh(__u32 number, __u32 service, __u32 i, __u32 hops) {
    if (i == 0)
        return CHAIN_NSH_BASE;
    return i == 1 ? CHAIN_NSH_PATH + (service << 8) - hops : number * 0x9e3779b1 + i * 0x85ebca6b;
}

/* Word `i` of the SID 2001:db8:NODE::1. */
static inline __u32 chain_sid(__u32 node, __u32 i) {
    if (i == 0)
        return 0x20010db8;
    return i == 1 ? node << 16 : i == 3;
}

/*
 * Word `i` of SRv6 packet `number` (RFC 8200 3, RFC 8754 2), with `len` bytes in it and two segments. The proxy's
 * segment is the first one, and behind the proxy the last one is the destination. With `last` the proxy's is the last
 * segment, so that Linux decapsulates the packet, and behind it comes an encapsulation of its own, the same for all
 * packets (RFC 8986 4.5, 5.1).
 */
static inline __u32 chain_srv6(__u32 number, __u32 i, __u32 hops, __u32 last, __u32 len) {
    __u32 own = last && hops ? 0 : number * 0x9e3779b1, first, final;

    first = last ? (hops ? 1 : 2) : CHAIN_SRV6_HERE;
    final = last ? (hops ? 2 : CHAIN_SRV6_HERE) : 1;
    if (i == 0)
        return 6U << 28 | own >> 12;
    if (i == 1)
        return (CHAIN_SRV6_BYTES + len) << 16 | 43 << 8 | (64 - hops);
    if (i < 6)
        return chain_sid(0xa, i - 2) + (i == 5 ? own : 0);
    if (i < 10)
        return chain_sid(hops ? 1 : CHAIN_SRV6_HERE, i - 6);
    if (i == 10)
        return 0x04040400 | (last ? hops : 1 - hops);
    if (i == 11)
        return 1 << 24 | (own & 0xffff);
    return i < 16 ? chain_sid(final, i - 12) : chain_sid(first, i - 16);
}

/* Nanoseconds, to 1 part in 32; all from 2^30 on are one. The least of bucket b is b, and from 64 on
 * (32 + b % 32) << (b / 32 - 1). */
static inline __u32 chain_delay_bucket(__u64 ns) {
    __u32 value = ns < 1 << 30 ? (__u32)ns : (1 << 30) - 1, shift = 0;

    while (shift < 24 && value >= 64) {
        value >>= 1;
        shift++;
    }
    return shift * 32 + value;
}

struct chain_arrived {
    __u64 right;
    __u64 wrong; /* nothing but the generator sends here, so that is all the rest */
};
