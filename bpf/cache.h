/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The header cache: buckets of SFC_WAYS slots, each bucket under one spin lock.
 *
 * Inserts of one bucket are serialised, or two CPUs could publish one key twice and the ambiguity would go unseen.
 * Claims take the same lock, so nobody reads a slot that is being reused. Under a BPF spin lock the verifier allows no
 * helper, no map lookup and, on 6.1, no call: everything is looked up before. The loops over the ways touch tags and
 * control words only; the one candidate's key and header are compared behind them.
 */
#pragma once

#include "clock.h"
#include "hash.h"
#include "verdict.h"

enum cache_outcome {
	CACHE_OK,
	CACHE_SHARED,    /* equal key and equal header: one more reference */
	CACHE_AMBIGUOUS, /* equal key, other header */
	CACHE_FULL,      /* the reference count is used up */
	CACHE_LATE,
	CACHE_MISS,
};

/* References that an insert pushed out, and whose they were. Counted after the lock is released. */
struct cache_victim {
	__u32 expired;
	__u32 evicted;
	__u16 service;
};

static __always_inline __u64 cache_hash(const struct work *work)
{
	return hash_words(work->key.half, 2 * SFC_KEY_WORDS, sfc_config.key_secret);
}

static __always_inline struct sfc_bucket *cache_bucket(__u64 hash)
{
	__u32 index = hash & sfc_config.bucket_mask;

	return bpf_map_lookup_elem(&cache, &index);
}

/* The way whose live or stale entry has this tag, or SFC_WAYS. There is at most one: an insert reuses it. */
static __always_inline __u32 cache_find(const struct sfc_bucket *bucket, __u64 tag)
{
	for (__u32 i = 0; i < SFC_WAYS; i++) {
		if (bucket->way[i].tag == tag && bucket->way[i].refs)
			return i;
	}
	return SFC_WAYS;
}

/* The way to use for a new entry: a free one, else the oldest stale one, else the oldest. */
static __always_inline __u32 cache_choose(const struct sfc_bucket *bucket, __u64 now)
{
	__u64 best_score = 0;
	__u32 best = 0;

	for (__u32 i = 0; i < SFC_WAYS; i++) {
		__u64 score = (__u32)(bucket->seq - bucket->way[i].seq);

		if (bucket->way[i].refs == 0)
			score |= 2ULL << 32;
		else if (now > bucket->way[i].deadline)
			score |= 1ULL << 32;
		if (score >= best_score) {
			best_score = score;
			best = i;
		}
	}
	return best;
}

/* Differences are summed, not branched on: one path for the verifier, and no timing that depends on the bytes. */
static __always_inline __u64 words_differ(const __u64 *a, const __u64 *b, __u32 count)
{
	__u64 differ = 0;

#pragma unroll
	for (__u32 i = 0; i < count; i++)
		differ |= a[i] ^ b[i];
	return differ;
}

static __always_inline void words_copy(__u64 *to, const __u64 *from, __u32 count)
{
#pragma unroll
	for (__u32 i = 0; i < count; i++)
		to[i] = from[i];
}

/* Adds a reference to a live entry, if that is the same packet with the same header. The lock is held. */
static __always_inline enum cache_outcome cache_share(struct sfc_bucket *bucket, __u32 way, const struct work *work,
						      __u64 deadline)
{
	struct sfc_slot *slot = &bucket->slot[way];

	/* Equal tags of different keys: not to be expected in a lifetime, and safe, since the newcomer is refused. */
	if (words_differ(slot->key.word, work->key.word, SFC_KEY_WORDS) ||
	    words_differ(slot->header.word, work->header.word, SFC_HEADER_WORDS))
		return CACHE_AMBIGUOUS;
	if (bucket->way[way].refs >= SFC_REFS_MAX)
		return CACHE_FULL;
	bucket->way[way].refs++;
	bucket->way[way].seq = ++bucket->seq;
	/* The clock is read before the lock, so another CPU may have been here with a later time. */
	if (deadline > bucket->way[way].deadline)
		bucket->way[way].deadline = deadline;
	return CACHE_SHARED;
}

/* Writes work's key and header over whatever the way holds. The lock is held. */
static __always_inline void cache_write(struct sfc_bucket *bucket, __u32 way, const struct work *work, __u64 tag,
					__u64 now, __u64 deadline, struct cache_victim *victim)
{
	struct sfc_slot *slot = &bucket->slot[way];
	struct sfc_way *control = &bucket->way[way];

	if (now > control->deadline)
		victim->expired = control->refs;
	else
		victim->evicted = control->refs;
	victim->service = slot->header.f.service;
	words_copy(slot->key.word, work->key.word, SFC_KEY_WORDS);
	words_copy(slot->header.word, work->header.word, SFC_HEADER_WORDS);
	control->tag = tag;
	control->deadline = deadline;
	control->seq = ++bucket->seq;
	control->refs = 1;
}

/*
 * Keeps work->header for the packet with work->key, for `hold_ns`. The last step of strip that can fail.
 * Returns CACHE_OK, CACHE_SHARED, CACHE_AMBIGUOUS (the packet already in the SF keeps its header) or CACHE_FULL.
 */
static __always_inline enum cache_outcome cache_insert(struct work *work, __u64 hold_ns)
{
	enum cache_outcome outcome = CACHE_OK;
	struct cache_victim victim = {};
	__u64 tag = cache_hash(work);
	__u64 now = clock_now();
	struct sfc_bucket *bucket = cache_bucket(tag);
	__u32 way;

	if (!bucket)
		return CACHE_FULL;
	work->now = now;
	bpf_spin_lock(&bucket->lock);
	way = cache_find(bucket, tag);
	if (way < SFC_WAYS && now <= bucket->way[way].deadline) {
		outcome = cache_share(bucket, way, work, now + hold_ns);
	} else {
		if (way >= SFC_WAYS)
			way = cache_choose(bucket, now);
		cache_write(bucket, way & (SFC_WAYS - 1), work, tag, now, now + hold_ns, &victim);
	}
	bpf_spin_unlock(&bucket->lock);
	count_references(victim.service, SFC_EVENT_EXPIRED, victim.expired);
	count_references(victim.service, SFC_EVENT_EVICTED, victim.evicted);
	return outcome;
}

/*
 * Takes one reference of the entry with work->key. Returns CACHE_OK with the header in work->header; CACHE_LATE where
 * the entry is past its hold time (the reference is gone and counted as expired); CACHE_MISS.
 */
static __always_inline enum cache_outcome cache_claim(struct work *work)
{
	enum cache_outcome outcome = CACHE_MISS;
	__u64 tag = cache_hash(work);
	__u64 now = clock_now();
	struct sfc_bucket *bucket = cache_bucket(tag);
	__u16 service = SFC_NONE;
	__u32 way;

	if (!bucket)
		return CACHE_MISS;
	work->now = now;
	bpf_spin_lock(&bucket->lock);
	way = cache_find(bucket, tag);
	if (way < SFC_WAYS) {
		struct sfc_slot *slot = &bucket->slot[way];

		if (!words_differ(slot->key.word, work->key.word, SFC_KEY_WORDS)) {
			service = slot->header.f.service;
			bucket->way[way].refs--;
			outcome = now > bucket->way[way].deadline ? CACHE_LATE : CACHE_OK;
			words_copy(work->header.word, slot->header.word, SFC_HEADER_WORDS);
		}
	}
	bpf_spin_unlock(&bucket->lock);
	if (outcome == CACHE_LATE)
		count_references(service, SFC_EVENT_EXPIRED, 1);
	return outcome;
}
