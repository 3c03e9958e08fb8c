/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The index of the cache: from the hash of a key to the slot that may hold it. A word's fingerprint is a filter;
 * whoever uses a slot compares the key. Small words, and few buckets, so that they stay in the CPU's own cache: looking
 * up a word that is not there costs more than all the rest of a packet. Words that a bucket has no room for go to an
 * overflow line; the bucket's lock counts them, so nobody looks there in vain.
 */
#pragma once

#include "base/hash.h"
#include "base/maps.h"

enum index_position {
	INDEX_POSITION = 15, /* mask of a position in a line: its lock has 0, its words those from 1 on */
	INDEX_OVERFLOW = 16, /* the line is an overflow line */
	INDEX_POSITIONS = INDEX_OVERFLOW | INDEX_POSITION
};
static_assert(sizeof(struct sfc_bucket) == (INDEX_POSITION + 1) * sizeof(__u32), "a line has 16 positions");

/* Hashes work->key: which bucket it belongs to, and what its word looks like without the slot. */
static __always_inline struct sfc_bucket *index_bucket(struct work *work)
{
	__u64 hash = hash_key(work->key.word, sfc_config.key_secret);

	/* On the BPF stack: 6.1 takes no key from a function's argument. */
	__u32 number = hash & sfc_config.bucket_mask;

	if (sfc_config.memory_mask)
		work->index.hash = hash;
	if (sfc_config.overflow_mask)
		work->index.overflow = sfc_config.bucket_mask + 1 + ((__u32)hash & sfc_config.overflow_mask);
	work->index.bucket = number;
	work->index.want = ((__u32)(hash >> 32) & ~(sfc_config.slot_mask | SFC_WORD_SHARED)) | SFC_WORD_USED;
	work->index.first = 1 + (((__u32)hash >> 28) * SFC_WORDS >> 4);
	work->index.skip = 0;
	return bpf_map_lookup_elem(&buckets, &number);
}

/* The overflow line of work's key. */
static __always_inline struct sfc_bucket *index_overflow(const struct work *work)
{
	__u32 number = work->index.overflow;

	return bpf_map_lookup_elem(&buckets, &number);
}

/* Whether words of the bucket are in overflow lines. A packet in the SF has been counted before it went there. */
static __always_inline int index_overflows(const struct sfc_bucket *bucket)
{
	return sfc_config.overflow_mask && *(const volatile __u32 *)&bucket->lock >= SFC_LOCK_OVERFLOW;
}

static __always_inline __u32 index_read(const struct sfc_bucket *bucket, __u32 at)
{
	return *(const volatile __u32 *)&bucket->word[at];
}

/*
 * A position of the bucket's line. It goes through memory, so that the verifier does not go on with fifteen different
 * ones, and is masked behind a barrier, or clang adds first and masks then.
 */
static __always_inline __u32 *index_at(struct sfc_bucket *bucket, const __u32 *position)
{
	__u32 at = *(const volatile __u32 *)position & INDEX_POSITION;

	asm volatile("" : "+r"(at));
	return (__u32 *)bucket + at;
}

static __always_inline int index_matches(__u32 word, __u32 want)
{
	return ((word ^ want) & ~(sfc_config.slot_mask | SFC_WORD_SHARED)) == 0;
}

static __always_inline __u32 index_slot(__u32 word)
{
	return word & sfc_config.slot_mask;
}

/*
 * A word of the line that matches and is not to be skipped, 0 where there is none; work->index.at is its position. The
 * position that the hash says is tried first: nearly all words are at theirs, so the CPU can foretell the way through
 * here. Needs no lock: a word is there before its packet is on its way.
 */
static __always_inline __u32 index_find_line(struct sfc_bucket *line, struct work *work, __u32 skip)
{
	__u32 want = work->index.want, first = work->index.first;
	__u32 word = *(volatile __u32 *)index_at(line, &work->index.first);

	work->index.at = first;
	if (index_matches(word, want) && !(skip >> (first & INDEX_POSITION) & 1))
		return word;
	asm volatile("" : "+r"(line)); /* or clang keeps the address of every word on the BPF stack */
#pragma unroll
	for (__u32 i = 0; i < SFC_WORDS; i++) {
		word = index_read(line, i);
		if (index_matches(word, want) && !(skip >> (i + 1) & 1)) {
			work->index.at = i + 1;
			return word;
		}
	}
	return 0;
}

/* The same in the overflow line. Not static, as extensions_walk. */
__noinline __u32 index_find_overflow(struct work *work)
{
	struct sfc_bucket *line = work ? index_overflow(work) : NULL;
	__u32 word;

	if (!line)
		return 0;
	word = index_find_line(line, work, work->index.skip >> INDEX_OVERFLOW);
	work->index.at |= INDEX_OVERFLOW;
	return word;
}

/* The same in the bucket, and then in its overflow line. */
static __always_inline __u32 index_find(struct sfc_bucket *bucket, struct work *work)
{
	__u32 word = index_find_line(bucket, work, work->index.skip);

	return word || !index_overflows(bucket) ? word : index_find_overflow(work);
}

static __always_inline int index_in_overflow(const struct work *work)
{
	return sfc_config.overflow_mask && work->index.at & INDEX_OVERFLOW;
}

/* The position that index_find found. */
static __always_inline __u32 *index_found(struct sfc_bucket *bucket, const struct work *work)
{
	struct sfc_bucket *line = index_in_overflow(work) ? index_overflow(work) : bucket;

	return line ? index_at(line, &work->index.at) : NULL;
}

/* The word that was found there is that of another key. */
static __always_inline void index_skip(struct work *work)
{
	work->index.skip |= 1U << (work->index.at & INDEX_POSITIONS);
}

/* Changes the word if it is still as it was. */
static __always_inline int index_swap(__u32 *word, __u32 old, __u32 new)
{
	return __sync_val_compare_and_swap(word, old, new) == old;
}

/* Takes the word out if it is still as it was: the slot that it named belongs to the caller then. */
static __always_inline int index_take(struct sfc_bucket *bucket, __u32 *word, __u32 old, __u32 in_overflow)
{
	if (!index_swap(word, old, 0))
		return 0;
	if (in_overflow)
		__sync_fetch_and_sub(&bucket->lock, SFC_LOCK_OVERFLOW);
	return 1;
}

/* A CPU that sees the word must also see everything that was written to the slot before. x86 keeps the order of stores;
 * elsewhere an atomic exchange does (BPF has no other barrier before 6.14). */
static __always_inline void index_store(__u32 *word, __u32 value)
{
	asm volatile("" ::: "memory");
	if (sfc_config.weak_order)
		__sync_lock_test_and_set(word, value);
	else
		*(volatile __u32 *)word = value;
}

/* Puts `word` into a free position of the line, its own if that is one. Returns whether there was one. */
static __always_inline int index_put_line(struct sfc_bucket *line, const struct work *work, __u32 word)
{
	__u32 *own = index_at(line, &work->index.first);

	if (!*(volatile __u32 *)own) {
		index_store(own, word);
		return 1;
	}
	asm volatile("" : "+r"(line)); /* as in index_find_line */
#pragma unroll
	for (__u32 i = 0; i < SFC_WORDS; i++) {
		if (!index_read(line, i)) {
			index_store(&line->word[i], word);
			return 1;
		}
	}
	return 0;
}

/* In a full line the word at the position that the hash says makes room. Atomically: words that are not SHARED are
 * taken out without the lock. */
static __always_inline __u32 index_replace(struct sfc_bucket *line, const struct work *work, __u32 word)
{
	return __sync_lock_test_and_set(index_at(line, &work->index.first), word);
}

/* index_put where the bucket is full. Its slot has to say where the word is, and it is counted before it is there. Not
 * static, as extensions_walk. */
__noinline __u32 index_put_overflow(struct work *work, __u32 word)
{
	__u32 number, id = index_slot(word), victim;
	struct sfc_bucket *bucket, *line;
	struct sfc_slot *slot;

	if (!work)
		return word;
	number = work->index.bucket;
	bucket = bpf_map_lookup_elem(&buckets, &number);
	line = index_overflow(work);
	slot = bpf_map_lookup_elem(&slots, &id);
	if (!bucket || !line || !slot)
		return word;
	*(volatile __u32 *)&slot->bucket = work->index.overflow;
	__sync_fetch_and_add(&bucket->lock, SFC_LOCK_OVERFLOW);
	if (index_put_line(line, work, word))
		return 0;
	victim = index_replace(line, work, word);
	if (victim) /* a claim may have been quicker, and has counted it out */
		__sync_fetch_and_sub(&bucket->lock, SFC_LOCK_OVERFLOW);
	return victim;
}

/*
 * Puts `word` into the bucket, or into its overflow line if it is full. The lock is held. Where both are full another
 * word makes room: the slot that this names is the caller's then, and the word is returned; else 0.
 */
static __always_inline __u32 index_put(struct sfc_bucket *bucket, struct work *work, __u32 word)
{
	if (index_put_line(bucket, work, word))
		return 0;
	return sfc_config.overflow_mask ? index_put_overflow(work, word) : index_replace(bucket, work, word);
}

/*
 * Whether a word of the line matches. Two at a time: what differs has no uppermost bit, so only a zero, or what is
 * above one, gets it by the subtraction. The lock beside the first word is no match, because it has not SFC_WORD_USED.
 */
static __always_inline int index_any_line(const struct sfc_bucket *line, __u32 want)
{
	const __u64 ones = 1ULL << 32 | 1, tops = ones << 31;
	const __u64 mask = (__u32) ~(sfc_config.slot_mask | SFC_WORD_SHARED) * ones, both = want * ones;
	const __u64 *pair = (const __u64 *)line;
	__u64 found = 0;

	asm volatile("" : "+r"(pair)); /* as in index_find_line */
#pragma unroll
	for (__u32 i = 0; i < (SFC_WORDS + 1) / 2; i++)
		found |= ((*(const volatile __u64 *)&pair[i] ^ both) & mask) - ones;
	return (found & tops) != 0;
}

/* The same of the overflow line. Not static, as extensions_walk. */
__noinline int index_any_overflow(struct work *work)
{
	struct sfc_bucket *line = work ? index_overflow(work) : NULL;

	return line && index_any_line(line, work->index.want);
}

/* Whether a word matches. The lock is held, or it is only a hint. */
static __always_inline int index_any(const struct sfc_bucket *bucket, struct work *work)
{
	return index_any_line(bucket, work->index.want) || (index_overflows(bucket) && index_any_overflow(work));
}
