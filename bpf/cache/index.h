/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The index of the cache: from the hash of a key to the slot that may hold it. A word's fingerprint is a filter;
 * whoever uses a slot compares the key. Small words, so that all of the index stays in the CPU's cache: looking up a
 * word that is not there costs more than all the rest of a packet.
 */
#pragma once

#include "base/hash.h"
#include "base/maps.h"

enum { INDEX_POSITION = 15 /* mask of a position in a line: its lock has 0, its words those from 1 on */ };
static_assert(INDEX_POSITION == SFC_WORDS, "a line is a lock and words");

/* Hashes work->key: which bucket it belongs to, and what its word looks like without the slot. */
static __always_inline struct sfc_bucket *index_bucket(struct work *work)
{
	__u64 hash = hash_key(work->key.word, sfc_config.key_secret);

	/* On the BPF stack: 6.1 takes no key from a function's argument. */
	__u32 number = hash & sfc_config.bucket_mask;

	if (sfc_config.memory_mask)
		work->index.hash = hash;
	work->index.bucket = number;
	work->index.want = ((__u32)(hash >> 32) & ~(sfc_config.slot_mask | SFC_WORD_SHARED)) | SFC_WORD_USED;
	work->index.first = 1 + (((__u32)hash >> 28) * SFC_WORDS >> 4);
	work->index.skip = 0;
	return bpf_map_lookup_elem(&buckets, &number);
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

static __always_inline int index_skipped(const struct work *work, __u32 at)
{
	return work->index.skip >> (at & INDEX_POSITION) & 1;
}

/*
 * A word that matches and is not to be skipped, 0 where there is none; work->index.at is its position. The position
 * that the hash says is tried first: nearly all words are at theirs, so the CPU can foretell the way through here. Needs
 * no lock: a word is there before its packet is on its way.
 */
static __always_inline __u32 index_find(struct sfc_bucket *bucket, struct work *work)
{
	__u32 want = work->index.want, skip = work->index.skip;
	__u32 word = *(volatile __u32 *)index_at(bucket, &work->index.first);

	work->index.at = work->index.first;
	if (index_matches(word, want) && !index_skipped(work, work->index.first))
		return word;
	asm volatile("" : "+r"(bucket)); /* or clang keeps the address of every word on the BPF stack */
#pragma unroll
	for (__u32 i = 0; i < SFC_WORDS; i++) {
		word = index_read(bucket, i);
		if (index_matches(word, want) && !(skip >> (i + 1) & 1)) {
			work->index.at = i + 1;
			return word;
		}
	}
	return 0;
}

/* The word that was found there is that of another key. */
static __always_inline void index_skip(struct work *work)
{
	work->index.skip |= 1U << (work->index.at & INDEX_POSITION);
}

/* Changes the word if it is still as it was. If `new` is 0, the slot that the word named belongs to the caller then. */
static __always_inline int index_swap(__u32 *word, __u32 old, __u32 new)
{
	return __sync_val_compare_and_swap(word, old, new) == old;
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

/*
 * Puts `word` into a free position, its own if that is one. The lock is held. In a full bucket the word at its own
 * position makes room: the slot that this names is the caller's then, and the word is returned; else 0.
 */
static __always_inline __u32 index_put(struct sfc_bucket *bucket, const struct work *work, __u32 word)
{
	__u32 *own = index_at(bucket, &work->index.first);

	if (!*(volatile __u32 *)own) {
		index_store(own, word);
		return 0;
	}
	asm volatile("" : "+r"(bucket)); /* as in index_find */
#pragma unroll
	for (__u32 i = 0; i < SFC_WORDS; i++) {
		if (!index_read(bucket, i)) {
			index_store(&bucket->word[i], word);
			return 0;
		}
	}
	/* Atomically: words that are not SHARED are taken out without the lock. */
	return __sync_lock_test_and_set(own, word);
}

/*
 * Whether a word matches. The lock is held, or it is only a hint. Two at a time: what differs has no uppermost bit, so
 * only a zero, or what is above one, gets it by the subtraction. The lock beside the first word is no match, because it
 * has not SFC_WORD_USED.
 */
static __always_inline int index_any(const struct sfc_bucket *bucket, __u32 want)
{
	const __u64 ones = 1ULL << 32 | 1, tops = ones << 31;
	const __u64 mask = (__u32) ~(sfc_config.slot_mask | SFC_WORD_SHARED) * ones, both = want * ones;
	const __u64 *pair = (const __u64 *)bucket;
	__u64 found = 0;

	asm volatile("" : "+r"(pair)); /* as in index_find */
#pragma unroll
	for (__u32 i = 0; i < (SFC_WORDS + 1) / 2; i++)
		found |= ((*(const volatile __u64 *)&pair[i] ^ both) & mask) - ones;
	return (found & tops) != 0;
}

/* How many words match. The lock is held. */
static __always_inline __u32 index_count(const struct sfc_bucket *bucket, __u32 want)
{
	__u32 mask = ~(sfc_config.slot_mask | SFC_WORD_SHARED), count = 0;

	asm volatile("" : "+r"(bucket)); /* as in index_find */
#pragma unroll
	for (__u32 i = 0; i < SFC_WORDS; i++) {
		__u64 differ = (index_read(bucket, i) ^ want) & mask;

		/* Without a branch, or the verifier follows all 2^15 ways through. */
		asm volatile("" : "+r"(differ));
		count += (differ - 1) >> 63;
	}
	return count;
}
