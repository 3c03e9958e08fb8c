/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds the number of the header that a packet arrived with. All packets that arrive with the same header have one
 * number (sfc_arrival_key). A hash map leads from the arrival to the number, an array leads back. A number that no
 * packet has used for longer than the hold time may be given to another arrival.
 */
#pragma once

#include "base/clock.h"
#include "path/strip.h"
#include "ticket/intern.h"

enum {
	ARRIVAL_TRIES = 8, /* numbers that are looked at for one that is free */
	ARRIVAL_LOOKS = 2, /* the second finds an arrival that another CPU has just entered */
};

static __always_inline struct sfc_arrival *arrival_get(__u32 number)
{
	return bpf_map_lookup_elem(&arrivals, &number);
}

/* The source MAC of a frame as a word of a key. The word is never zero, because zero means that the sender does not
 * count. */
static __always_inline __u64 arrival_sender(const __u16 *mac)
{
	return mac[0] | (__u64)mac[1] << 16 | (__u64)mac[2] << 32 | 1ULL << 63;
}

/* Fills work->arrival with the bytes as they arrived; glance has found their end. Returns SFC_OK or SFC_REASON_runt. */
static __always_inline int arrival_from_frame(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	const __u64 *word = (void *)(long)ctx->data + ETH_HLEN;
	const void *end = (void *)(long)ctx->data_end;
	__u32 last = (encap_cut(work) - 1) / SFC_HEADER_STEP;
	__u64 *to = work->arrival.word + SFC_HEADER_META;

	if ((void *)word > end)
		return SFC_REASON_runt;
	work->arrival.word[0] = sfc_arrived(work->result.port, encap_cut(work), strip->ethertype);
	work->arrival.word[1] =
		strip->service->egress_port == SFC_PORT_INGRESS ? arrival_sender((const __u16 *)word - 4) : 0;
#pragma unroll
	for (__u32 i = 0; i < INTERN_LEAST; i++) {
		asm volatile("" : "+r"(last)); /* or clang makes a count of it, and no longer unrolls */
		to[i] = 0;
		if (i < last) {
			if ((void *)(word + i + 1) > end)
				return SFC_REASON_runt;
			to[i] = word[i];
		}
		if (i == last)
			to[i] = work->encap.last_word;
	}
	return SFC_OK;
}

/* Fills work->arrival with the header as it will leave, where glance cannot tell headers. The words behind the header
 * are zero, because the hash map compares all words that there is room for. */
static __always_inline void arrival_from_header(struct work *work)
{
	const __u64 *word = work->header.word;
	__u32 room = header_words(), kept = work->encap.kept;

	words_copy(work->arrival.word, word, SFC_HEADER_META);
#pragma unroll
	for (__u32 i = 0; i < SFC_HEADER_MAX / SFC_HEADER_STEP; i++) {
		asm volatile("" : "+r"(room), "+r"(kept));
		if (i >= room)
			break;
		work->arrival.word[SFC_HEADER_META + i] = i * SFC_HEADER_STEP < kept ? word[SFC_HEADER_META + i] : 0;
	}
}

/* Zeroes the words of a key that glance never fills, because the hash map compares them as well. */
static __always_inline void arrival_clear_rest(struct work *work)
{
	__u32 room = header_words();

#pragma unroll
	for (__u32 i = INTERN_LEAST; i < SFC_HEADER_MAX / SFC_HEADER_STEP; i++) {
		asm volatile("" : "+r"(room));
		if (i >= room)
			break;
		work->arrival.word[SFC_HEADER_META + i] = 0;
	}
}

/* Fills work->arrival, before the frame is cut and behind strip_keep. */
static __always_inline int strip_arrival(struct xdp_md *ctx, struct work *work, const struct strip *strip)
{
	if (!strip->hint) {
		arrival_from_header(work);
		return SFC_OK;
	}
	arrival_clear_rest(work);
	return arrival_from_frame(ctx, work, strip);
}

static __always_inline int arrival_equal(const struct sfc_arrival *arrival, const struct work *work)
{
	const __u64 *held = arrival->key.word, *word = work->arrival.word;

	if (words_differ(held, word, SFC_HEADER_META + INTERN_LEAST))
		return 0;
	return header_words() <= INTERN_LEAST ||
	       !words_differ_rest(held + SFC_HEADER_META, word + SFC_HEADER_META, SFC_HEADER_MAX, INTERN_LEAST,
				  SFC_HEADER_MAX / SFC_HEADER_STEP, header_words());
}

static __always_inline void arrival_ticket(struct sfc_ticket *ticket, const struct sfc_arrival *arrival, __u32 number,
					   __u32 generation)
{
	ticket->header = number + 1;
	ticket->generation = generation;
	ticket->check = arrival->check;
}

/* Fills work->ticket if the number is that of work->arrival. Returns whether it is. Writes down that the ways out have
 * just been looked at. */
static __always_inline int arrival_holds(struct work *work, __u32 number)
{
	struct sfc_arrival *arrival = arrival_get(number);
	__u32 generation;

	if (!arrival)
		return 0;
	generation = generation_read(&arrival->generation);
	if (generation & INTERN_WRITING || !arrival_equal(arrival, work))
		return 0;
	if (arrival->checked != work->now)
		arrival->checked = work->now;
	arrival_ticket(&work->ticket, arrival, number, generation);
	return generation_read(&arrival->generation) == generation;
}

/* Takes a number that nobody has used lately. Its generation is odd then, and the number belongs to the caller. Returns
 * NULL where none is free. */
static __always_inline struct sfc_arrival *arrival_take(struct work *work, const struct strip *strip, __u32 *number)
{
	__s64 reuse_ns = sfc_reuse_ns(strip->sf->hold_ns);
	__u32 id = work->result.service, quota = strip->service->quota;
	struct sfc_pool *pool = bpf_map_lookup_elem(&pools, &id);

	if (!pool || !quota)
		return NULL;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < ARRIVAL_TRIES; i++) {
		__u32 at = strip->service->first_slot + (__u32)(__sync_fetch_and_add(&pool->hand, 1) % quota);
		struct sfc_arrival *arrival = arrival_get(at);
		__u32 generation;

		if (!arrival)
			return NULL;
		generation = generation_read(&arrival->generation);
		if (generation & INTERN_WRITING || (generation && (__s64)(work->now - arrival->checked) <= reuse_ns))
			continue;
		*number = at;
		if (__sync_val_compare_and_swap(&arrival->generation, generation, generation | INTERN_WRITING) ==
		    generation)
			return arrival;
	}
	return NULL;
}

/* Writes the data for the way back to the number's entry, and makes the entry valid. */
static __always_inline void arrival_keep_header(struct work *work, const struct sfc_service *service,
						struct sfc_interned *entry)
{
	generation_write(&entry->generation, work->ticket.generation - INTERN_WRITING);
	words_copy_room(entry->header.word, work->header.word);
	entry->way = service->egress_port || work->encap.finishes ? SFC_NONE : service->egress[0];
	entry->check = work->ticket.check;
	entry->macs_check = ticket_check(work->ticket.header, work->ticket.generation, SFC_TICKET_IN_MACS);
	if (sfc_config.mark_mask)
		entry->mark_check = ticket_check(work->ticket.header, work->ticket.generation, SFC_TICKET_IN_MARK);
	generation_write(&entry->generation, work->ticket.generation);
}

/* The IP versions of packets of this kind, an enum sfc_inner, as bits. */
static __always_inline __u8 arrival_versions(int inner)
{
	return (inner != SFC_INNER_IPV6) << 4 | (inner != SFC_INNER_IPV4) << 6;
}

/* Gives work->arrival a number of its own. Returns whether it has one: 0 also where another CPU was quicker. */
static __always_inline int arrival_add(struct work *work, const struct strip *strip)
{
	const struct sfc_service *service = strip->service;
	__u32 number = 0;
	struct sfc_arrival *arrival = arrival_take(work, strip, &number);
	struct sfc_interned *entry;

	if (!arrival)
		return 0;
	work->ticket.header = number + 1;
	work->ticket.generation = *(volatile __u32 *)&arrival->generation + INTERN_WRITING;
	work->ticket.check = ticket_check(work->ticket.header, work->ticket.generation, SFC_TICKET_IN_METADATA);
	bpf_map_delete_elem(&arrival_numbers, &arrival->key);
	entry = intern_get(number);
	if (entry)
		arrival_keep_header(work, service, entry);
	words_copy(arrival->key.word, work->arrival.word, SFC_HEADER_META + INTERN_LEAST);
	if (header_words() > INTERN_LEAST)
		words_copy_rest(arrival->key.word + SFC_HEADER_META, work->arrival.word + SFC_HEADER_META,
				SFC_HEADER_MAX, INTERN_LEAST, SFC_HEADER_MAX / SFC_HEADER_STEP, header_words());
	arrival->check = work->ticket.check;
	arrival->service = work->result.service;
	arrival->kept = work->encap.kept;
	arrival->versions = arrival_versions(strip_inner_kind(work, service));
	arrival->ported = service->to_port != SFC_NONE;
	arrival->checked = work->now;
	generation_write(&arrival->generation, work->ticket.generation);
	if (bpf_map_update_elem(&arrival_numbers, &work->arrival, &number, BPF_NOEXIST)) {
		arrival->key.word[0] = 0; /* no packet has this key, so the number can be used again */
		arrival->checked = 0;
		return 0;
	}
	return 1;
}

/* A hash like hash_words, over 64-bit words. Only the upper halves of the products are good, which is enough for the
 * position of a hint. */
static __always_inline __u32 arrival_hash(const struct work *work)
{
	const __u64 *word = work->arrival.word;
	__u32 room = header_words();
	__u64 sum = word[0] * sfc_config.key_secret[0] + word[1] * sfc_config.key_secret[1];

#pragma unroll
	for (__u32 i = 0; i < SFC_HEADER_MAX / SFC_HEADER_STEP; i++) {
		asm volatile("" : "+r"(room)); /* or clang makes a loop of it */
		if (i >= room)
			break;
		if (work->encap.kept > i * SFC_HEADER_STEP)
			sum += word[SFC_HEADER_META + i] * sfc_config.key_secret[2 + (i & 7)];
	}
	return sum >> 32;
}

/* The hint for arrivals with this hash. Another arrival may have written it, so the arrival is compared. */
static __always_inline struct sfc_number_hint *arrival_hint(__u32 hash)
{
	__u32 position = hash & sfc_config.number_mask;

	return bpf_map_lookup_elem(&number_hints, &position);
}

/*
 * Fills work->ticket for work->arrival from the hash map, or with a new number. It is a function of its own because
 * packets whose hint holds do not need it. Returns SFC_OK, or SFC_REASON_cache_full where all numbers of the service
 * are in use.
 */
static __noinline int arrival_slow(struct work *work, const struct strip *strip)
{
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < ARRIVAL_LOOKS; i++) {
		__u32 *number = bpf_map_lookup_elem(&arrival_numbers, &work->arrival);

		if (number && arrival_holds(work, *number))
			return SFC_OK;
		if (arrival_add(work, strip))
			return SFC_OK;
	}
	return SFC_REASON_cache_full;
}

/* The same, but looks at the hint first, because most packets arrive with a header that came before. */
static __always_inline int arrival_find(struct work *work, const struct strip *strip)
{
	struct sfc_number_hint *hint = strip->hint ?: arrival_hint(arrival_hash(work));
	int reason;

	if (hint && (arrival_holds(work, hint->number[0]) || arrival_holds(work, hint->number[1])))
		return SFC_OK;
	reason = arrival_slow(work, strip);
	if (!reason && hint) {
		hint->number[1] = hint->number[0];
		hint->number[0] = work->ticket.header - 1;
	}
	return reason;
}
