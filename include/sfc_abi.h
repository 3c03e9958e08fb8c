/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The border between the BPF programs and user space: every map key, map value and load-time constant.
 *
 * Compiles as C (BPF target) and as C++. Fixed-width types only, padding is explicit and zero, sizes are pinned below.
 * Integers are in host byte order unless their type is __be16 or __be32. Lengths are bytes, times are nanoseconds.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#include "sfc_reasons.h"

#ifndef __cplusplus
#define static_assert _Static_assert
#endif

/* Raised with every change of a map's layout: a program and pinned maps of different versions do not meet. */
enum { SFC_ABI_VERSION = 14 };

enum sfc_limit {
	SFC_LABELS_MAX = 16, /* label stack entries on arrival; one more is `too_many_labels` */
	SFC_HEADROOM = 216, /* what XDP on veth leaves for pushing beyond what was popped (256 less struct xdp_frame) */
	SFC_HEADER_MAX = SFC_HEADROOM,       /* bytes a cached header may have at most; how many, the constants say */
	SFC_HEADER_ROOM_LEAST = 64,          /* 15 labels are 60 bytes */
	SFC_HEADER_STEP = 8,                 /* room for headers is given in whole words */
	SFC_ENCAPS_MAX = 8,                  /* enum sfc_encap (sfc_encaps.h): room in the constants */
	SFC_MASKS_MAX = 4,                   /* ways to match one encapsulation, most specific first */
	SFC_KEY_WORDS = 8,                   /* 64-bit words of struct sfc_key */
	SFC_HEADER_WORDS = 29,               /* 64-bit words of struct sfc_header */
	SFC_DIGEST_BYTES = 64,               /* how much of an L4 payload enters the digest */
	SFC_SECRETS = 2 * SFC_KEY_WORDS + 1, /* one per 32-bit word of a key or payload, and an initial value */
	SFC_SUM_PIECE = 256,                 /* bytes of a frame that are summed at once; a power of two */
	SFC_TCP_OPTIONS_MAX = 40,            /* RFC 9293 3.1: data offset is at most 15 words */
	SFC_EXTENSIONS_MAX = 8,              /* IPv6 extension headers of one packet */
	SFC_RTP_RANGES = 4,                  /* of UDP ports, per SF */
	SFC_PORTS_MAX = 1024,
	SFC_PORT_ARRAY = 4096,   /* interface numbers that an array maps to ports */
	SFC_MATCH_HINTS = 4096,  /* a power of two */
	SFC_NUMBER_HINTS = 4096, /* at least, a power of two; 32 KiB, which a few pages of the CPU's TLB reach */
	SFC_NUMBER_HINTS_MOST = 65536,
	SFC_SERVICES_MAX = 4096,
	SFC_ADDRESSES_MAX = 1024,
	SFC_MACS_MAX = 4096,     /* own MACs of all ports, beside those of their interfaces */
	SFC_ADDRESS_HINTS = 256, /* a power of two */
	SFC_CAPACITY_MIN = 64,
	SFC_CAPACITY_MAX = 4 * 1024 * 1024, /* 22 bits of an index word name a slot */
	SFC_REMEMBER_MAX = 4 * 1024 * 1024, /* keys */
	SFC_QUOTA_MIN = 16,                 /* slots that a service has at least */
	SFC_HANDOVER_MAX = 2048,            /* frames that may wait for this host's kernel */
	SFC_EGRESS_MAX = 8,                 /* ports that packets of one service may leave through */
	SFC_REFS_MAX = 65535,               /* equal packets in flight that share one slot */
};

/* Id 0 means "none" for ports, SFs and services alike, so that a zeroed map entry grants nothing. */
enum sfc_id { SFC_NONE = 0, SFC_PORT_INGRESS = 0xffff /* as egress: back where the packet came from */ };

enum sfc_role { SFC_ROLE_NONE, SFC_ROLE_DOMAIN, SFC_ROLE_SF, SFC_ROLE_EGRESS /* only sends: a next hop's interface */ };
/* What an encapsulation carries. Where its header says so, the service can only narrow it. */
enum sfc_inner { SFC_INNER_IP, SFC_INNER_IPV4, SFC_INNER_IPV6, SFC_INNER_ETHERNET };
enum sfc_ttl { SFC_TTL_UNIFORM, SFC_TTL_PIPE }; /* RFC 3443 */
enum sfc_inner_ttl { SFC_INNER_TTL_KEEP, SFC_INNER_TTL_DECREMENT };
enum sfc_last_label { SFC_LAST_LABEL_DROP, SFC_LAST_LABEL_PLAIN };
enum sfc_miss { SFC_MISS_DROP, SFC_MISS_PASS };
enum sfc_tunnels { SFC_TUNNELS_KEYED, SFC_TUNNELS_DROP, SFC_TUNNELS_PASS };
enum sfc_unmatched { SFC_UNMATCHED_PASS, SFC_UNMATCHED_DROP };
enum sfc_accept { SFC_ACCEPT_ANY, SFC_ACCEPT_OWN }; /* frames by their destination MAC */
/* Stands in the programs for the number of a kernel function, which only user space can know. No helper has this
 * number, so the verifier refuses a call that is left in, unless it is dead code. */
enum sfc_kfunc { SFC_KFUNC_CONTEXT = 0x5fc0001 };
enum sfc_clock { SFC_CLOCK_KERNEL, SFC_CLOCK_MAP };

/* Which bits of a match's value count. In the order of its bytes, as sfc_match.value. */
struct sfc_mask {
	__u64 word[2];
};

/* Load-time constants (.rodata): the verifier folds them, so what is off costs nothing. */
struct sfc_config {
	__u32 bucket_mask;   /* number of buckets - 1; the number is a power of two */
	__u32 overflow_mask; /* overflow lines - 1, at least bucket_mask; 0 = there are none */
	__u32 clock;         /* enum sfc_clock */
	__u32 header_limit;  /* longest header in bytes that may be pushed, at most header_room */
	__u32 slot_mask;     /* capacity - 1: which bits of an index word name a slot */
	__u32 mark_mask;     /* bits of skb->mark that carry tickets through the kernel; 0 = metadata do */
	__u8 mark_shift;     /* of the lowest of them */
	__u8 mark_number_bits;
	__u8 mark_check_bits; /* the others above the number are the generation's */
	__u8 weak_order;      /* 1 = this CPU may show stores to another one in another order: publish by an atomic */
	__u8 summed_shift;    /* of skb->ip_summed in its byte */
	__u8 icmp;            /* enum sfc_icmp_version: senders that are told; 0 = nothing of it is loaded */
	__u16 summed_at;      /* offset of that byte in struct sk_buff, 0 = not known */
	__u16 kernel_context; /* 1 = the call of SFC_KFUNC_CONTEXT is the kernel's bpf_cast_to_kern_ctx */
	__u16 plain_mark;     /* as plain_check, in a mark */
	__u32 fib;            /* 1 = routes of the kernel say where packets of some services go */
	__u8 last;            /* 1 = a service keeps its last header */
	__u8 any_mac;         /* 1 = every MAC counts as the port's own: replay */
	__u8 any_address;     /* 1 = every address counts as one of this host: replay */
	__u8 reserved1;
	__u32 number_mask; /* entries of number_hints - 1 */
	__u32 tick_ns;     /* from one tick of the kernel to the next */
	__u32 encaps;      /* a bit for each enum sfc_encap that services use, the others are `unmatched` */
	__u32 header_room; /* bytes that slots, tails and interned headers have for a header: SFC_HEADER_STEP each */
	__u32 kernel_mode; /* 0 = no service goes through a kernel, and nothing of that is loaded */
	__u32 plain_check; /* of the ticket of a packet that came in without a header, in metadata */
	__u32 memory_mask; /* lines of the memory - 1, at least bucket_mask; 0 = keys are not remembered */
	__u64 ticket_secret[2];
	__u64 key_secret[SFC_SECRETS];
	__u64 digest_secret[SFC_SECRETS];
	struct sfc_mask mask[SFC_ENCAPS_MAX][SFC_MASKS_MAX];
	__u16 udp_port[SFC_ENCAPS_MAX]; /* of encapsulations that travel in UDP */
	__u8 masks[SFC_ENCAPS_MAX];     /* how many masks are in use */
};

/* One attached interface. `mtu` counts L3 bytes (frame less 14), 0 is unlimited. */
struct sfc_port {
	__u8 role;      /* enum sfc_role */
	__u8 routed;    /* SF port: 1 = write sf_mac and mac; 0 = transparent, the frame's MACs are kept */
	__u8 unmatched; /* domain port: enum sfc_unmatched */
	__u8 unready;   /* routed SF port: 1 = its MAC is not known (yet), packets are dropped `no_next_hop` */
	__u16 sf;       /* SF port: whose port this is */
	__u8 kernel;    /* domain port: 1 = a service of it goes through the kernel of this host */
	__u8 tickets;   /* domain port: 1 = a service of it is in kernel mode */
	__u8 mac[6];    /* of our interface, the source of what we send there; zero where there is none */
	__u8 sf_mac[6]; /* routed SF port: where the SF listens */
	__u32 mtu;
	__u32 hairpin;      /* our own interface that leads packets from the kernel back into XDP; 0 = none */
	__u16 last_service; /* SF port: whose last header packets get that its SF sends on its own; SFC_NONE: they are
			       `miss` */
	__u8 accept;        /* enum sfc_accept; `mac` is an own one, the others are in the map `port_macs` */
	__u8 reserved;
};

/* The key of an own MAC of a port, as one number: the port, and above it the MAC as the frame has it. */
static inline __u64 sfc_port_mac(__u32 port, __u32 first_four, __u32 last_two)
{
	return port | (__u64)last_two << 16 | (__u64)first_four << 32;
}

/* Parts that the keys of an SF may leave out: set = it is in them. docs/keys.md says where each applies. */
enum sfc_key_part {
	SFC_PART_IPV4_ID = 1,
	SFC_PART_TCP_TIMESTAMPS = 2,
	SFC_PART_DIGEST = 4,
	SFC_PART_LENGTH = 8, /* TCP keeps it all the same */
	SFC_PARTS_ALL = 15,
};

/* UDP ports from `first` to `last`, host byte order. */
struct sfc_port_range {
	__u16 first;
	__u16 last;
};

struct sfc_sf {
	__u64 hold_ns;
	__u32 epoch;      /* part of every key: bumping it makes all older entries unreachable */
	__u8 on_miss;     /* enum sfc_miss */
	__u8 key_parts;   /* enum sfc_key_part */
	__u8 tunnels;     /* enum sfc_tunnels: what may come from the SF */
	__u8 ethernet;    /* 1 = its services carry Ethernet frames */
	__u32 rtp_ranges; /* how many of `rtp` are in use */
	struct sfc_port_range rtp[SFC_RTP_RANGES];
	__u8 kernel;     /* 1 = the SF is the kernel of this host: it has no ports, and the key is in the metadata */
	__u8 masquerade; /* 1 = its services have SFC_OPTION_MASQUERADE, and it gets segment routing headers */
	__u8 reserved[2];
};

/* Properties of a service, as bits. */
enum sfc_option {
	SFC_OPTION_TUNNEL = 1,       /* its next hop is the other end of a tunnel: `tunnels` has it */
	SFC_OPTION_FORWARDER = 2,    /* NSH: the proxy counts hops, as an SFF does */
	SFC_OPTION_KERNEL = 4,       /* its SF is in kernel mode */
	SFC_OPTION_OAM = 8,          /* NSH: OAM packets go past the SF, to the next hop */
	SFC_OPTION_FIB = 16,         /* a route of the kernel says by which port in `egress` a packet leaves */
	SFC_OPTION_LAST = 32,        /* its last header is kept, for packets that its SF sends on its own */
	SFC_OPTION_STATIC = 64,      /* SRv6: its packets leave with the header in `fixed_headers` */
	SFC_OPTION_MASQUERADE = 128, /* SRv6: its packets go to the SF with their header, and another destination */
};

struct sfc_service {
	__u16 sf;
	__u16 to_port;        /* SF port that the stripped packet leaves through */
	__u16 return_port;    /* SF port that it comes back on */
	__u16 egress_port;    /* towards the next hop, or SFC_PORT_INGRESS; with SFC_OPTION_FIB the first in `egress` */
	__u8 inner;           /* enum sfc_inner */
	__u8 ttl;             /* enum sfc_ttl */
	__u8 inner_ttl;       /* enum sfc_inner_ttl */
	__u8 last_label;      /* enum sfc_last_label */
	__u8 next_hop_mac[6]; /* not used with SFC_PORT_INGRESS. At an even offset: it is read in words */
	__u8 next_hop_ready;  /* 0: its MAC is not known (yet), packets are dropped `no_next_hop` */
	__u8 magazine;        /* free slots that one CPU may keep for itself, less than SFC_MAGAZINE */
	__u32 first_slot;     /* its own slots, of a kernel its own header ids: no other service can use them up */
	__u32 quota;          /* how many */
	__u8 encap;           /* enum sfc_encap */
	__u8 options;         /* enum sfc_option */
	__u16 egress[SFC_EGRESS_MAX]; /* ports that its packets may leave through, where a kernel routes them; SFC_NONE
				       * behind the last */
	__u8 sid_block;               /* SRv6: bytes of a compressed SID's locator block, RFC 9800 3.1 */
	__u8 sid_function;            /* and of its locator node and function; 0 = the SID is not compressed */
	__u16 chunks;                 /* of free slots that one CPU may keep for itself, beside its magazine */
	__u16 reserved;
};

/* An IPv6 address in network byte order; an IPv4 address as one (RFC 4291 2.5.5.2, ::ffff:a.b.c.d). */
struct sfc_address {
	__u32 word[4];
};

/* The position of an address in the map `address_hints`: any byte of it may be the one that tells it from others. */
static inline __u32 sfc_address_position(const struct sfc_address *address)
{
	__u32 all = address->word[0] ^ address->word[1] ^ address->word[2] ^ address->word[3];

	all ^= all >> 16;
	return (all ^ all >> 8) & (SFC_ADDRESS_HINTS - 1);
}

/* Where packets that came inside UDP go. The IP version is theirs. */
struct sfc_tunnel {
	struct sfc_address remote;
	struct sfc_address local;
	__u32 ipv6; /* 1 = the addresses are of IPv6 */
};

/* A header that the configuration gives. Fields that depend on the packet are zero. */
struct sfc_fixed_header {
	__u32 len;  /* bytes */
	__u32 next; /* where the protocol number of what it carries stands in it */
	__u64 word[SFC_HEADER_MAX / 8];
};

#include "sfc_match.h"

/*
 * Which packet this is: the fields that an SF leaves alone (docs/keys.md). All are compared, never only hashed. Fields
 * that do not apply are zero. The scope comes first: a header is restored only for the port, and so the SF, and the
 * epoch that it was stripped for. The fields of each kind stand here:
 *
 *              sport, dport          type, code        seq             ack              u
 *   TCP        ports                 flags             sequence        acknowledgement  timestamps
 *   UDP        ports                                                                    digest
 *   RTP        ports                 sequence number   timestamp       SSRC             digest
 *   ICMP                             type, code        rest of header                   digest
 *   SCTP       ports                 first chunk       v. tag          its TSN          digest
 *   ESP, AH                                            SPI             sequence         digest
 *   GRE        flags, protocol                         key             sequence         digest
 *   fragment   offset and MF                           identification                   digest
 *   Ethernet   0, EtherType                                                             digest
 */
struct sfc_key_fields {
	__u16 port;  /* the port it must come back on */
	__u16 epoch; /* the lower half of the SF's: old entries are gone long before it wraps */
	__u8 form;   /* IP version in the lower half, SFC_FORM_* above it */
	__u8 proto;
	__u16 length;   /* payload, by the IP header */
	__u8 saddr[16]; /* IPv4 in the first four bytes. Ethernet: MACs and two VLAN ids */
	__u8 daddr[16]; /* Ethernet: both IPv4 addresses, or the digest of both IPv6 ones */
	__be16 sport;
	__be16 dport;
	__be16 ipv4_id;
	__u8 type;
	__u8 code;
	__be32 seq;
	__be32 ack;
	union {
		__u64 digest;
		struct {
			__be32 tsval; /* RFC 7323, zero where the option is absent */
			__be32 tsecr;
		} tcp;
	} u;
};

enum sfc_form {
	SFC_FORM_VERSION = 0x0f,
	SFC_FORM_FRAGMENT = 0x10,
	SFC_FORM_RTP = 0x20,
	SFC_FORM_WRAPPED = 0x40, /* from an SF, behind VLAN tags or the like: equals no key that strip makes */
	SFC_FORM_ETHERNET = 0x80,
};

struct sfc_key {
	union {
		struct sfc_key_fields f;
		__u64 word[SFC_KEY_WORDS];
		__u32 half[2 * SFC_KEY_WORDS];
	};
};

#include "sfc_cache.h"
#include "sfc_icmp.h"
#include "sfc_kernel_mode.h"
#include "sfc_probe.h"

/* How a frame ended. Left in per-CPU scratch by the entry point; replay, trace and campaigns read it there. */
enum sfc_verdict {
	SFC_VERDICT_NONE,
	SFC_VERDICT_TO_SF,
	SFC_VERDICT_RESTORED,
	SFC_VERDICT_PASSED,
	SFC_VERDICT_DROPPED,
	SFC_VERDICT_TO_KERNEL,
	SFC_VERDICT_BYPASSED, /* on to the next hop, and not through the SF */
};

struct sfc_result {
	__u8 verdict;    /* enum sfc_verdict */
	__u8 reason;     /* enum sfc_reason, SFC_OK when handed to the SF or restored */
	__u8 claimed;    /* 1 = a cached header was taken for this frame */
	__u8 answered;   /* 1 = dropped, and an ICMP error left in its place */
	__u16 port;      /* where the frame came in */
	__u16 egress;    /* where it left, SFC_NONE if it did not */
	__u16 service;   /* SFC_NONE where the outcome belongs to the port */
	__u8 originated; /* 1 = the header is a service's last one, because the SF sent the frame on its own */
	__u8 reserved;
	__u32 frame_len; /* as it arrived, in bytes */
};

/*
 * Counters of one port or service, per CPU. Each frame is counted once as received (by its port) and once by its
 * outcome (by the service, or by the port where no service is involved). Bytes are those of the frame as it arrived;
 * the cache's own events (expired, evicted, flushed) count references, and no bytes.
 */
struct sfc_count {
	__u64 packets;
	__u64 bytes;
};

enum sfc_event {
	SFC_EVENT_RECEIVED,
	SFC_EVENT_TO_SF,
	SFC_EVENT_CLAIMED,
	SFC_EVENT_RESTORED,
	SFC_EVENT_EXPIRED,
	SFC_EVENT_EVICTED,
	SFC_EVENT_FLUSHED,
	SFC_EVENT_TO_KERNEL,  /* stripped, and given to the kernel of this host with a ticket */
	SFC_EVENT_FORGOTTEN,  /* remembered keys that made room within their hold time; of the service that took it */
	SFC_EVENT_FRAGMENTS,  /* that a kernel made of such packets, but for the first of each */
	SFC_EVENT_ORIGINATED, /* sent by the SF on its own, and given the last header of the service */
	SFC_EVENT_BYPASSED,   /* sent on to the next hop, advanced, and not through the SF */
	/* ICMP errors that were sent, by type, and those that would have been too many. */
	SFC_EVENT_ICMP_FRAGMENTATION_NEEDED,
	SFC_EVENT_ICMP_PACKET_TOO_BIG, /* from here on in the order of ICMPv6's types, from 2 */
	SFC_EVENT_ICMP_TIME_EXCEEDED,
	SFC_EVENT_ICMP_PARAMETER_PROBLEM,
	SFC_EVENT_ICMP_LIMITED,
	SFC_EVENT_MAX,
};

struct sfc_counters {
	struct sfc_count event[SFC_EVENT_MAX];
	struct sfc_count passed[SFC_REASON_MAX];              /* of a service: with its header, after a claim */
	struct sfc_count dropped[SFC_REASON_MAX];             /* domain side at strip; SF side without a claim */
	struct sfc_count dropped_after_claim[SFC_REASON_MAX]; /* SF side, the header had been taken already */
	__u64 last_to_sf;   /* service: when the last packet went to the SF, by the packet path's clock; 0 = never */
	__u64 last_claimed; /* service: when the last one came back */
	__u64 asked;        /* service: when its ways out were looked at, and were there */
	__u64 room;         /* service: the largest packet, with its header, that each of them takes */
};

static_assert(sizeof(struct sfc_config) == 88 + 16 * SFC_SECRETS + SFC_ENCAPS_MAX * (SFC_MASKS_MAX * 16 + 3),
	      "sfc_config is padded");
static_assert(sizeof(struct sfc_port) == 32, "sfc_port is padded");
static_assert(sizeof(struct sfc_sf) == 40, "sfc_sf is padded");
static_assert(sizeof(struct sfc_service) == 52, "sfc_service is padded");
static_assert(sizeof(struct sfc_match) == 24, "a hash map key must have no padding");
static_assert(sizeof(struct sfc_key_fields) == 8 * SFC_KEY_WORDS, "key and its words differ");
static_assert(sizeof(struct sfc_result) == 16, "sfc_result is padded");
static_assert(SFC_HEADER_MAX <= SFC_HEADROOM, "a header must fit the headroom");
