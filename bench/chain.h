/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the generator and the sink of `bench/run chain` share with user space. */
#pragma once

#include <linux/types.h>

/* The encapsulation in front of the packets, as SFC in chain_lab.py has it. */
enum chain_sfc { CHAIN_MPLS, CHAIN_NSH, CHAIN_SRV6 };

enum {
    CHAIN_LABELS_MAX = 16,
    CHAIN_WORDS_MAX = 52, /* of any header: IPv6 and ten segments, the most that the proxy has room for */
    CHAIN_TOP_LABEL = 16001,
    CHAIN_NSH_BASE = 0x0fc60101, /* RFC 8300 2.2: TTL 63, 6 words, MD type 1, IPv4 behind it */
    CHAIN_NSH_PATH = 777 << 8 | 7,
    CHAIN_IPV6_WORDS = 10,
    CHAIN_SRH_WORDS = 2, /* in front of its list, RFC 8754 2 */
    CHAIN_HOPS = 64,
    CHAIN_BLOCK = 0x20010db8,   /* of all segments; C-SIDs of 16 bits follow it */
    CHAIN_LOCATOR = 0x000f0000, /* or this, and the service */
    CHAIN_CSIDS = 0x01000300,   /* of the container, the first one is the SF's */
    CHAIN_CSID_LAST = 0x0400,
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
    __u32 begun;    /* segments that a packet has behind it as it is sent */
    __u32 hops;     /* service functions, or segments, that it has passed where it arrives */
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

/* An outer IPv6 header, beside its number. */
struct chain_outer {
    __u32 service;
    __u32 segments; /* of the list of a packet as it is sent */
    __u32 words;    /* of the header */
    __u32 hops;     /* segments behind the packet */
    __u32 payload;  /* bytes that follow the header */
};

/* As many segments as so many words have room for. */
static inline __u32 chain_segments(__u32 words) {
    return words > CHAIN_IPV6_WORDS ? (words - CHAIN_IPV6_WORDS - CHAIN_SRH_WORDS) / 4 : 0;
}

/* Word `i` of 4 of the destination. Each service has a block of its own for its segments. Without a segment routing
 * header it is a container of C-SIDs, in which each hop moves the others up. */
static inline __u32 chain_srv6_segment(__u32 i, const struct chain_outer* outer, __u32 hops) {
    if (i == 0)
        return CHAIN_BLOCK;
    if (outer->words > CHAIN_IPV6_WORDS)
        return i == 1 ? CHAIN_LOCATOR + outer->service : i == 3 ? hops + 1 : 0;
    if (i == 1)
        return hops ? (__u32)CHAIN_CSIDS << 16 | CHAIN_CSID_LAST : (__u32)CHAIN_CSIDS;
    return i == 2 && !hops ? (__u32)CHAIN_CSID_LAST << 16 : 0;
}

/* Word `i` of IPv6 `number`, with segments behind it or not, RFC 8200 3 and 8754 2: each flow label is another one. */
static inline __u32 chain_srv6(__u32 number, __u32 i, const struct chain_outer* outer) {
    __u32 bytes = 4 * (outer->words - CHAIN_IPV6_WORDS), hops = outer->hops;

    if (i == 0)
        return 6U << 28 | (number * 0x9e3779b1) >> 12;
    if (i == 1)
        return (bytes + outer->payload) << 16 | (bytes ? 43 : 4) << 8 | (CHAIN_HOPS - hops);
    if (i < 6)
        return i == 2 ? CHAIN_BLOCK : i == 3 ? 0x00a10000 : i == 5 ? 2 : 0;
    if (i < CHAIN_IPV6_WORDS)
        return chain_srv6_segment(i - 6, outer, hops);
    if (i == CHAIN_IPV6_WORDS)
        return 4U << 24 | (bytes / 8 - 1) << 16 | 4 << 8 | (outer->segments - 1 - hops);
    if (i < CHAIN_IPV6_WORDS + CHAIN_SRH_WORDS)
        return (chain_segments(outer->words) - 1) << 24;
    i -= CHAIN_IPV6_WORDS + CHAIN_SRH_WORDS;
    return chain_srv6_segment(i % 4, outer, outer->segments - 1 - i / 4);
}

struct chain_arrived {
    __u64 right;
    __u64 wrong; /* nothing but the generator sends here, so that is all the rest */
};
