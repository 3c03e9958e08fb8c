/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Headers that have arrived before, in kernel mode. A packet with the same bytes at the same port has the same service
 * and the same header. So it skips the steps that find them, which are two thirds of the cost of strip. All bytes are
 * compared in the frame; the hash only says where to look.
 *
 * Matches, and the settings of services and SFs, do not change while the programs are attached. The ways out can
 * change, so they are checked once at each tick of the clock.
 */
#pragma once

#include "kernel_mode/strip_kernel.h"

/* With an inner packet of 14 bytes they fill the shortest Ethernet frame. */
enum { KNOWN_WORDS_SHORT = 5 };

/* The result of the search for a header that has arrived before. */
struct known {
	struct sfc_number_hint *hint; /* where numbers of headers with these bytes are, or NULL */
	struct sfc_arrival *arrival;
	__be16 ethertype;
};

/* The words behind Ethernet in the frame, or NULL where there are fewer than `words`. */
static __always_inline const __u64 *known_header_at(struct xdp_md *ctx, __u32 words)
{
	const __u64 *word = (void *)(long)ctx->data + ETH_HLEN;

	return (void *)(word + words) > (void *)(long)ctx->data_end ? NULL : word;
}

/* Whether the bytes in the frame are those of the arrival, and the sender too where it counts. */
static __always_inline int known_equal(const struct work *work, const struct known *known,
				       const struct sfc_arrival *arrival, const __u64 *word, const void *end)
{
	const __u64 *held = arrival->key.word + SFC_HEADER_META;
	__u32 last = (encap_cut(work) - 1) / SFC_HEADER_STEP;

	if (arrival->key.word[0] != sfc_arrived(work->result.port, encap_cut(work), known->ethertype))
		return 0;
	if (arrival->key.word[1] && arrival->key.word[1] != arrival_sender((const __u16 *)word - 4))
		return 0;
#pragma unroll
	for (__u32 i = 0; i < INTERN_LEAST - 1; i++) {
		asm volatile("" : "+r"(last)); /* or clang makes a count of it, and no longer unrolls */
		if (i >= last)
			break;
		if (i == KNOWN_WORDS_SHORT && (void *)(word + INTERN_LEAST) > end)
			return 0;
		if (word[i] != held[i])
			return 0;
	}
	return work->encap.last_word == held[last & (INTERN_LEAST - 1)];
}

/* Whether the number is that of the header in the frame. If so, fills known->arrival and work->ticket. */
static __always_inline int known_by(struct work *work, struct known *known, __u32 number, const __u64 *word,
				    const void *end)
{
	struct sfc_arrival *arrival = arrival_get(number);
	__u32 generation;

	if (!arrival)
		return 0;
	generation = generation_read(&arrival->generation);
	if (generation & INTERN_WRITING || !known_equal(work, known, arrival, word, end))
		return 0;
	known->arrival = arrival;
	arrival_ticket(&work->ticket, arrival, number, generation);
	return 1;
}

/* Tries the second number of the hint. */
static __noinline int known_by_other(struct xdp_md *ctx, struct work *work, struct known *known)
{
	const __u64 *word = known_header_at(ctx, KNOWN_WORDS_SHORT);

	return word && known_by(work, known, known->hint->number[1], word, (void *)(long)ctx->data_end);
}

/* Finds the arrival of a frame that is for the port `in`. Fills work->encap for an encapsulation with a glance, and
 * known->hint. */
static __always_inline int known_look(struct xdp_md *ctx, struct work *work, const struct sfc_port *in,
				      struct known *known)
{
	const __u64 *word = known_header_at(ctx, KNOWN_WORDS_SHORT);
	const void *end = (void *)(long)ctx->data_end;

	if (!word || !port_accepts(work, in, (const __u8 *)word - ETH_HLEN))
		return 0;
	known->ethertype = *((const __be16 *)word - 1);
	encap_glance(work, known->ethertype, word, end, KNOWN_WORDS_SHORT);
	if (!work->encap.cut)
		return 0;
	known->hint = arrival_hint(work->encap.hash);
	if (!known->hint)
		return 0;
	return known_by(work, known, known->hint->number[0], word, end) || known_by_other(ctx, work, known);
}

/*
 * Looks at all that may have changed. Returns whether the ways out are there, and writes down when that was so, because
 * nobody needs to ask again at the same tick of the clock. A number is not taken away within a tick, because hold times
 * are longer. If a way out is lost within the tick, its packets fare no worse than those in the kernel by then. A
 * function of its own, because it runs rarely.
 */
static __noinline int known_check(const struct work *work, struct sfc_arrival *arrival)
{
	const struct sfc_service *service;
	__u32 id = arrival->service;

	service = bpf_map_lookup_elem(&services, &id);
	if (!service || (!service->to_port && strip_kernel_ready(service)))
		return 0; /* for a kernel behind ports it is strip_ways_out that asks */
	arrival->checked = work->now;
	return 1;
}

/* Fills work->inner.version and l3_off. Returns 0 where the inner packet is not what the service carries. */
static __always_inline int known_inner(struct xdp_md *ctx, struct work *work, __u8 versions)
{
	int version;

	work->inner.l3_off = l2_len(work) + encap_cut(work);
	version = inner_version(ctx, work->inner.l3_off);
	work->inner.version = version;
	return versions >> (version & 15) & 1;
}

/* Returns whether the header of the frame is known and nothing is in the packet's way. The frame is unchanged. */
static __always_inline int strip_known(struct xdp_md *ctx, struct work *work, const struct sfc_port *in,
				       struct known *known)
{
	struct sfc_arrival *arrival;

	if (!known_look(ctx, work, in, known))
		return 0;
	arrival = known->arrival; /* 6.18 does not see that there is one: it came by way of known_by_other */
	if (!arrival || !known_inner(ctx, work, arrival->versions))
		return 0;
	work->now = clock_now();
	if ((!work->now || arrival->checked != work->now) && !known_check(work, arrival))
		return 0;
	work->result.service = arrival->service; /* the same for each arrival that ever has this number */
	work->encap.kept = arrival->kept;
	return generation_read(&arrival->generation) == work->ticket.generation;
}

/* Finds the service and the SF, which strip_ways_out and strip_cut need for a kernel behind ports. */
static __always_inline int known_service(struct work *work, struct strip *strip)
{
	__u32 id = work->result.service, sf;

	strip->service = bpf_map_lookup_elem(&services, &id);
	if (!strip->service)
		return SFC_REASON_unmatched;
	sf = strip->service->sf;
	strip->sf = bpf_map_lookup_elem(&sfs, &sf);
	return strip->sf ? SFC_OK : SFC_REASON_unmatched;
}
