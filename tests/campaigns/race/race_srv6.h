/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Headers of SRv6, word by word, as they arrive and as they must leave: RFC 8200 3, RFC 8754 2, RFC 8986 4.1, RFC 9800
 * 4.1. Some have a segment routing header, with one segment to ten. The others have a container of compressed SIDs, and
 * nothing behind the IPv6 header. Every word but those of the standards tells whose it is.
 */
#pragma once

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "race_abi.h"

enum {
    SRV6_IPV6 = 10, /* words of an IPv6 header */
    SRV6_SRH = SRV6_IPV6 + 2,
    SRV6_SEGMENT_WORDS = 4,
    SRV6_SEGMENTS_MOST = 10,
    SRV6_WORDS_MOST = SRV6_SRH + SRV6_SEGMENTS_MOST * SRV6_SEGMENT_WORDS,
    SRV6_SOURCE = 2, /* where words stand */
    SRV6_OWN = 5,    /* the last one of the source, which says whose header it is */
    SRV6_TARGET = 6,
    SRV6_NEXT_SRH = 43, /* next headers */
    SRV6_NEXT_IPV4 = 4,
    SRV6_LIMIT = 64,           /* hops on arrival, at least */
    SRV6_NET = 0x20010db8,     /* RFC 3849 */
    SRV6_BLOCK = 0x0100,       /* node and function of the compressed SID, behind 32 bits of locator block */
    SRV6_PLAIN = 0x000f << 16, /* second word of the other SID: 2001:db8:f::1 */
};

/* Three lengths of a short header, one of them without a list; ten of a long one. */
static __always_inline __u32 srv6_depth(__u32 is_long, __u32 step) {
    __u32 segments = is_long ? 1 + step % SRV6_SEGMENTS_MOST : step % 3;

    return segments ? SRV6_SRH + segments * SRV6_SEGMENT_WORDS : SRV6_IPV6;
}

/* What a word tells: number and stack as in a label, and its position. */
static __always_inline __u32 srv6_mark(__u32 number, __u32 stack, __u32 at) {
    return 1U << 31 | number << 16 | stack << 15 | at;
}

/* Segments left on arrival: from one to all of the list. */
static __always_inline __u32 srv6_left(__u32 number, __u32 stack, __u32 segments) {
    return 1 + (number + stack) % segments;
}

/* A word of a segment: the addresses of no two headers or positions are equal. */
static __always_inline __u32 srv6_segment(__u32 number, __u32 stack, __u32 segment, __u32 word) {
    return word ? srv6_mark(number, stack, segment << 4 | word) : SRV6_NET;
}

/* RFC 9800 4.1: behind the SID the container has five C-SIDs of 16 bits. None is zero, and none is the SID's own. */
static __always_inline __u32 srv6_csid(__u32 number, __u32 stack, __u32 at) {
    return at > 4 ? 0 : 0x8000 | number << 4 | stack << 3 | at;
}

/* The destination of a container, in words. RFC 9800 4.1.1, N05: the argument moves up to the block. */
static __always_inline __u32 srv6_container(__u32 number, __u32 stack, __u32 word, __u32 shifted) {
    __u32 first = 2 * (word - 1) + shifted; /* of the C-SIDs in the word, one behind */

    if (!word)
        return SRV6_NET;
    return (first ? srv6_csid(number, stack, first - 1) : SRV6_BLOCK) << 16 | srv6_csid(number, stack, first);
}

/* A word of the destination. RFC 8986 4.1, S13 and S14: it becomes the segment that is next. */
static __always_inline __u32 srv6_target(__u32 number, __u32 stack, __u32 word, __u32 segments, __u32 leaves) {
    if (!segments)
        return srv6_container(number, stack, word, leaves);
    if (leaves)
        return srv6_segment(number, stack, srv6_left(number, stack, segments) - 1, word);
    return word == 0 ? SRV6_NET : word == 1 ? SRV6_PLAIN : word == 2 ? 0 : 1;
}

/* Of the IPv6 header, RFC 8200 3. One hop goes. */
static __always_inline __u32 srv6_ipv6_word(__u32 number, __u32 stack, __u32 at, __u32 segments, __u32 depth,
                                            __u32 leaves) {
    __u32 next = segments ? SRV6_NEXT_SRH : SRV6_NEXT_IPV4;

    if (at == 0)
        return 6U << 28 | number << 18 | stack << 17 | number;
    if (at == 1)
        return (4 * (depth - SRV6_IPV6) + RACE_INNER) << 16 | next << 8 | (SRV6_LIMIT + number % 128 - leaves);
    if (at < SRV6_TARGET)
        return at == SRV6_SOURCE ? SRV6_NET : srv6_mark(number, stack, at);
    return srv6_target(number, stack, at - SRV6_TARGET, segments, leaves);
}

/* The word at `at` of a header of `depth` words; `leaves` is 1 for the one that must leave, else 0. */
static __always_inline __be32 srv6_word(__u32 number, __u32 stack, __u32 at, __u32 depth, __u32 leaves) {
    __u32 segments = (depth - SRV6_IPV6) / SRV6_SEGMENT_WORDS;

    if (at < SRV6_IPV6)
        return bpf_htonl(srv6_ipv6_word(number, stack, at, segments, depth, leaves));
    if (at == SRV6_IPV6) /* RFC 8754 2: next header, length, type, segments left */
        return bpf_htonl(SRV6_NEXT_IPV4 << 24 | 2 * segments << 16 | 4 << 8 |
                         (srv6_left(number, stack, segments ?: 1) - leaves));
    if (at == SRV6_IPV6 + 1) /* last entry, flags, tag */
        return bpf_htonl((segments - 1) << 24 | (number << 1 | stack));
    at -= SRV6_SRH;
    return bpf_htonl(srv6_segment(number, stack, at / SRV6_SEGMENT_WORDS, at % SRV6_SEGMENT_WORDS));
}

/* 0 where the header in `entry` is the one that must leave. */
static __always_inline __u32 srv6_differs(const __be32* entry, __u32 number, __u32 stack, __u32 depth) {
    __u32 differs = 0;

    for (__u32 i = 0; i < SRV6_WORDS_MOST && i < depth; i++)
        differs |= entry[i] ^ srv6_word(number, stack, i, depth, 1);
    return differs;
}
