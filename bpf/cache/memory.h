/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keys that were stripped are remembered until their hold time is over, with a hash of their header, whether their
 * packets are still in the SF or not (docs/cache.md). An SF that sends a packet twice then finds no header of another
 * packet with an equal key: that packet is refused while the first one is remembered.
 *
 * Lines are found as buckets are, and there are at least as many. So a bucket's lock is that of its lines too.
 */
#pragma once

#include "base/clock.h"
#include "base/hash.h"
#include "base/maps.h"

enum {
	MEMORY_UNIT = 20,        /* the time's bits below it, about a millisecond, are left out */
	MEMORY_TIME = 0xffffff,  /* wraps after 4.9 h */
	MEMORY_LONGEST = 0x10000 /* units: more than the longest hold time and all that CPUs' clocks differ by */
};

enum memory_outcome {
	MEMORY_KEPT,
	MEMORY_FORGOT,  /* kept, and another key was forgotten within its hold time */
	MEMORY_CONFLICT /* this key is remembered with another header: nothing was changed */
};

/* The header without its count of references. Whole words of it: the last one is zero behind the header's end. */
static __always_inline __u32 memory_hash_header(const struct work *work)
{
	__u32 len = work->header.f.len;
	__u64 sum = work->header.word[0] * sfc_config.key_secret[0];

	sum += (work->header.word[1] << 16) * sfc_config.key_secret[1];
#pragma unroll
	for (__u32 i = 0; i < SFC_HEADER_WORDS - SFC_HEADER_META; i++) {
		__u64 word = work->header.word[SFC_HEADER_META + i];

		asm volatile("" : "+r"(len)); /* or clang makes a loop of it */
		if (i * SFC_HEADER_STEP >= len || i * SFC_HEADER_STEP >= sfc_config.header_room)
			break;
		sum = (sum ^ sum >> 29) * HASH_MIX_1 + (word ^ sfc_config.key_secret[i & 15]) * HASH_MIX_2;
	}
	return (sum ^ sum >> 31) >> 16;
}

/* Fills in work->memory for work's key and header, from now on. Not static, as extensions_walk. */
__noinline int memory_prepare(struct work *work, __u64 hold_ns)
{
	if (!work)
		return 0;
	work->memory.tag = work->index.hash >> 32 | 1; /* 0 is no key */
	work->memory.more = (work->index.hash >> 24 & 0xff) << 24;
	work->memory.now = work->now >> MEMORY_UNIT & MEMORY_TIME;
	work->memory.hold = ((work->now + hold_ns) >> MEMORY_UNIT) - (work->now >> MEMORY_UNIT);
	work->memory.header = memory_hash_header(work);
	return 0;
}

/* The line of work's key. NULL where nothing is remembered. */
static __always_inline struct sfc_memory *memory_line(const struct work *work)
{
	__u32 number = work->index.hash & sfc_config.memory_mask;

	return sfc_config.memory_mask ? bpf_map_lookup_elem(&memory, &number) : NULL;
}

/*
 * The entry that is work's key's, else one that may be written over, else the one that is to be forgotten first.
 * Returns its position, and above it 0, 1 or more for these three. Without a branch, or the verifier follows each way.
 */
static __always_inline __u64 memory_find(const struct sfc_memory *line, const struct work *work)
{
	__u64 best = ~0ULL >> 1;

#pragma unroll
	for (__u64 i = 0; i < SFC_MEMORY_KEYS; i++) {
		__u64 until = line->until[i], left = (until - work->memory.now) & MEMORY_TIME, dead, other, rank;
		__u64 tag = line->tag[i],
		      differ = (tag ^ work->memory.tag) | ((until ^ work->memory.more) >> 24 & 0xff);

		asm volatile("" : "+r"(left), "+r"(differ), "+r"(tag));
		dead = (MEMORY_LONGEST - 1 - left) >> 63 | (tag - 1) >> 63;
		other = (-differ) >> 63;
		rank = (left + 2) & (dead - 1) & -other;
		rank |= dead;
		rank = rank << 3 | i;
		asm volatile("" : "+r"(rank));
		best ^= (best ^ rank) & -((rank - best) >> 63);
	}
	return best;
}

/* Whether work's key is remembered with another header. A hint where the bucket's lock is not held. */
static __always_inline int memory_conflicts(const struct work *work)
{
	const struct sfc_memory *line = memory_line(work);
	__u64 best, at;

	if (!line)
		return 0;
	best = memory_find(line, work);
	at = best & 7;
	asm volatile("" : "+r"(at));
	return best >> 3 == 0 && at < SFC_MEMORY_KEYS && line->header[at] != work->memory.header;
}

/* Whether a packet with work's key was stripped within its hold time. Needs no lock: its own strip is over. */
static __always_inline int memory_knows(struct work *work)
{
	const struct sfc_memory *line = memory_line(work);

	if (!line)
		return 0;
	work->now = clock_now();
	memory_prepare(work, 0);
	return memory_find(line, work) >> 3 == 0;
}

/* Remembers work's key and header. The bucket's lock is held. `line` may be NULL. */
static __always_inline enum memory_outcome memory_keep(struct sfc_memory *line, const struct work *work)
{
	__u64 best, rank, at;
	__u32 left = work->memory.hold;

	if (!sfc_config.memory_mask || !line)
		return MEMORY_KEPT;
	best = memory_find(line, work);
	rank = best >> 3;
	at = best & 7;
	asm volatile("" : "+r"(at));
	if (at >= SFC_MEMORY_KEYS)
		return MEMORY_KEPT;
	if (rank == 0) {
		/* Another CPU may have been here with a later time. */
		__u32 before = (line->until[at] - work->memory.now) & MEMORY_TIME;

		if (line->header[at] != work->memory.header)
			return MEMORY_CONFLICT;
		if (before > left)
			left = before;
	}
	line->tag[at] = work->memory.tag;
	line->header[at] = work->memory.header;
	line->until[at] = work->memory.more | ((work->memory.now + left) & MEMORY_TIME);
	return rank > 1 ? MEMORY_FORGOT : MEMORY_KEPT;
}
