/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The BPF sources as they are, compiled for user space, and a table of their maps, read from their own definitions. */
#include "../../bpf/proxy.bpf.c"

#include "bpf_sources.h"

#define LENGTH(pointer) (sizeof(*(pointer)) / sizeof(**(pointer)))
#define MAP(map)                                                                                                       \
    {                                                                                                                  \
        .name = #map,                                                                                                  \
        .address = &(map),                                                                                             \
        .type = LENGTH((map).type),                                                                                    \
        .key_size = sizeof(*(map).key),                                                                                \
        .value_size = sizeof(*(map).value),                                                                            \
        .max_entries = LENGTH((map).max_entries),                                                                      \
    },

const struct native_map native_maps[] = {SFC_MAPS(MAP)};
const __u32 native_map_count = sizeof(native_maps) / sizeof(*native_maps);

struct native_outer_case native_outer;

int native_outer_answer(struct xdp_md* ctx) {
    const struct sfc_port* in;
    struct work* work = port_receive(ctx, SFC_ROLE_DOMAIN, &in);

    if (!work)
        return XDP_ABORTED;
    verdict_drop(work, SFC_REASON_bad_length);
    return outer_answer(ctx, work, native_outer.l3_off, native_outer.kind, native_outer.word);
}

struct native_refusal native_refusals[NATIVE_REFUSALS_MAX];

int native_without_work(struct xdp_md* ctx) {
    const struct native_refusal all[] = {
        {"sum_piece", sum_piece(ctx, NULL) == SFC_REASON_truncated},
        {"sum_frame", sum_frame(ctx, NULL, 0, 1) == SFC_REASON_truncated},
        {"cache_meet", cache_meet(NULL, 1, 1) == CACHE_FULL},
        {"cache_insert", cache_insert(NULL, 1) == CACHE_FULL},
        {"cache_claim", cache_claim(NULL) == CACHE_MISS},
        {"index_find_overflow", index_find_overflow(NULL) == 0},
        {"index_put_overflow", index_put_overflow(NULL, 7) == 7},
        {"index_any_overflow", index_any_overflow(NULL) == 0},
        {"memory_prepare", memory_prepare(NULL, 1) == 0},
        {"pool_refill", pool_refill(NULL, 1) == SFC_SLOT_FREE},
        {"encap_of_tags", encap_of_tags(ctx, NULL, 0) == SFC_ENCAP_NONE},
        {"nsh_walk", nsh_walk(ctx, NULL) == SFC_REASON_next_protocol},
        {"nsh_contexts", nsh_contexts(NULL, 1) == SFC_REASON_bad_tlv},
        {"nsh_parse_for", nsh_parse_for(ctx, NULL, 0) == SFC_REASON_unmatched},
        {"outer_udp_port", outer_udp_port(ctx, NULL, 0) == 0},
        {"srv6_walk", srv6_walk(ctx, NULL) == SFC_REASON_bad_srh},
        {"srv6_tlvs", srv6_tlvs(NULL, 1) == SFC_REASON_bad_tlv},
        {"srv6_parse_for", srv6_parse_for(ctx, NULL, 0) == SFC_REASON_unmatched},
        {"srv6_unmask", srv6_unmask(ctx, NULL) == SFC_REASON_sfc_from_sf},
        {"message_move_piece", message_move_piece(ctx, NULL, 0) == SFC_REASON_no_room},
        {"message_move", message_move(ctx, NULL, 0, 0) == SFC_REASON_no_room},
        {"message_make", message_make(ctx, NULL) == 0},
        {"outer_answer", outer_answer(ctx, NULL, 0, 0, 0) == XDP_DROP},
        {"digest_short", digest_short(ctx, NULL, 0, 1) == SFC_REASON_truncated},
        {"digest_next", digest_next(ctx, NULL, 0, 1) == SFC_REASON_truncated},
        {"ethernet_parse", ethernet_parse(ctx, NULL) == SFC_REASON_truncated},
        {"ethernet_content", ethernet_content(ctx, NULL, 0, 0) == SFC_REASON_truncated},
        {"ethernet_fold", ethernet_fold(NULL) == SFC_REASON_truncated},
        {"extensions_walk", extensions_walk(ctx, NULL) == SFC_REASON_no_key},
        {"key_rare", key_rare(ctx, NULL, 0) == SFC_REASON_no_key},
        {"key_fragment", key_fragment(ctx, NULL, 0) == SFC_REASON_no_key},
        {"key_rtp", key_rtp(ctx, NULL, 0) == SFC_REASON_no_key},
        {"options_walk", options_walk(ctx, NULL, 0, 1) == SFC_REASON_truncated},
        {"untrusted_unwrap", untrusted_unwrap(ctx, NULL, 0) == SFC_REASON_runt},
        {"untrusted_judge", untrusted_judge(ctx, NULL, 0) == SFC_REASON_miss},
        {"answer_from_sf", answer_from_sf(ctx, NULL) == XDP_DROP},
        {"fib_most", fib_most(NULL, 0) == 0},
        {"fib_route", fib_route(ctx, NULL, NULL, 0) == SFC_REASON_no_next_hop},
        {"back_bypass", back_bypass(ctx, NULL, NULL) == SFC_REASON_no_next_hop},
        {"strip_too_big", strip_too_big(ctx, NULL, 0) == XDP_DROP},
        {"strip_ends", strip_ends(ctx, NULL, NULL, 0, 0) == XDP_DROP},
        {"strip_ends, no port", strip_ends(ctx, port_work(), NULL, 0, 0) == XDP_DROP},
        {"strip_bypass", strip_bypass(ctx, NULL, NULL, 0) == -SFC_REASON_no_next_hop},
        {"strip_to_kernel", strip_to_kernel(ctx, NULL, 0, NULL) == -SFC_REASON_no_next_hop},
    };

    static_assert(LENGTH(&all) <= NATIVE_REFUSALS_MAX, "there is room for all of them");
    __builtin_memcpy(native_refusals, all, sizeof(all));
    return LENGTH(&all);
}

const volatile struct sfc_config* const native_constants = &sfc_config;
