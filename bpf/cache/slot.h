/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is in a slot, word by word. Who may read and write it: cache.h. */
#pragma once

#include "base/verdict.h"

static __always_inline struct sfc_slot *slot_get(__u32 id)
{
	return bpf_map_lookup_elem(&slots, &id);
}

/* What leaves the cache without a packet: `refs` packets of the slot's service will not be known when they return. */
static __always_inline void slot_count_lost(const struct sfc_slot *slot, __u32 refs, __u64 now)
{
	const struct sfc_header_fields *header = (const struct sfc_header_fields *)slot->header;

	count_references(header->service, now > slot->deadline ? SFC_EVENT_EXPIRED : SFC_EVENT_EVICTED, refs);
}

/* References of the slot that `word` names. For a SHARED one the lock must be held, or the slot owned. */
static __always_inline __u32 slot_refs(const struct sfc_slot *slot, __u32 word)
{
	return word & SFC_WORD_SHARED ? ((const struct sfc_header_fields *)slot->header)->refs : 1;
}

/* Differences are summed, not branched on: one path for the verifier. */
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

/* As many words as `bytes` need, at most `count`. */
static __always_inline void words_copy_used(__u64 *to, const __u64 *from, __u32 bytes, __u32 count)
{
#pragma unroll
	for (__u32 i = 0; i < count; i++) {
		if (bytes > i * 8)
			to[i] = from[i];
	}
}

static __always_inline __u64 words_differ_used(const __u64 *a, const __u64 *b, __u32 bytes, __u32 count)
{
	__u64 differ = 0;

#pragma unroll
	for (__u32 i = 0; i < count; i++) {
		if (bytes > i * 8)
			differ |= a[i] ^ b[i];
	}
	return differ;
}

static __always_inline struct sfc_header_fields *slot_header(struct sfc_slot *slot)
{
	return (struct sfc_header_fields *)slot->header;
}

/* Bytes of the header that its slot has no room for. */
static __always_inline __u32 header_far(__u32 len)
{
	return len > SFC_HEADER_NEAR ? len - SFC_HEADER_NEAR : 0;
}

/* Fills a slot of one's own with work's key and header. */
static __always_inline void slot_write(struct sfc_slot *slot, struct sfc_tail *tail, struct work *work, __u64 deadline)
{
	__u32 len = work->header.f.len;

	words_copy(slot->key.word, work->key.word, SFC_KEY_WORDS);
	slot->deadline = deadline;
	slot->bucket = work->bucket;
	words_copy(slot->header, work->header.word, SFC_HEADER_META);
	words_copy_used(slot->header + SFC_HEADER_META, work->header.word + SFC_HEADER_META, len,
			SFC_HEADER_WORDS_NEAR);
	if (tail)
		words_copy_used(tail->header, work->header.word + SFC_HEADER_IN_SLOT, header_far(len),
				SFC_HEADER_IN_TAIL);
}

/* The slot's header goes to work. The slot must be owned, or its bucket locked and its word SHARED. */
static __always_inline void slot_read(const struct sfc_slot *slot, const struct sfc_tail *tail, struct work *work)
{
	__u32 len = ((const struct sfc_header_fields *)slot->header)->len;

	words_copy(work->header.word, slot->header, SFC_HEADER_META);
	words_copy_used(work->header.word + SFC_HEADER_META, slot->header + SFC_HEADER_META, len,
			SFC_HEADER_WORDS_NEAR);
	if (len > SFC_HEADER_NEAR)
		words_copy_used(work->header.word + SFC_HEADER_IN_SLOT, tail->header, header_far(len),
				SFC_HEADER_IN_TAIL);
}

/* Whether the slot's header is not that of work. The count of references is no part of a header. */
static __always_inline __u64 slot_header_differs(const struct sfc_slot *slot, const struct sfc_tail *tail,
						 const struct work *work)
{
	__u32 len = work->header.f.len;
	__u64 differ = slot->header[0] ^ work->header.word[0];

	differ |= (slot->header[1] ^ work->header.word[1]) << 16;
	differ |= words_differ_used(slot->header + SFC_HEADER_META, work->header.word + SFC_HEADER_META, len,
				    SFC_HEADER_WORDS_NEAR);
	return differ | words_differ_used(tail->header, work->header.word + SFC_HEADER_IN_SLOT, header_far(len),
					  SFC_HEADER_IN_TAIL);
}
