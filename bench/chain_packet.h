/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The packets of `bench/run chain`. All that differs from one to the next is a function of its number, which is the TCP
 * sequence number. So each packet has a key of its own. Its label stack is its own too, or one of as many as the
 * settings want. The sink can tell a label stack that belongs to another packet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "chain.h"

enum { PACKET_IP_WORDS = sizeof(struct iphdr) / 2, PACKET_WORDS = PACKET_IP_WORDS + sizeof(struct tcphdr) / 2 };

union headers {
    struct {
        struct iphdr ip;
        struct tcphdr tcp;
    };
    __u16 word[PACKET_WORDS];
};

/* Which header a packet has. */
struct packet_header {
    __u32 number; /* of the stack */
    __u32 service;
};

static __always_inline struct packet_header packet_header(const struct chain_settings* settings, __u32 number) {
    return (struct packet_header){number & settings->stack_mask, number % settings->services};
}

/* A global function, because kernel 6.1 gives up on its branches once for each word. */
__noinline __u32 packet_srv6(__u32 number, __u32 i, const struct chain_outer* outer) {
    return outer ? chain_srv6(number, i, outer) : 0;
}

/* Word `i` of `words` of a header. An encapsulation is a line here, and one in packet_type; but for SRv6, whose headers
 * are so long that they have loops of their own. */
static __always_inline __be32 packet_word(const struct chain_settings* settings, struct packet_header header, __u32 i,
                                          __u32 words, __u32 hops) {
    if (settings->sfc == CHAIN_NSH)
        return bpf_htonl(chain_nsh(header.number, header.service, i, hops));
    return bpf_htonl(chain_entry(header.number, header.service, i, words));
}

static __always_inline struct chain_outer packet_outer(const struct chain_settings* settings,
                                                       struct packet_header header, __u32 words, __u32 hops) {
    return (struct chain_outer){.service = header.service,
                                .segments = chain_segments(settings->labels),
                                .words = words,
                                .hops = hops,
                                .payload = settings->bare_len - sizeof(struct ethhdr)};
}

/* Writes the words of a header. Returns 0, or -1 where there is no room. */
static __always_inline int packet_put(const struct chain_settings* settings, struct packet_header header, __be32* stack,
                                      const void* end) {
    __u32 labels = settings->labels;

    if (settings->sfc == CHAIN_SRV6) {
        struct chain_outer outer = packet_outer(settings, header, labels, settings->begun);

        for (__u32 i = 0; i < CHAIN_WORDS_MAX && i < labels; i++) {
            if ((void*)(stack + i + 1) > end)
                return -1;
            stack[i] = bpf_htonl(packet_srv6(header.number, i, &outer));
        }
        return 0;
    }
    for (__u32 i = 0; i < CHAIN_LABELS_MAX && i < labels; i++) {
        if ((void*)(stack + i + 1) > end)
            return -1;
        stack[i] = packet_word(settings, header, i, labels, settings->begun);
    }
    return 0;
}

/* Whether these are the words of a header as it must arrive: of a label stack without those that were taken off. */
static __always_inline bool packet_has(const struct chain_settings* settings, struct packet_header header,
                                       const __be32* stack, const void* end, __u64 expected) {
    __u32 mpls = settings->sfc == CHAIN_MPLS;
    __u32 skipped = mpls ? settings->labels - settings->expected : 0,
          words = mpls ? settings->labels : settings->expected;

    if (settings->sfc == CHAIN_SRV6) {
        struct chain_outer outer = packet_outer(settings, header, words, settings->hops);

        for (__u32 i = 0; i < CHAIN_WORDS_MAX && i < expected; i++) {
            if ((void*)(stack + i + 1) > end || stack[i] != bpf_htonl(packet_srv6(header.number, i, &outer)))
                return false;
        }
        return true;
    }
    for (__u32 i = 0; i < CHAIN_LABELS_MAX && i < expected; i++) {
        if ((void*)(stack + i + 1) > end ||
            stack[i] != packet_word(settings, header, i + skipped, words, settings->hops))
            return false;
    }
    return true;
}

static __always_inline __be16 packet_type(const struct chain_settings* settings, __u32 words) {
    if (!words)
        return bpf_htons(ETH_P_IP);
    return settings->sfc == CHAIN_NSH    ? bpf_htons(ETH_P_NSH)
           : settings->sfc == CHAIN_SRV6 ? bpf_htons(ETH_P_IPV6)
                                         : bpf_htons(ETH_P_MPLS_UC);
}

/* The work of so many labels, for packets without them: else they would seem to be forwarded the faster for it. */
static __always_inline void packet_ghosts(struct packet_header header, __u32 count) {
    for (__u32 i = 0; i < CHAIN_LABELS_MAX && i < count; i++) {
        __be32 entry = bpf_htonl(chain_entry(header.number, header.service, i, count));

        asm volatile("" ::"r"(entry));
    }
}

static __always_inline __u16 packet_fold(__u32 sum) {
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16);
}

static __always_inline __be16 packet_check(__u32 sum) {
    return bpf_htons((__u16)~packet_fold(sum));
}

/* What depends on the number; the rest is as in the settings. */
static __always_inline void packet_number(const struct chain_settings* settings, __u32 number, union headers* to) {
    __u32 flow = number % settings->flows, port = CHAIN_FIRST_PORT + flow % CHAIN_PORTS, host = flow / CHAIN_PORTS;

    to->ip.id = bpf_htons((__u16)number);
    to->ip.saddr += bpf_htonl(host); /* from the settings' address on, up to the next 17 */
    to->ip.check = packet_check(settings->ip_sum + (__u16)number + host);
    to->tcp.source = bpf_htons((__u16)port);
    to->tcp.seq = bpf_htonl(number);
    to->tcp.check = packet_check(settings->tcp_sum + (number >> 16) + (__u16)number + port + host);
}

/* All of the header, up to the end of TCP's: pages are used again, and the way has left its marks on them. */
static __always_inline int packet_write(struct xdp_md* ctx, const struct chain_settings* settings, __u32 number) {
    void *data = (void*)(long)ctx->data, *end = (void*)(long)ctx->data_end;
    struct packet_header header = packet_header(settings, number);
    __u64 labels = settings->labels;
    struct ethhdr* eth = data;
    __be32* stack = (void*)(eth + 1);
    union headers* headers;

    if (labels > CHAIN_WORDS_MAX || (void*)(eth + 1) > end)
        return -1;
    __builtin_memcpy(eth, settings->macs, sizeof(settings->macs));
    eth->h_proto = packet_type(settings, labels);
    if (packet_put(settings, header, stack, end))
        return -1;
    if (settings->sfc == CHAIN_MPLS && settings->entries > labels)
        packet_ghosts(header, settings->entries - labels);
    asm volatile("" : "+r"(labels)); /* or clang leaves the second check out: 6.1 has forgotten the first one by now */
    if (labels > CHAIN_WORDS_MAX)
        return -1;
    headers = (void*)(stack + labels);
    asm volatile("" : "+r"(headers)); /* or clang 14 checks one pointer and uses another */
    if ((void*)(headers + 1) > end)
        return -1;
    __builtin_memcpy(headers, settings->header, sizeof(*headers));
    packet_number(settings, number, headers);
    return 0;
}

/* TTL and checksum may be those of a router; all else must be as it was sent, to the last byte. */
static __always_inline bool packet_whole(struct xdp_md* ctx, const struct chain_settings* settings, __u32 number,
                                         const union headers* got) {
    union headers want;
    __u32 sum = 0, other = 0;
    __u8 last = 0;

    bpf_xdp_load_bytes(ctx, bpf_xdp_get_buff_len(ctx) - 1, &last, sizeof(last));
    __builtin_memcpy(&want, settings->header, sizeof(want));
    packet_number(settings, number, &want);
    want.ip.ttl = got->ip.ttl;
    want.ip.check = got->ip.check;
    for (__u32 i = 0; i < PACKET_WORDS; i++) {
        sum += i < PACKET_IP_WORDS ? got->word[i] : 0;
        other |= got->word[i] ^ want.word[i];
    }
    return packet_fold(sum) == 0xffff && last == CHAIN_PAYLOAD && other == 0;
}

/* The stack and the length of every frame; of some, all of it, which would cost the sink too much for each. */
static __always_inline bool packet_is_right(struct xdp_md* ctx, const struct chain_settings* settings) {
    void *data = (void*)(long)ctx->data, *end = (void*)(long)ctx->data_end;
    __u64 expected = settings->expected;
    struct ethhdr* eth = data;
    __be32* stack = (void*)(eth + 1);
    union headers* headers;
    struct packet_header header;
    __u32 number;

    if (expected > CHAIN_WORDS_MAX || (void*)(eth + 1) > end || end - data != settings->bare_len + 4 * (long)expected)
        return false;
    asm volatile("" : "+r"(expected)); /* as in packet_write */
    if (expected > CHAIN_WORDS_MAX)
        return false;
    headers = (void*)(stack + expected);
    asm volatile("" : "+r"(headers)); /* as in packet_write */
    if (eth->h_proto != packet_type(settings, settings->expected) || (void*)(headers + 1) > end)
        return false;
    number = bpf_ntohl(headers->tcp.seq);
    header = packet_header(settings, number);
    if (!packet_has(settings, header, stack, end, expected))
        return false;
    if (settings->sfc == CHAIN_MPLS && settings->entries > expected + 1)
        packet_ghosts(header, settings->entries - expected - 1);
    return number % CHAIN_WHOLE_EVERY || packet_whole(ctx, settings, number, headers);
}
