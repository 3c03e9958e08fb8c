/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All maps and load-time constants. User space sets the sizes marked "resized" before load. */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "sfc_abi.h"

enum {
	CUT_MASK = 0xff, /* of encapsulation: SFC_HEADER_MAX, or 16 labels, and what the verifier must be shown */
	ABOUT_LINK = 24, /* Ethernet and two tags, in whole words */
	ABOUT_OFF_MASK = 0x1f,
};

/* const and volatile: const puts it into frozen .rodata, where the verifier folds it; volatile keeps the compiler from
 * it. */
const volatile struct sfc_config sfc_config = {};

/*
 * Where the reading of an inner packet stands. In memory and not in registers: the verifier then sees equal states
 * where the packets differ, and functions of their own can go on from here.
 */
struct inner {
	__u32 l3_off; /* of the IP header, or of what follows the EtherType, from the start of the frame */
	__u32 off;    /* of what the IP header and its extension headers lead to */
	__u32 len;    /* bytes from there to the end that the IP header gives; Ethernet padding is not among them */
	__u8 version; /* 4, 6, or 0 for no IP */
	__u8 proto;
	__u8 fragment;       /* 1 = it is one */
	__u8 sfc;            /* 1 = a segment routing header, or more headers than we read */
	__be16 fragment_off; /* as on the wire, without the bits that mean something else */
	__u8 settled;        /* 1 = off, len and proto are final, the walk only looks on */
	__u8 routed;         /* 1 = it may have a segment routing header, 2 = it has one */
	__u32 ipv4_id;       /* as on the wire, 0 for IPv6 */
	__be32 fragment_id;
	__u32 walk_off; /* the next extension header */
	__u32 walk_len;
	__u32 walk_next;
};

/* An inner Ethernet frame. The first 16 bytes are part of the key. */
struct inner_eth {
	__u8 macs[12];
	__be16 vlan_id[2]; /* zero where there is no tag */
	__be16 ethertype;  /* behind the tags */
	__u16 reserved;
};

/* Whether the encapsulation came in an IP packet. */
enum outer { OUTER_NONE, OUTER_WHOLE, OUTER_FRAGMENT /* a first fragment, which has the port */ };

/* The encapsulation of the frame, as its code in bpf/encap/ has found it. */
struct encap {
	__u32 cut;  /* bytes of it behind the Ethernet header; 0 = its end is not known */
	__u32 kept; /* bytes that are pushed again: header.f.len to be */
	__u8 inner; /* enum sfc_inner, where its header says what it carries; else SFC_INNER_IP, and the service says */
	__u8 finishes; /* 1 = finish has something to do: the header is inside IP, or parse has said so */
	__u8 hops;     /* kept is 0: header.f.hops to be */
	__u8 lead;     /* bytes of VLAN tags or of an outer packet in front of its own header */
	__u8 outer;    /* enum outer */
	__u8 says_at;  /* position of the byte that says what is behind the header, where `inner` is an IP version */
	__u16 due;     /* ICMPv6 type and code that the sender of the outer packet is to be told; 0 = nothing */
	__u8 due_at;   /* and the pointer */
	__u8 bypass;   /* enum sfc_reason: why the packet goes past the SF, its header as it leaves; 0 = it does not */
	__u8 reserved;
	__u32 first;     /* what match has read already, for parse */
	__u32 second;    /* and more of it */
	__u32 next;      /* what follows the header that ends at `cut`, while parse walks */
	__u32 hash;      /* kernel mode, from glance: of the bytes as they arrived; a hint only, nothing relies on it */
	__u64 last_word; /* kernel mode, from glance: the last of the bytes as they arrived, zero behind their end */
};

/* Where the key is, or would be, in the cache's index. */
struct index {
	__u32 want;     /* the key's word, without the slot */
	__u32 bucket;   /* the key's bucket */
	__u32 overflow; /* the number of its overflow line, if buckets have them */
	__u32 first;    /* the position in either line that is tried first */
	__u32 at;       /* which word matched: its position, as enum index_position says */
	__u32 skip;     /* positions, a bit each, whose words match and whose keys are others */
	__u64 hash;     /* of the key, where keys are remembered */
};

/* The key as the memory has it (cache/memory.h). Times are in its units. */
struct remembered {
	__u32 tag;
	__u32 more; /* the rest of the tag, in its place */
	__u32 header;
	__u32 now;
	__u32 hold;
	__u32 reserved;
};

/* An ICMP error about the frame (bpf/icmp/). */
struct icmp_message {
	__u8 l3_off; /* where the packet begins that it is about: behind Ethernet and its tags */
	__u8 six;    /* 1 = it is IPv6, and so is the message */
	__u16 kind;  /* type and code */
	__u32 word;  /* MTU, pointer or 0 */
	__u32 room;  /* bytes that the message may have as an IP packet; 0 = no limit but its own */
	__u32 way;   /* of routes: the MTU of the one that the packet was too big for, 0 = none */
	__u32 len;   /* of the packet, as its header says */
	struct sfc_address to;
	struct sfc_address came; /* End.AM: the destination as it came, for a message to the sender */
	__u8 link[ABOUT_LINK];
	__u8 bytes[48]; /* the message up to what it quotes: IPv6 and ICMPv6 are the longest */
};

/* What one program run knows about its frame. Not on the BPF stack: 512 bytes are too few for a key and a header. */
struct work {
	struct sfc_result result;
	struct inner inner;
	struct inner_eth inner_eth;
	struct sfc_key key;
	struct sfc_header header;
	struct sfc_ticket ticket;
	struct sfc_arrival_key arrival;
	struct sfc_match match;
	struct encap encap;
	struct index index;
	struct remembered memory;
	__u64 now;                              /* when the cache was asked, by clock_now() */
	__u32 option;                           /* offset of the walk in options.h */
	__be32 digest[SFC_DIGEST_BYTES / 4];    /* payload bytes, zero behind the end */
	__u8 options[SFC_TCP_OPTIONS_MAX + 24]; /* 64, so that an offset masked with 63 stays inside */
	__u64 sum;                              /* of a checksum, in base/sum.h */
	__u32 sum_off;                          /* of the rest of what it is made of */
	__u32 sum_left;                         /* bytes of it */
	__u8 piece[SFC_SUM_PIECE];              /* of a frame, for it */
	struct icmp_message icmp;
};

/* Per CPU, and a program runs to its end on one CPU: no locking. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct work);
} scratch SEC(".maps");

/* ifindex to port id, for the numbers below SFC_PORT_ARRAY: a lookup costs a sixth of one in a hash. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SFC_PORT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} port_id_array SEC(".maps");

/* The same for the others: interface numbers of long-running hosts grow without bound. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SFC_PORTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} port_id_hash SEC(".maps");

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

/*
 * The way to this host's kernel for frames that have become other ones, to CPU 0. Behind XDP_PASS a veth keeps whether
 * a frame was for this host when it came in (eth_type_trans only ever takes that away), so the kernel would not take
 * it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32); /* frames that may wait; set where routes are asked for */
} handover SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SFC_PORTS_MAX);
	__type(key, __u32);
	__type(value, struct sfc_sf);
} sfs SEC(".maps");

/* Addresses of this host: encapsulations in UDP may be sent to them, and in kernel mode errors about packets to them
 * are the host's own. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SFC_ADDRESSES_MAX);
	__type(key, struct sfc_address);
	__type(value, __u8);
} own_addresses SEC(".maps");

/* The same by sfc_address_position, one to a position: a lookup costs a tenth. Zero is no address. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SFC_ADDRESS_HINTS);
	__type(key, __u32);
	__type(value, struct sfc_address);
} address_hints SEC(".maps");
/* Own MACs of ports beside those of their interfaces: of a bridge or bond above, of macvlans. Keys by sfc_port_mac. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SFC_MACS_MAX);
	__type(key, __u64);
	__type(value, __u8);
} port_macs SEC(".maps");

/* Matches by sfc_match_hint: most are here, one to a position. All are in the next map. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SFC_MATCH_HINTS);
	__type(key, __u32);
	__type(value, struct sfc_match_hint);
} match_hints SEC(".maps");

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

/* The last headers of services that keep one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* resized, where there are any: as services */
	__type(key, __u32);
	__type(value, struct sfc_last);
} last_headers SEC(".maps");

/* The headers of services that have their own. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* resized, where there are any: as services */
	__type(key, __u32);
	__type(value, struct sfc_fixed_header);
} fixed_headers SEC(".maps");

/* The other ends of services whose next hop is a tunnel. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* resized, where there are any: as services */
	__type(key, __u32);
	__type(value, struct sfc_tunnel);
} tunnels SEC(".maps");

/*
 * The header cache (cache.h). ARRAYs, because a looked-up value of a BPF hash can be recycled under its reader.
 * BPF_F_MMAPABLE makes them start at a page, so that a value does not lie across more cache lines than it needs.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* resized: buckets, and behind them their overflow lines */
	__type(key, __u32);
	__type(value, struct sfc_bucket);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* resized: capacity */
	__type(key, __u32);
	__type(value, struct sfc_slot);
} slots SEC(".maps");

/* The bytes of a header beyond SFC_HEADER_INLINE. They have a map of their own, so that short headers do not pull them
 * into the CPU's cache. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* resized: capacity */
	__type(key, __u32);
	__type(value, struct sfc_tail);
} tails SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* resized, where keys are remembered */
	__type(key, __u32);
	__type(value, struct sfc_memory);
} memory SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SFC_SERVICES_MAX); /* resized */
	__type(key, __u32);
	__type(value, struct sfc_pool);
} pools SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SFC_SERVICES_MAX); /* resized */
	__type(key, __u32);
	__type(value, struct sfc_magazine);
} magazines SEC(".maps");

/*
 * Headers of services in kernel mode by their numbers, as the way back needs them (ticket/intern.h), and beside each
 * what the way in needs (kernel_mode/arrival.h).
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* resized: capacity, in kernel mode */
	__type(key, __u32);
	__type(value, struct sfc_interned);
} headers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* resized: capacity, in kernel mode */
	__type(key, __u32);
	__type(value, struct sfc_arrival);
} arrivals SEC(".maps");

/* The number of an arrival. Not in pieces: the map compares all of a key. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* resized: capacity, in kernel mode */
	__type(key, struct sfc_arrival_key);
	__type(value, __u32);
} arrival_numbers SEC(".maps");

/* The same by a hash, where it was found last; the map above asks the kernel for each of its lookups. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SFC_NUMBER_HINTS); /* resized: more where there are many services */
	__type(key, __u32);
	__type(value, struct sfc_number_hint);
} number_hints SEC(".maps");

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

/* By port: where ICMP errors come from, and how many (sfc_icmp.h). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* resized, where any are sent: as ports */
	__type(key, __u32);
	__type(value, struct sfc_icmp);
} icmp_ports SEC(".maps");

/* The time that replay and campaigns set, in nanoseconds; read only with SFC_CLOCK_MAP. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} set_clock SEC(".maps");
