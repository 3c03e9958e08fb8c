/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One number for all packets with an equal header: what an SF needs that is the stack of this host. A map from header
 * to number, and an array the other way. A number that no packet has used for twice the hold time may get another
 * header, and another generation: whoever has a ticket of the one before gets nothing for it.
 */
#pragma once

#include "base/clock.h"
#include "base/hash.h"
#include "cache/slot.h"
#include "encap/encaps.h"
#include "ticket/ticket.h"

enum {
	INTERN_TRIES = 8, /* numbers that are looked at for one that is free */
	INTERN_LOOKS = 2, /* a second one where another CPU has just entered the same header */
	INTERN_WRITING = 1,
	INTERN_LEAST = SFC_HEADER_ROOM_LEAST /
		       SFC_HEADER_STEP, /* words of a header that there is always room for: twice four */
};

static __always_inline struct sfc_interned *intern_get(__u32 number)
{
	return bpf_map_lookup_elem(&headers, &number);
}

/* In order with the loads of the header around it. x86 loads in order; elsewhere an atomic does. */
static __always_inline __u32 intern_generation(struct sfc_interned *entry)
{
	__u32 generation;

	asm volatile("" ::: "memory");
	if (sfc_config.weak_order)
		generation = __sync_fetch_and_add(&entry->generation, 0);
	else
		generation = *(volatile __u32 *)&entry->generation;
	asm volatile("" ::: "memory");
	return generation;
}

/* Behind what was written to the entry, as index_store. */
static __always_inline void intern_publish(struct sfc_interned *entry, __u32 generation)
{
	asm volatile("" ::: "memory");
	if (sfc_config.weak_order)
		__sync_lock_test_and_set(&entry->generation, generation);
	else
		*(volatile __u32 *)&entry->generation = generation;
}

/* Words of a header that interned ones have room for. */
static __always_inline __u32 header_words(void)
{
	return sfc_config.header_room / SFC_HEADER_STEP;
}

/* A header with all that there is room for behind its end. */
static __always_inline void words_copy_room(__u64 *to, const __u64 *from)
{
	words_copy(to, from, SFC_HEADER_META + INTERN_LEAST);
	if (header_words() > INTERN_LEAST)
		words_copy_rest(to + SFC_HEADER_META, from + SFC_HEADER_META, SFC_HEADER_MAX, INTERN_LEAST,
				SFC_HEADER_MAX / 8, header_words());
}

/* Whether the entry has work->header. What is behind a header's end says nothing. */
static __always_inline int intern_equal(const struct sfc_interned *entry, const struct work *work)
{
	const __u64 *word = work->header.word, *held = entry->header.word;
	__u32 kept = work->encap.kept;

	if (words_differ(held, word, SFC_HEADER_META))
		return 0;
	held += SFC_HEADER_META;
	word += SFC_HEADER_META;
	if (words_differ_four(held, word, kept) | words_differ_four(held + 4, word + 4, header_far(kept)))
		return 0;
	return header_words() <= INTERN_LEAST ||
	       !words_differ_rest(held, word, kept, INTERN_LEAST, SFC_HEADER_MAX / 8, header_words());
}

/* The ticket for work->header, if that is what the number stands for. Returns whether it is. */
static __always_inline int intern_holds(struct work *work, __u32 number, __u64 hold_ns)
{
	struct sfc_interned *entry = intern_get(number);
	__u32 generation;

	if (!entry)
		return 0;
	generation = intern_generation(entry);
	if (generation & INTERN_WRITING || !intern_equal(entry, work))
		return 0;
	/* Now and then is enough, and leaves the line to all CPUs. */
	if ((__s64)(work->now - entry->used) > (__s64)(hold_ns / 4))
		entry->used = work->now;
	work->ticket.header = number + 1;
	work->ticket.generation = generation;
	work->ticket.check = entry->check;
	return intern_generation(entry) == generation;
}

/* Takes a number that nobody has used lately; its generation is odd then, and it is the caller's. NULL: there is none.
 */
static __always_inline struct sfc_interned *intern_take(struct work *work, const struct sfc_service *service,
							__u64 hold_ns, __u32 *number)
{
	__u32 id = work->result.service;
	struct sfc_pool *pool = bpf_map_lookup_elem(&pools, &id);
	__u32 quota = service->quota;

	if (!pool || !quota)
		return NULL;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < INTERN_TRIES; i++) {
		__u32 at = service->first_slot + (__u32)(__sync_fetch_and_add(&pool->hand, 1) % quota);
		struct sfc_interned *entry = intern_get(at);
		__u32 generation;

		if (!entry)
			return NULL;
		generation = intern_generation(entry);
		if (generation & INTERN_WRITING ||
		    (generation && (__s64)(work->now - entry->used) <= (__s64)(hold_ns + hold_ns / 4)))
			continue;
		*number = at;
		if (__sync_val_compare_and_swap(&entry->generation, generation, generation | INTERN_WRITING) ==
		    generation)
			return entry;
	}
	return NULL;
}

/* Gives work->header a number of its own. Returns whether it has one; not where another CPU was quicker, either. */
static __always_inline int intern_add(struct work *work, const struct sfc_service *service, __u64 hold_ns)
{
	__u32 number = 0, generation;
	struct sfc_interned *entry = intern_take(work, service, hold_ns, &number);

	if (!entry)
		return 0;
	generation = *(volatile __u32 *)&entry->generation + INTERN_WRITING;
	bpf_map_delete_elem(&header_numbers, &entry->header);
	words_copy_room(entry->header.word, work->header.word);
	entry->used = work->now;
	entry->way = service->egress_port || encap_finishes(service->encap) ? SFC_NONE : service->egress[0];
	work->ticket.header = number + 1;
	work->ticket.generation = generation;
	work->ticket.check = ticket_check(&work->ticket);
	entry->check = work->ticket.check;
	intern_publish(entry, generation);
	if (bpf_map_update_elem(&header_numbers, &work->header, &number, BPF_NOEXIST)) {
		entry->header.f.service = SFC_NONE; /* no header is equal to this one: the number can be used again */
		entry->used = 0;
		return 0;
	}
	return 1;
}

/*
 * As hash_words, with 64-bit words, of which only the upper halves of the products are good: enough for a place where
 * nothing is believed.
 */
static __always_inline __u64 intern_hash(const struct work *work)
{
	const __u64 *word = work->header.word;
	__u32 room = header_words();
	__u64 sum = word[0] * sfc_config.key_secret[0] + word[1] * sfc_config.key_secret[1];

#pragma unroll
	for (__u32 i = 0; i < SFC_HEADER_MAX / 8; i++) {
		asm volatile("" : "+r"(room)); /* or clang makes a loop of it */
		if (i < room && work->encap.kept > i * 8)
			sum += word[SFC_HEADER_META + i] * sfc_config.key_secret[2 + (i & 7)];
	}
	return sum;
}

/* Where the number of work->header was found last; whoever wrote it, the entry is compared. */
static __always_inline __u32 *intern_near(const struct work *work)
{
	__u32 place = (__u32)(intern_hash(work) >> 32) & (SFC_NEAR_HEADERS - 1);

	return bpf_map_lookup_elem(&near_numbers, &place);
}

/*
 * Fills work->ticket for work->header, whose unused bytes must be zero. A function of its own: it is not on the way of
 * packets that intern_near knows. Returns SFC_OK, or SFC_REASON_cache_full where all numbers of the service are in use.
 */
static __noinline int intern_far(struct work *work, const struct sfc_service *service, __u64 hold_ns)
{
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < INTERN_LOOKS; i++) {
		__u32 *number = bpf_map_lookup_elem(&header_numbers, &work->header);

		if (number && intern_holds(work, *number, hold_ns))
			return SFC_OK;
		if (intern_add(work, service, hold_ns))
			return SFC_OK;
	}
	return SFC_REASON_cache_full;
}

/* The header's unused words: the map looks it up whole. */
static __always_inline void intern_clear(struct work *work)
{
	__u32 room = header_words();

#pragma unroll
	for (__u32 i = 0; i < SFC_HEADER_MAX / 8; i++) {
		asm volatile("" : "+r"(room));
		if (i < room && i * 8 >= work->encap.kept)
			work->header.word[SFC_HEADER_META + i] = 0;
	}
}

/* The same, for a header that most packets have had before. */
static __always_inline int intern_header(struct work *work, const struct sfc_service *service, __u64 hold_ns)
{
	__u32 *near = intern_near(work);
	int reason;

	if (near && intern_holds(work, *near, hold_ns))
		return SFC_OK;
	intern_clear(work);
	reason = intern_far(work, service, hold_ns);
	if (!reason && near)
		*near = work->ticket.header - 1;
	return reason;
}

/* The header that the ticket in work is for goes to work->header. Returns SFC_OK, or SFC_REASON_late where it has gone.
 */
static __always_inline int intern_read(struct work *work)
{
	struct sfc_interned *entry = intern_get(work->ticket.header - 1);

	if (!entry || work->ticket.generation & INTERN_WRITING || intern_generation(entry) != work->ticket.generation)
		return SFC_REASON_late;
	words_copy_room(work->header.word, entry->header.word);
	return intern_generation(entry) == work->ticket.generation ? SFC_OK : SFC_REASON_late;
}
