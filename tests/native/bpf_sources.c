/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The BPF sources as they are, compiled for user space, and a table of their maps, read from their own definitions. */
#include "../../bpf/proxy.bpf.c"

#include "bpf_sources.h"

#define LENGTH(pointer) (sizeof(*(pointer)) / sizeof(**(pointer)))
#define MAP(map)                                                                                                       \
    {                                                                                                                  \
        .name = #map, .address = &(map), .type = LENGTH((map).type), .key_size = sizeof(*(map).key),                   \
        .value_size = sizeof(*(map).value), .max_entries = LENGTH((map).max_entries),                                  \
    }

/* A map that is missing here ends the harness at its first lookup. */
const struct native_map native_maps[] = {
    MAP(scratch),
    MAP(near_port_ids),
    MAP(port_ids),
    MAP(near_matches),
    MAP(ports),
    MAP(tx_ports),
    MAP(sfs),
    MAP(matches),
    MAP(services),
    MAP(buckets),
    MAP(slots),
    MAP(tails),
    MAP(pools),
    MAP(magazines),
    MAP(port_counters),
    MAP(service_counters),
    MAP(set_clock),
    MAP(headers),
    MAP(header_numbers),
    MAP(near_numbers),
    MAP(near_stacks),
    MAP(probes),
};
const __u32 native_map_count = sizeof(native_maps) / sizeof(*native_maps);

const volatile struct sfc_config* const native_constants = &sfc_config;
