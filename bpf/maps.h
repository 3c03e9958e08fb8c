/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All maps and load-time constants. User space sets the sizes marked "resized" before load. */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "sfc_abi.h"

/* const and volatile: const puts it into frozen .rodata, where the verifier folds it; volatile keeps the compiler from
 * it. */
const volatile struct sfc_config sfc_config = {};

/* What one program run knows about its frame. Not on the stack: 512 bytes are too few for a key and a header. */
struct work {
	struct sfc_result result;
	struct sfc_key key;
	struct sfc_header header;
	__u64 now;                              /* when the cache was asked, by clock_now() */
	__u32 cut;                              /* bytes of encapsulation between Ethernet and inner packet */
	__u32 walk;                             /* offset of a bounded walk, see options.h */
	__be32 digest[SFC_DIGEST_BYTES / 4];    /* payload bytes, zero behind the end */
	__u8 options[SFC_TCP_OPTIONS_MAX + 24]; /* 64, so that an offset masked with 63 stays inside */
};

/* Per CPU, and a program runs to its end on one CPU: no locking. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct work);
} scratch SEC(".maps");

/* ifindex to port id. A hash because interface numbers of long-running hosts grow without bound. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SFC_PORTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} port_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SFC_PORTS_MAX);
	__type(key, __u32);
	__type(value, struct sfc_port);
} ports SEC(".maps");

/* Port id to interface for redirects; the kernel removes an entry when its interface vanishes, so a lookup tells. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, SFC_PORTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} tx_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SFC_PORTS_MAX);
	__type(key, __u32);
	__type(value, struct sfc_sf);
} sfs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SFC_SERVICES_MAX); /* resized: one per service and domain port */
	__type(key, struct sfc_match);
	__type(value, __u32);
} matches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SFC_SERVICES_MAX); /* resized */
	__type(key, __u32);
	__type(value, struct sfc_service);
} services SEC(".maps");

/* The header cache. An ARRAY, because a looked-up value of a BPF hash can be recycled under its reader. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* resized: capacity / SFC_WAYS */
	__type(key, __u32);
	__type(value, struct sfc_bucket);
} cache SEC(".maps");

/* Counters per CPU, 64 bit, summed by user space: no atomics in the packet path and no wrap within a machine's life. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SFC_PORTS_MAX); /* resized */
	__type(key, __u32);
	__type(value, struct sfc_counters);
} port_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SFC_SERVICES_MAX); /* resized */
	__type(key, __u32);
	__type(value, struct sfc_counters);
} service_counters SEC(".maps");

/* The time that replay and campaigns set, in nanoseconds; read only with SFC_CLOCK_MAP. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} set_clock SEC(".maps");
