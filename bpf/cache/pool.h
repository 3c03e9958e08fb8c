/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Free slots. Each service has slots of its own, so no other can use them up. The slot freed last is used first: its
 * lines are still in the CPU's cache. A CPU keeps some for itself, in a magazine and in chunks of them, because slots
 * of another CPU have their lines there. Chunks beyond its share go to a list that all CPUs share. A hand sweeps over
 * all: it finds slots that nobody has used yet, and the oldest when nothing is free.
 */
#pragma once

#include "base/clock.h"
#include "cache/index.h"
#include "cache/lock.h"
#include "cache/slot.h"

enum {
	POOL_TRIES = 16,     /* a try fails only where another CPU succeeded, once in a whole chunk of packets */
	POOL_SWEEPS = 4,     /* a sweep fails where what it chose came back meanwhile */
	POOL_CANDIDATES = 16 /* of which a stale one makes room, else the oldest */
};

#define POOL_CHANGE ((__u64)1 << 32) /* one change of pool->head */

/* Takes the slot out of the index, whatever packet it was kept for. Returns whether the slot is the caller's now. */
static __always_inline int pool_evict(struct work *work, __u32 id, struct sfc_slot *slot)
{
	__u32 number = *(volatile __u32 *)&slot->bucket, refs = 0, word = 0;
	struct sfc_bucket *line = bpf_map_lookup_elem(&buckets, &number), *bucket;
	__u32 in_overflow = number > sfc_config.bucket_mask;

	number &= sfc_config.bucket_mask; /* an overflow line's number ends as that of its bucket */
	bucket = bpf_map_lookup_elem(&buckets, &number);
	if (!line || !bucket || !lock_take(bucket))
		return 0;
	for (__u32 i = 0; i < SFC_WORDS; i++) {
		word = index_read(line, i);
		if (word && index_slot(word) == id) {
			/* A claim may be quicker: then the slot is the claimer's. */
			if (index_take(bucket, &line->word[i], word, in_overflow))
				refs = slot_refs(slot, word);
			break;
		}
	}
	lock_give(bucket);
	slot_count_lost(slot, refs, work->now);
	return refs != 0;
}

/*
 * The next slots under the hand: the first orphan or stale one, else the one whose last packet came longest ago.
 * SFC_SLOT_FREE: none.
 */
static __always_inline __u32 pool_candidate(const struct sfc_service *service, __u64 position, __u64 now)
{
	__u64 oldest = ~0ULL;
	__u32 found = SFC_SLOT_FREE;

	for (__u32 i = 0; i < POOL_CANDIDATES; i++) {
		__u32 id = service->first_slot + (__u32)((position + i) % service->quota);
		struct sfc_slot *slot = slot_get(id);
		__u32 state;

		if (!slot)
			break;
		state = *(volatile __u32 *)&slot->bucket;
		if (state == SFC_SLOT_FREE)
			continue;
		if (state == SFC_SLOT_ORPHAN || now > slot->deadline)
			return id;
		if (slot->deadline < oldest) {
			oldest = slot->deadline;
			found = id;
		}
	}
	return found;
}

/* A slot that was never used, or one that makes room. SFC_SLOT_FREE where none can be had. */
static __always_inline __u32 pool_sweep(struct work *work, const struct sfc_service *service, struct sfc_pool *pool)
{
	for (__u32 i = 0; i < POOL_SWEEPS; i++) {
		__u64 position = __sync_fetch_and_add(&pool->hand, 1);
		struct sfc_slot *slot;
		__u32 id;

		if (position < service->quota)
			return service->first_slot + (__u32)position;
		id = pool_candidate(service, position, work->now);
		slot = slot_get(id);
		if (!slot)
			continue;
		if (*(volatile __u32 *)&slot->bucket == SFC_SLOT_ORPHAN) {
			if (__sync_val_compare_and_swap(&slot->bucket, SFC_SLOT_ORPHAN, SFC_SLOT_FREE) ==
			    SFC_SLOT_ORPHAN)
				return id;
			continue;
		}
		if (pool_evict(work, id, slot))
			return id;
	}
	return SFC_SLOT_FREE;
}

static __always_inline __u32 magazine_count(const struct sfc_magazine *magazine)
{
	return magazine->end - magazine->oldest;
}

static __always_inline __u32 *magazine_at(struct sfc_magazine *magazine, __u32 position)
{
	position &= SFC_MAGAZINE - 1;
	asm volatile("" : "+r"(position)); /* or clang adds first and masks then */
	return &magazine->slot[position];
}

/* Puts all slots of a chunk into the magazine, which is empty: those that it names, and the one that it stands in. */
static __always_inline void pool_open_chunk(struct sfc_magazine *magazine, const struct sfc_slot *slot, __u32 id)
{
	magazine->slot[0] = id;
#pragma unroll
	for (__u32 k = 0; k < SFC_CHUNK; k++)
		magazine->slot[k + 1] = slot->chunk.slot[k];
}

/* Where the magazine ends, behind pool_open_chunk. */
static __always_inline void pool_opened(struct sfc_magazine *magazine, __u32 count)
{
	magazine->oldest = 0;
	magazine->end = count + 1;
}

/* Opens the first chunk of this CPU's own. Returns whether there was one. */
static __always_inline int pool_pop_own(struct sfc_magazine *magazine)
{
	__u32 id = magazine->chunk - 1;
	const struct sfc_slot *slot = magazine->chunk ? slot_get(id) : NULL;

	if (!slot)
		return 0;
	magazine->chunk = slot->chunk.next;
	magazine->chunks--;
	pool_open_chunk(magazine, slot, id);
	pool_opened(magazine, slot->chunk.count);
	return 1;
}

/* Opens the chunk on top of the shared list. Returns whether there was one. */
static __always_inline int pool_pop_chunk(struct sfc_pool *pool, struct sfc_magazine *magazine)
{
	for (__u32 i = 0; i < POOL_TRIES; i++) {
		__u64 head = *(volatile __u64 *)&pool->head;
		__u32 id = (__u32)head - 1, count;
		struct sfc_slot *slot;
		__u64 next;

		if (!(__u32)head)
			break;
		slot = slot_get(id);
		if (!slot)
			break;
		/* May be rubbish, where another CPU takes the chunk meanwhile; then the head has changed. */
		next = (head & ~(POOL_CHANGE - 1)) + POOL_CHANGE + slot->chunk.next;
		count = slot->chunk.count;
		pool_open_chunk(magazine, slot, id);
		if (__sync_val_compare_and_swap(&pool->head, head, next) == head) {
			pool_opened(magazine, count);
			return 1;
		}
	}
	return 0;
}

/* The slot of the magazine that was freed last: SFC_SLOT_FREE where there is none. */
static __always_inline __u32 pool_take(__u32 service_id)
{
	struct sfc_magazine *magazine = bpf_map_lookup_elem(&magazines, &service_id);

	if (!magazine || !magazine_count(magazine))
		return SFC_SLOT_FREE;
	return *magazine_at(magazine, --magazine->end);
}

/*
 * A slot for a packet of the service, from wherever there is one. It is in no bucket and in no list: the caller's
 * alone. Returns SFC_SLOT_FREE where there is none. Not static, as extensions_walk.
 */
__noinline __u32 pool_refill(struct work *work, __u32 service_id)
{
	const struct sfc_service *service = bpf_map_lookup_elem(&services, &service_id);
	struct sfc_magazine *magazine = bpf_map_lookup_elem(&magazines, &service_id);
	struct sfc_pool *pool = bpf_map_lookup_elem(&pools, &service_id);
	__u32 id;

	if (!work || !service || !magazine || !pool || !service->quota)
		return SFC_SLOT_FREE;
	/* A stale entry may have been given back since the magazine was empty, and a chunk would be written over it. */
	id = pool_take(service_id);
	if (id != SFC_SLOT_FREE)
		return id;
	if (pool_pop_own(magazine) || pool_pop_chunk(pool, magazine))
		return pool_take(service_id);
	return pool_sweep(work, service, pool);
}

/*
 * Those slots of the magazine that were freed longest ago become a chunk, which is written over the first of them: half
 * of all, or as many as a chunk has room for. They stay in the order in which they were freed, so that they are used
 * in an order that the CPU's prefetching knows. Returns the number of the first one.
 */
static __always_inline __u32 pool_fill_chunk(struct sfc_magazine *magazine)
{
	__u32 count = (magazine_count(magazine) + 1) / 2, oldest = magazine->oldest;
	__u32 id = *magazine_at(magazine, oldest);
	struct sfc_slot *slot = slot_get(id);

	if (!slot)
		return SFC_SLOT_FREE;
	if (count > SFC_CHUNK + 1)
		count = SFC_CHUNK + 1;
#pragma unroll
	for (__u32 k = 0; k < SFC_CHUNK; k++)
		slot->chunk.slot[k] = *magazine_at(magazine, oldest + 1 + k); /* those beyond `count` are not read */
	slot->chunk.count = count - 1;
	magazine->oldest = oldest + count;
	return id;
}

/* No other CPU could be outrun: all slots of the chunk are left where the hand finds them. */
static __always_inline void pool_orphan(struct sfc_slot *first)
{
	__u32 count = first->chunk.count;

	for (__u32 k = 0; k < SFC_CHUNK; k++) {
		struct sfc_slot *slot = slot_get(first->chunk.slot[k]);

		if (k < count && slot)
			*(volatile __u32 *)&slot->bucket = SFC_SLOT_ORPHAN;
	}
	*(volatile __u32 *)&first->bucket = SFC_SLOT_ORPHAN;
}

/* Makes a chunk of some slots of a full magazine. It is this CPU's own, or all CPUs' where that one has its share. Not
 * static, as extensions_walk. */
__noinline int pool_push_chunk(__u32 service_id)
{
	const struct sfc_service *service = bpf_map_lookup_elem(&services, &service_id);
	struct sfc_magazine *magazine = bpf_map_lookup_elem(&magazines, &service_id);
	struct sfc_pool *pool = bpf_map_lookup_elem(&pools, &service_id);
	struct sfc_slot *slot;
	__u32 id;

	if (!service || !magazine || !pool)
		return 0;
	id = pool_fill_chunk(magazine);
	slot = slot_get(id);
	if (!slot)
		return 0;
	if (magazine->chunks < service->chunks) {
		slot->chunk.next = magazine->chunk;
		magazine->chunk = id + 1;
		magazine->chunks++;
		return 0;
	}
	for (__u32 i = 0; i < POOL_TRIES; i++) {
		__u64 head = *(volatile __u64 *)&pool->head;
		__u64 next = (head & ~(POOL_CHANGE - 1)) + POOL_CHANGE + id + 1;

		slot->chunk.next = (__u32)head;
		if (__sync_val_compare_and_swap(&pool->head, head, next) == head)
			return 0;
	}
	pool_orphan(slot);
	return 0;
}

/* Gives back a slot that the caller owns. */
static __always_inline void pool_give(__u32 id, struct sfc_slot *slot, __u32 service_id)
{
	const struct sfc_service *service = bpf_map_lookup_elem(&services, &service_id);
	struct sfc_magazine *magazine = bpf_map_lookup_elem(&magazines, &service_id);

	if (!service || !magazine)
		return;
	*(volatile __u32 *)&slot->bucket = SFC_SLOT_FREE;
	*magazine_at(magazine, magazine->end++) = id;
	if (magazine_count(magazine) > service->magazine)
		pool_push_chunk(service_id);
}
