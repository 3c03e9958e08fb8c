/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of the BPF sources that the harness uses when they are compiled for user space. C on one side, C++ on the
 * other. */
#pragma once

#include "sfc_abi.h"
#include "sfc_objects.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A map as its definition in bpf/base/maps.h has it. */
struct native_map {
    const char* name;
    void* address; /* what the programs give to the helpers */
    __u32 type;    /* enum bpf_map_type */
    __u32 key_size;
    __u32 value_size;
    __u32 max_entries;
};

extern const struct native_map native_maps[];
extern const __u32 native_map_count;
/* The load-time constants. In read-only memory: the programs' own declaration makes them const. */
extern const volatile struct sfc_config* const native_constants;

#define NATIVE_PROTOTYPE(name, context, ...) int name(struct context* ctx);
SFC_PROGRAMS(NATIVE_PROTOTYPE)
#undef NATIVE_PROTOTYPE

/* Answers a frame of a domain port with an error about the IPv6 packet at native_outer.l3_off: outer_answer, which no
 * encapsulation of this version calls. */
struct native_outer_case {
    __u32 l3_off, kind, word;
};
extern struct native_outer_case native_outer;
int native_outer_answer(struct xdp_md* ctx);

/* The verifier checks some functions by themselves, where work may be NULL: whether each of them refuses that. Run as a
 * program, which fills native_refusals and returns how many there are. */
enum { NATIVE_REFUSALS_MAX = 64 };
struct native_refusal {
    const char* name;
    int refused;
};
extern struct native_refusal native_refusals[NATIVE_REFUSALS_MAX];
int native_without_work(struct xdp_md* ctx);

#ifdef __cplusplus
}
#endif
