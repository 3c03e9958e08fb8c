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

const volatile struct sfc_config* const native_constants = &sfc_config;
