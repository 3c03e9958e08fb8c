/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The header cache as both sides see it. Part of sfc_abi.h, which includes it; docs/DESIGN.md "The cache" says how it
 * works.
 *
 *   buckets   the index: a cache line of 15 words, each word a fingerprint and the number of a slot. A large cache has
 *             overflow lines behind them
 *   slots     128 bytes: the key, and the header as it will leave; `tails` has its bytes beyond 32
 *   pools     per service: which of its slots are free
 *   memory    keys that were stripped a short time ago, where the configuration wants them remembered
 */
#pragma once

enum sfc_cache_limit {
	SFC_WORDS = 15,          /* of one line */
	SFC_SLOTS_PER_LINE = 4,  /* on average, with all slots in use: one line in 200 000 is too short then */
	SFC_BUCKETS_MOST = 4096, /* 256 KiB: so many stay in a CPU's own cache. The other lines are overflow lines */
	SFC_HEADER_INLINE = 32,  /* bytes of a header in its slot */
	SFC_HEADER_WORDS_INLINE = 4, /* the same in 64-bit words */
	SFC_HEADER_META = 2,         /* 64-bit words of struct sfc_header before its bytes */
	SFC_HEADER_IN_SLOT = SFC_HEADER_META + SFC_HEADER_WORDS_INLINE,
	SFC_HEADER_IN_TAIL = 23, /* the other words at most; tails have as many as header_room says */
	SFC_MEMORY_KEYS = 5,     /* of one line */
	SFC_MAGAZINE = 128,      /* free slots that a CPU has room for: a power of two, twice what one poll brings */
	SFC_CHUNK = 14,          /* free slots that one chunk names */
};

/*
 * A word of the index: the number of a slot in as many bits as the capacity needs, above it a fingerprint of the key.
 * The program that takes a word out, by one compare-and-swap, owns the slot: there is no other ownership. SHARED words
 * change under the bucket's lock only. 0 is a free position.
 */
enum sfc_word { SFC_WORD_USED = 1 << 30, SFC_WORD_SHARED = -1 - 0x7fffffff };

/* Stands for the number of a bucket, in a slot that is in none. */
enum sfc_slot_state {
	SFC_SLOT_FREE = 0x7fffffff,
	SFC_SLOT_ORPHAN = 0x7ffffffe, /* free, but in no pool: whoever sweeps over it may take it */
};

/*
 * A header as it will leave, after advance. Two are equal when service, EtherType or hops, bytes and, for `next_hop:
 * ingress`, where the packet came from are equal.
 */
struct sfc_header_fields {
	__u16 service;
	__u16 ingress_port; /* only with next_hop: ingress, else 0 */
	union {
		__be16 ethertype; /* of the restored frame */
		__u16 hops;       /* len is 0: the most hops that the packet may leave with, 0 = as many as it has */
	};
	__u16 len;           /* bytes in use; the rest is zero in scratch, and anything in a slot */
	__u8 ingress_mac[6]; /* only with next_hop: ingress, else 0 */
	union {
		__u16 refs; /* in a slot with a SHARED word: packets in the SF that it belongs to. Not compared */
		__u16 says; /* kernel mode: the IP version that the header says is behind it, 0 where it says none,
			     * and above it the position of the byte that says so */
	};
	__u8 bytes[SFC_HEADER_MAX];
};

struct sfc_header {
	union {
		struct sfc_header_fields f;
		__u64 word[SFC_HEADER_WORDS];
	};
};

/* The last header of a service. */
struct sfc_last {
	struct bpf_spin_lock lock;
	__u32 version; /* IP version of the packet, 0 for a frame: the header says what it carries */
	__u64 word[SFC_HEADER_WORDS];
};

/* Free slots, written over the key of one more free slot. */
struct sfc_chunk {
	__u32 next;  /* slot of the next chunk, plus 1; 0 is the end */
	__u32 count; /* of `slot`; the one that this stands in comes on top of it */
	__u32 slot[SFC_CHUNK];
};

struct sfc_slot {
	union {
		struct sfc_key key;
		struct sfc_chunk chunk;
	};
	__u64 deadline; /* last equal arrival + hold; stale when the time is past it */
	__u32 bucket;   /* where its word is, or enum sfc_slot_state */
	__u32 reserved;
	__u64 header[SFC_HEADER_IN_SLOT]; /* the beginning of struct sfc_header */
};

/* As the programs are written; the map's values are shorter where shorter headers will do. */
struct sfc_tail {
	__u64 header[SFC_HEADER_IN_TAIL];
};

/* Serialises inserts of a bucket, and all that is done to its SHARED words. 0: nobody has it, and no word of the bucket
 * is in an overflow line. */
enum sfc_lock {
	SFC_LOCK_TAKEN = 1,
	SFC_LOCK_OVERFLOW = 2, /* for each word in an overflow line. Never too low; for a moment it may be too high */
};

/*
 * A line of the index. The first ones are buckets. Behind them are overflow lines, as many for each bucket: they have
 * words that their bucket has no room for, and their own lock is not used.
 */
struct sfc_bucket {
	__u32 lock; /* enum sfc_lock */
	__u32 word[SFC_WORDS];
};

/* One cache line, so that services on different CPUs do not disturb each other. */
struct sfc_pool {
	__u64 head; /* slot of the first chunk plus 1, and above it the number of changes: equal words, equal lists */
	__u64 hand; /* slots handed out by sweeping; below the quota they have never been used. 64 bits: must not wrap
		     */
	__u64 reserved[6];
};

/*
 * Keys that are remembered, by 39 bits of their hash that do not select the line, so that one in 2^39 is taken for
 * another. `until` has the last eight of them above the time (bpf/cache/memory.h). All zero: no key.
 */
struct sfc_memory {
	__u32 tag[SFC_MEMORY_KEYS];
	__u32 header[SFC_MEMORY_KEYS]; /* hash of the header */
	__u32 until[SFC_MEMORY_KEYS];
	__u32 reserved;
};

/* Per CPU and service: a ring of free slots, and a list of chunks of more. Positions count up and down and are taken
 * modulo SFC_MAGAZINE. */
struct sfc_magazine {
	__u32 oldest; /* the slot that was freed longest ago */
	__u32 end;    /* behind the one that was freed last: equal to `oldest` where there are none */
	__u32 chunk;  /* slot of the first chunk plus 1; 0 = there is none */
	__u32 chunks; /* how many there are */
	__u32 slot[SFC_MAGAZINE];
};

static_assert(sizeof(struct sfc_header_fields) == 8 * SFC_HEADER_WORDS, "header and its words differ");
static_assert(sizeof(struct sfc_header) == 8 * SFC_HEADER_IN_SLOT + 8 * SFC_HEADER_IN_TAIL,
	      "slot and tail hold a header");
static_assert(sizeof(struct sfc_chunk) == sizeof(struct sfc_key), "a chunk takes the place of a key");
static_assert(sizeof(struct sfc_slot) == 128, "a slot is two cache lines");
static_assert(sizeof(struct sfc_bucket) == 64, "a bucket is a cache line");
static_assert(sizeof(struct sfc_pool) == 64, "a pool is a cache line");
static_assert(sizeof(struct sfc_memory) == 64, "a line of the memory is a cache line");
static_assert((SFC_MAGAZINE & (SFC_MAGAZINE - 1)) == 0, "positions in a magazine are taken by a mask");
