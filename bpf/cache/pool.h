/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Free slots. Each service has slots of its own, so no other can use them up. The slot freed last is used first: its
 * lines are still in the CPU's cache. A CPU keeps a few for itself in a magazine; chunks of them go to and come from a
 * list of chunks that all CPUs share; what was never used, and when nothing is free the oldest, is found by a hand that
 * sweeps over all.
 */
#pragma once

#include "base/clock.h"
#include "cache/index.h"
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
	__u32 number = slot->bucket, refs = 0;
	struct sfc_bucket *bucket = bpf_map_lookup_elem(&buckets, &number);
	__u32 word = 0;

	if (!bucket)
		return 0;
	bpf_spin_lock(&bucket->lock);
	for (__u32 i = 0; i < SFC_WORDS; i++) {
		word = index_read(bucket, i);
		if (word && index_slot(word) == id) {
			/* A claim may be quicker: then the slot is the claimer's. */
			if (index_swap(&bucket->word[i], word, 0))
				refs = slot_refs(slot, word);
			break;
		}
	}
	bpf_spin_unlock(&bucket->lock);
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

/* Takes the chunk on top of the shared list. Its slots go to the magazine, which is empty. Returns the slot that it
 * stood in. */
static __always_inline __u32 pool_pop_chunk(struct sfc_pool *pool, struct sfc_magazine *magazine)
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
#pragma unroll
		for (__u32 k = 0; k < SFC_MAGAZINE / 2; k++)
			magazine->slot[k] = slot->chunk.slot[k];
		if (__sync_val_compare_and_swap(&pool->head, head, next) == head) {
			magazine->count = count;
			return id;
		}
	}
	return SFC_SLOT_FREE;
}

/* A slot of the magazine: SFC_SLOT_FREE where that is empty. */
static __always_inline __u32 pool_take(__u32 service_id)
{
	struct sfc_magazine *magazine = bpf_map_lookup_elem(&magazines, &service_id);
	__u32 count = magazine ? magazine->count : 0;

	if (!magazine || count - 1 >= SFC_MAGAZINE) /* 0, and for the verifier: not more than there are */
		return SFC_SLOT_FREE;
	magazine->count = --count;
	return magazine->slot[count];
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
	id = pool_pop_chunk(pool, magazine);
	if (id != SFC_SLOT_FREE)
		return id;
	return pool_sweep(work, service, pool);
}

/* The lower half of the magazine, those that were freed longest ago, becomes a chunk. */
static __always_inline void pool_fill_chunk(struct sfc_chunk *chunk, struct sfc_magazine *magazine)
{
	__u32 count = magazine->count;
	__u32 half = count / 2 & (SFC_MAGAZINE / 2); /* 7: half of 14, and a mask */

	chunk->count = half;
#pragma unroll
	for (__u32 k = 0; k < SFC_MAGAZINE / 2; k++) {
		chunk->slot[k] = magazine->slot[k];
		magazine->slot[k] = magazine->slot[half + k];
	}
	magazine->count = count - half;
}

/* No other CPU could be outrun: all slots of the chunk are left where the hand finds them. */
static __always_inline void pool_orphan(struct sfc_slot *first)
{
	__u32 count = first->chunk.count;

	for (__u32 k = 0; k < SFC_MAGAZINE / 2; k++) {
		struct sfc_slot *slot = slot_get(first->chunk.slot[k]);

		if (k < count && slot)
			*(volatile __u32 *)&slot->bucket = SFC_SLOT_ORPHAN;
	}
	*(volatile __u32 *)&first->bucket = SFC_SLOT_ORPHAN;
}

/*
 * Puts the slot and half of a full magazine onto the shared list. Not static, as extensions_walk.
 */
__noinline int pool_push_chunk(__u32 id, __u32 service_id)
{
	struct sfc_magazine *magazine = bpf_map_lookup_elem(&magazines, &service_id);
	struct sfc_pool *pool = bpf_map_lookup_elem(&pools, &service_id);
	struct sfc_slot *slot = slot_get(id);

	if (!magazine || !pool || !slot)
		return 0;
	pool_fill_chunk(&slot->chunk, magazine);
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
static __always_inline void pool_give(__u32 id, __u32 service_id)
{
	const struct sfc_service *service = bpf_map_lookup_elem(&services, &service_id);
	struct sfc_magazine *magazine = bpf_map_lookup_elem(&magazines, &service_id);
	struct sfc_slot *slot = slot_get(id);
	__u32 count;

	if (!service || !magazine || !slot)
		return;
	*(volatile __u32 *)&slot->bucket = SFC_SLOT_FREE;
	count = magazine->count;
	if (count >= service->magazine || count >= SFC_MAGAZINE) {
		pool_push_chunk(id, service_id);
		return;
	}
	magazine->slot[count] = id;
	magazine->count = count + 1;
}
