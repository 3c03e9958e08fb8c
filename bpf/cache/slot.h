/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The contents of a slot, word by word. cache.h says who may read and write it. */
#pragma once

#include "base/verdict.h"

static __always_inline struct sfc_slot *slot_get(__u32 id)
{
	return bpf_map_lookup_elem(&slots, &id);
}

/* Counts references that leave the cache without a packet: `refs` packets of the slot's service will not be known when
 * they return. */
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

/* As many words as `bytes` need, at most four. Not a loop: clang leaves some of those as they are. */
static __always_inline void words_copy_four(__u64 *to, const __u64 *from, __u32 bytes)
{
	if (bytes > 0)
		to[0] = from[0];
	if (bytes > 8)
		to[1] = from[1];
	if (bytes > 16)
		to[2] = from[2];
	if (bytes > 24)
		to[3] = from[3];
}

static __always_inline __u64 words_differ_four(const __u64 *a, const __u64 *b, __u32 bytes)
{
	__u64 differ = 0;

	if (bytes > 0)
		differ |= a[0] ^ b[0];
	if (bytes > 8)
		differ |= a[1] ^ b[1];
	if (bytes > 16)
		differ |= a[2] ^ b[2];
	if (bytes > 24)
		differ |= a[3] ^ b[3];
	return differ;
}

enum { COPY_STEP = 4 /* words that are copied at once: a branch for each would take longer than those too many */ };

/*
 * The words from `first` on, where headers are longer than MPLS needs: up to `count`, and no more than there is `room`
 * for, a load-time constant. The barrier keeps clang from counting, or it makes a loop of it.
 */
static __always_inline void words_copy_rest(__u64 *to, const __u64 *from, __u32 bytes, __u32 first, __u32 count,
					    __u32 room)
{
#pragma unroll
	for (__u32 i = first; i < count; i += COPY_STEP) {
		asm volatile("" : "+r"(bytes), "+r"(room));
		if (i >= room || bytes <= i * 8)
			break;
#pragma unroll
		for (__u32 k = i; k < i + COPY_STEP && k < count; k++) {
			if (k < room)
				to[k] = from[k];
		}
	}
}

static __always_inline __u64 words_differ_rest(const __u64 *a, const __u64 *b, __u32 bytes, __u32 first, __u32 count,
					       __u32 room)
{
	__u64 differ = 0;

#pragma unroll
	for (__u32 i = first; i < count; i++) {
		asm volatile("" : "+r"(bytes), "+r"(room));
		if (i >= room || bytes <= i * 8)
			break;
		differ |= a[i] ^ b[i];
	}
	return differ;
}

static __always_inline struct sfc_header_fields *slot_header(struct sfc_slot *slot)
{
	return (struct sfc_header_fields *)slot->header;
}

/* Bytes of the header that its slot has no room for. */
static __always_inline __u32 header_tail_len(__u32 len)
{
	return len > SFC_HEADER_INLINE ? len - SFC_HEADER_INLINE : 0;
}

/* Words of a header beyond its slot: the map `tails` has four for MPLS, and more where longer headers are in use. */
static __always_inline __u32 tail_words(void)
{
	return (sfc_config.header_room - SFC_HEADER_INLINE) / SFC_HEADER_STEP;
}

enum { TAIL_LEAST = (SFC_HEADER_ROOM_LEAST - SFC_HEADER_INLINE) / SFC_HEADER_STEP };
static_assert(TAIL_LEAST == 4 && SFC_HEADER_WORDS_INLINE == 4, "words go by fours");

static __always_inline void tail_copy(__u64 *to, const __u64 *from, __u32 len)
{
	words_copy_four(to, from, header_tail_len(len));
	if (tail_words() > TAIL_LEAST)
		words_copy_rest(to, from, header_tail_len(len), TAIL_LEAST, SFC_HEADER_IN_TAIL, tail_words());
}

static __always_inline __u64 tail_differ(const __u64 *a, const __u64 *b, __u32 len)
{
	__u64 differ = words_differ_four(a, b, header_tail_len(len));

	if (tail_words() > TAIL_LEAST)
		differ |= words_differ_rest(a, b, header_tail_len(len), TAIL_LEAST, SFC_HEADER_IN_TAIL, tail_words());
	return differ;
}

/* Fills a slot of one's own with work's key and header. */
static __always_inline void slot_write(struct sfc_slot *slot, struct sfc_tail *tail, struct work *work, __u64 deadline)
{
	__u32 len = work->header.f.len;

	words_copy(slot->key.word, work->key.word, SFC_KEY_WORDS);
	slot->deadline = deadline;
	slot->bucket = work->index.bucket;
	words_copy(slot->header, work->header.word, SFC_HEADER_META);
	words_copy_four(slot->header + SFC_HEADER_META, work->header.word + SFC_HEADER_META, len);
	if (tail)
		tail_copy(tail->header, work->header.word + SFC_HEADER_IN_SLOT, len);
}

/* The slot's header goes to work. The slot must be owned, or its bucket locked and its word SHARED. */
static __always_inline void slot_read(const struct sfc_slot *slot, const struct sfc_tail *tail, struct work *work)
{
	__u32 len = ((const struct sfc_header_fields *)slot->header)->len;

	words_copy(work->header.word, slot->header, SFC_HEADER_META);
	words_copy_four(work->header.word + SFC_HEADER_META, slot->header + SFC_HEADER_META, len);
	if (len > SFC_HEADER_INLINE)
		tail_copy(work->header.word + SFC_HEADER_IN_SLOT, tail->header, len);
}

/* Whether the slot's header is not that of work. The count of references is no part of a header. */
static __always_inline __u64 slot_header_differs(const struct sfc_slot *slot, const struct sfc_tail *tail,
						 const struct work *work)
{
	__u32 len = work->header.f.len;
	__u64 differ = slot->header[0] ^ work->header.word[0];

	differ |= (slot->header[1] ^ work->header.word[1]) << 16;
	differ |= words_differ_four(slot->header + SFC_HEADER_META, work->header.word + SFC_HEADER_META, len);
	return differ | tail_differ(tail->header, work->header.word + SFC_HEADER_IN_SLOT, len);
}
