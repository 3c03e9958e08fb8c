/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Headers by their numbers, for SFs that are a kernel. kernel_mode/arrival.h gives the numbers. A number may get
 * another header later. It gets another generation then, so a ticket of the former generation is worth nothing. */
#pragma once

#include "cache/slot.h"
#include "encap/encaps.h"
#include "ticket/ticket.h"

enum {
	INTERN_WRITING = 1,
	INTERN_LEAST = SFC_HEADER_ROOM_LEAST /
		       SFC_HEADER_STEP, /* words of a header that there is always room for: twice four */
};

static __always_inline struct sfc_interned *intern_get(__u32 number)
{
	return bpf_map_lookup_elem(&headers, &number);
}

static __always_inline __u32 intern_generation(struct sfc_interned *entry)
{
	return generation_read(&entry->generation);
}

/* The words that interned headers have room for. */
static __always_inline __u32 header_words(void)
{
	return sfc_config.header_room / SFC_HEADER_STEP;
}

/* Copies a header with all the room behind its end. */
static __always_inline void words_copy_room(__u64 *to, const __u64 *from)
{
	words_copy(to, from, SFC_HEADER_META + INTERN_LEAST);
	if (header_words() > INTERN_LEAST)
		words_copy_rest(to + SFC_HEADER_META, from + SFC_HEADER_META, SFC_HEADER_MAX, INTERN_LEAST,
				SFC_HEADER_MAX / 8, header_words());
}

/* Copies the header of the ticket in `work` to work->header. Returns SFC_OK, or SFC_REASON_late where it has gone. */
static __always_inline int intern_read(struct work *work)
{
	struct sfc_interned *entry = intern_get(work->ticket.header - 1);

	if (!entry || work->ticket.generation & INTERN_WRITING || intern_generation(entry) != work->ticket.generation)
		return SFC_REASON_late;
	words_copy_room(work->header.word, entry->header.word);
	return intern_generation(entry) == work->ticket.generation ? SFC_OK : SFC_REASON_late;
}
