/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The header cache: an index of words (index.h), and slots that they name (pool.h).
 *
 * A slot belongs to one packet program at a time or to a word, never to both, so nobody reads what another one writes:
 * insert fills a slot of its own and puts its word into the index; claim takes the word out by one compare-and-swap,
 * and owns the slot. Where several packets share a slot the word says so, and is changed under the bucket's lock only.
 * The lock also serialises inserts, or two CPUs could put one key in twice and the ambiguity would go unseen. It is
 * held for some ten words. Who does not get it (lock.h) has no slot, or no entry.
 *
 * Both entry points are not static: the verifier checks each once, by itself, and assumes that `work` may be NULL.
 */
#pragma once

#include "base/clock.h"
#include "base/verdict.h"
#include "cache/memory.h"
#include "cache/pool.h"
#include "cache/slot.h"

enum { CACHE_TRIES = 4 /* one fails only where another CPU changed the very word */ };

enum cache_outcome {
	CACHE_OK,
	CACHE_SHARED,    /* equal key and equal header: one more reference */
	CACHE_AMBIGUOUS, /* equal key, other header */
	CACHE_FULL,      /* no slot, no lock, or the reference count is used up */
	CACHE_LATE,
	CACHE_MISS,
	CACHE_AGAIN, /* within cache.h: the word has changed, look again */
	CACHE_OTHER, /* within cache.h: the word matches, the key is another one */
};

/* One more reference for a slot with an equal key and header. The lock is held. */
static __always_inline enum cache_outcome cache_share(__u32 *position, __u32 word, struct sfc_slot *slot,
						      __u64 deadline)
{
	struct sfc_header_fields *header = slot_header(slot);

	if (!(word & SFC_WORD_SHARED)) {
		/* Before this a claim may take it, behind it a claim needs the lock: now `refs` may be written. */
		if (!index_swap(position, word, word | SFC_WORD_SHARED))
			return CACHE_AGAIN;
		header->refs = 1;
	}
	if (header->refs >= SFC_REFS_MAX)
		return CACHE_FULL;
	header->refs++;
	/* The clock is read before the lock, so another CPU may have been here with a later time. */
	if (deadline > slot->deadline)
		slot->deadline = deadline;
	return CACHE_SHARED;
}

/* A word that matches, and what it names. */
struct candidate {
	__u32 word;
	__u32 in_overflow; /* 1 = the position is one of an overflow line */
	__u32 *position;
	struct sfc_slot *slot;
	struct sfc_tail *tail;
};

/*
 * What becomes of a packet whose key may be that of the candidate. The lock is held. A stale entry is taken out: its
 * slot is the caller's then, with `lost` references.
 */
static __always_inline enum cache_outcome cache_judge(struct work *work, struct sfc_bucket *bucket,
						      const struct candidate *candidate, __u64 hold_ns, __u32 *lost)
{
	struct sfc_slot *slot = candidate->slot;
	__u32 *position = candidate->position, word = candidate->word;
	enum cache_outcome outcome;

	if (words_differ(slot->key.word, work->key.word, SFC_KEY_WORDS)) {
		outcome = CACHE_OTHER;
	} else if (work->now > slot->deadline) {
		*lost = slot_refs(slot, word);
		if (!index_take(bucket, position, word, candidate->in_overflow))
			*lost = 0;
		return CACHE_AGAIN;
	} else if (slot_header_differs(slot, candidate->tail, work)) {
		outcome = CACHE_AMBIGUOUS;
	} else {
		return cache_share(position, word, slot, work->now + hold_ns);
	}
	/* A claim may have taken the slot while it was read: then what was read says nothing. */
	return *(volatile __u32 *)position == word ? outcome : CACHE_AGAIN;
}

/* A slot that the caller owns, and whose packets will not be known when they return. */
static __always_inline void cache_drop(struct work *work, __u32 id, __u32 refs)
{
	struct sfc_slot *slot = slot_get(id);

	if (!slot)
		return;
	slot_count_lost(slot, refs, work->now);
	pool_give(id, slot, slot_header(slot)->service);
}

/* Who made room for an insert: a word in a full bucket, and whether a key in the memory did. */
static __always_inline void cache_drop_victims(struct work *work, __u32 word, __u32 forgot)
{
	__u32 id = index_slot(word);
	struct sfc_slot *slot = word ? slot_get(id) : NULL;

	if (slot)
		cache_drop(work, id, slot_refs(slot, word));
	if (forgot)
		count_references(work->header.f.service, SFC_EVENT_FORGOTTEN, 1);
}

/* Remembers work's key and header, unless it is remembered with another one. The lock is held. */
static __always_inline enum cache_outcome cache_remember(struct sfc_memory *line, const struct work *work,
							 __u32 *forgot)
{
	enum memory_outcome kept = memory_keep(line, work);

	*forgot = kept == MEMORY_FORGOT;
	return kept == MEMORY_CONFLICT ? CACHE_AMBIGUOUS : CACHE_OK;
}

/* The next word that matches. Returns whether there is one. */
static __always_inline int candidate_find(struct candidate *candidate, struct work *work, struct sfc_bucket *bucket)
{
	__u32 id;

	candidate->word = index_find(bucket, work);
	if (!candidate->word)
		return 0;
	id = index_slot(candidate->word);
	candidate->slot = slot_get(id);
	candidate->tail = bpf_map_lookup_elem(&tails, &id);
	candidate->position = index_found(bucket, work);
	candidate->in_overflow = index_in_overflow(work);
	return candidate->slot && candidate->tail && candidate->position;
}

enum { CACHE_EQUAL = 2 /* words with one fingerprint that are looked at; of more in a bucket the chance is nil */ };

/*
 * What becomes of a packet for which words may match. The lock is held, so such words go, but none comes. Returns
 * CACHE_OTHER where all that match are those of other keys.
 */
static __always_inline enum cache_outcome cache_judge_all(struct work *work, struct sfc_bucket *bucket, __u64 hold_ns,
							  struct candidate *candidate, __u32 *lost)
{
	enum cache_outcome outcome = CACHE_OTHER;

	work->index.skip = 0;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i <= CACHE_EQUAL && outcome == CACHE_OTHER; i++) {
		if (!candidate_find(candidate, work, bucket))
			return candidate->word ? CACHE_AGAIN : CACHE_OTHER;
		outcome = i < CACHE_EQUAL ? cache_judge(work, bucket, candidate, hold_ns, lost) : CACHE_AGAIN;
		index_skip(work);
	}
	return outcome;
}

/*
 * A packet comes in, and words may match its key. `id`: a slot with its key and header, or SFC_SLOT_FREE. Not static,
 * as extensions_walk. Returns CACHE_OK where the slot is in the index; CACHE_OTHER where it would be, if there were
 * one.
 */
__noinline int cache_meet(struct work *work, __u64 hold_ns, __u32 id)
{
	__u32 victim = 0, lost = 0, forgot = 0;
	enum cache_outcome outcome;
	struct candidate candidate = {};
	struct sfc_bucket *bucket;
	struct sfc_memory *line;
	__u32 number;

	if (!work)
		return CACHE_FULL;
	number = work->index.bucket;
	bucket = bpf_map_lookup_elem(&buckets, &number);
	line = memory_line(work);
	if (!bucket || !lock_take(bucket))
		return CACHE_FULL;
	outcome = cache_judge_all(work, bucket, hold_ns, &candidate, &lost);
	if (outcome == CACHE_OTHER && id != SFC_SLOT_FREE) {
		outcome = cache_remember(line, work, &forgot);
		if (outcome == CACHE_OK)
			victim = index_put(bucket, work, work->index.want | id);
	} else if (outcome == CACHE_SHARED) {
		cache_remember(line, work, &forgot);
	}
	lock_give(bucket);
	if (lost)
		cache_drop(work, index_slot(candidate.word), lost);
	cache_drop_victims(work, victim, forgot);
	return outcome;
}

/* Puts a slot with work's key and header into the index, where no word matches. */
static __always_inline enum cache_outcome cache_publish(struct work *work, struct sfc_bucket *bucket, __u32 id)
{
	__u32 victim = 0, forgot = 0;
	struct sfc_memory *line = memory_line(work);
	enum cache_outcome outcome = CACHE_AGAIN;

	if (!lock_take(bucket))
		return CACHE_FULL;
	if (!index_any(bucket, work))
		outcome = cache_remember(line, work, &forgot);
	if (outcome == CACHE_OK)
		victim = index_put(bucket, work, work->index.want | id);
	lock_give(bucket);
	cache_drop_victims(work, victim, forgot);
	return outcome;
}

/* Writes work's key and header to a slot of one's own. Returns its number, SFC_SLOT_FREE where that is none. */
static __always_inline __u32 cache_fill(struct work *work, __u32 id, __u64 hold_ns)
{
	struct sfc_slot *slot = slot_get(id);
	struct sfc_tail *tail = NULL;

	if (!slot)
		return SFC_SLOT_FREE;
	if (work->header.f.len > SFC_HEADER_INLINE)
		tail = bpf_map_lookup_elem(&tails, &id);
	slot_write(slot, tail, work, work->now + hold_ns);
	return id;
}

/*
 * Keeps work->header for the packet with work->key, for `hold_ns`. The last step of strip that can fail.
 * Returns CACHE_OK, CACHE_SHARED, CACHE_AMBIGUOUS (the packet already in the SF keeps its header) or CACHE_FULL.
 */
__noinline int cache_insert(struct work *work, __u64 hold_ns)
{
	int outcome = CACHE_AGAIN;
	struct sfc_bucket *bucket;
	__u32 id = SFC_SLOT_FREE;

	if (!work)
		return CACHE_FULL;
	work->now = clock_now();
	bucket = index_bucket(work);
	if (!bucket)
		return CACHE_FULL;
	if (sfc_config.memory_mask)
		memory_prepare(work, hold_ns);
	id = cache_fill(work, pool_take(work->header.f.service), hold_ns);
	if (id != SFC_SLOT_FREE)
		outcome = cache_publish(work, bucket, id);
	if (outcome == CACHE_OK)
		return CACHE_OK;
		/* A packet that may share a slot shall not make another one give way for nothing: so look first, and
		 * then sweep. */
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < CACHE_TRIES && (outcome == CACHE_AGAIN || outcome == CACHE_OTHER); i++) {
		int matched = index_any(bucket, work);

		if (id == SFC_SLOT_FREE && (!matched || outcome == CACHE_OTHER)) {
			if (memory_conflicts(work))
				return CACHE_AMBIGUOUS;
			id = cache_fill(work, pool_refill(work, work->header.f.service), hold_ns);
			if (id == SFC_SLOT_FREE)
				return CACHE_FULL;
		}
		outcome = cache_meet(work, hold_ns, id);
	}
	if (outcome != CACHE_OK && id != SFC_SLOT_FREE)
		cache_drop(work, id, 0);
	return outcome == CACHE_AGAIN || outcome == CACHE_OTHER ? CACHE_FULL : outcome;
}

/*
 * The slot of a packet that came back, whose word the caller has taken out. Gives the slot back.
 * The clock is read here, when the slot is owned: "after its hold time" is judged at the moment of the claim.
 */
static __always_inline enum cache_outcome cache_unpack(struct work *work, const struct candidate *candidate)
{
	struct sfc_slot *slot = candidate->slot;
	enum cache_outcome outcome = CACHE_MISS;
	__u16 service = slot_header(slot)->service;

	work->now = clock_now();
	if (words_differ(slot->key.word, work->key.word, SFC_KEY_WORDS)) {
		/* The slot had another owner since the look at its key, and an equal word. Its packet is lost, by name.
		 */
		count_references(service, SFC_EVENT_EVICTED, 1);
	} else if (work->now > slot->deadline) {
		count_references(service, SFC_EVENT_EXPIRED, 1);
		outcome = CACHE_LATE;
	} else {
		slot_read(slot, candidate->tail, work);
		outcome = CACHE_OK;
	}
	pool_give(index_slot(candidate->word), slot, service);
	return outcome;
}

/* One reference of a slot that several packets share. */
static __always_inline enum cache_outcome cache_claim_shared(const struct candidate *candidate, struct work *work,
							     struct sfc_bucket *bucket)
{
	enum cache_outcome outcome = CACHE_AGAIN;
	struct sfc_slot *slot = candidate->slot;
	__u64 deadline = 0;

	if (!lock_take(bucket))
		return CACHE_MISS;
	if (*(volatile __u32 *)candidate->position == candidate->word) {
		outcome = CACHE_OTHER;
		if (!words_differ(slot->key.word, work->key.word, SFC_KEY_WORDS)) {
			slot_read(slot, candidate->tail, work);
			deadline = slot->deadline;
			if (--slot_header(slot)->refs == 1)
				index_store(candidate->position, candidate->word & ~SFC_WORD_SHARED);
			outcome = CACHE_OK;
		}
	}
	lock_give(bucket);
	work->now = clock_now();
	if (outcome != CACHE_OK || work->now <= deadline)
		return outcome;
	count_references(work->header.f.service, SFC_EVENT_EXPIRED, 1);
	return CACHE_LATE;
}

/* One reference of the next entry that may be that of work->key. */
static __always_inline enum cache_outcome cache_claim_next(struct work *work, struct sfc_bucket *bucket)
{
	struct candidate candidate;

	if (!candidate_find(&candidate, work, bucket))
		return CACHE_MISS;
	if (candidate.word & SFC_WORD_SHARED)
		return cache_claim_shared(&candidate, work, bucket);
	/* Somebody may be writing to this slot, so equal means nothing yet; unequal saves a stranger. */
	if (words_differ(candidate.slot->key.word, work->key.word, SFC_KEY_WORDS))
		return CACHE_OTHER;
	if (!index_take(bucket, candidate.position, candidate.word, candidate.in_overflow))
		return CACHE_AGAIN;
	return cache_unpack(work, &candidate);
}

/*
 * Takes one reference of the entry with work->key. Returns CACHE_OK with the header in work->header; CACHE_LATE where
 * the entry is past its hold time (the reference is gone and counted as expired); CACHE_MISS.
 */
__noinline int cache_claim(struct work *work)
{
	struct sfc_bucket *bucket;

	if (!work)
		return CACHE_MISS;
	bucket = index_bucket(work);
	if (!bucket)
		return CACHE_MISS;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < CACHE_TRIES; i++) {
		enum cache_outcome outcome = cache_claim_next(work, bucket);

		if (outcome == CACHE_OTHER)
			index_skip(work);
		else if (outcome != CACHE_AGAIN)
			return outcome;
	}
	return CACHE_MISS;
}
