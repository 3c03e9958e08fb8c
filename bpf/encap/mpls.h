/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SR-MPLS (RFC 8660 over RFC 3032): match on the top label; advance removes it. */
#pragma once

#include <linux/if_ether.h>

#include "base/cursor.h"
#include "base/maps.h"

enum {
	MPLS_LABEL_SHIFT = 12,
	MPLS_S = 1 << 8, /* RFC 3032 2.1: bottom of stack */
	MPLS_TTL = 0xff,
	MPLS_ELI = 7,       /* RFC 6790 4.2: entropy label indicator, the next entry is the entropy label */
	MPLS_NULL_IPV4 = 0, /* RFC 3032 2.1: explicit nulls, which at the bottom say what is behind them */
	MPLS_NULL_IPV6 = 2,
	MPLS_ENTRY = 4,
	MPLS_KEPT_MAX = SFC_LABELS_MAX * MPLS_ENTRY, /* one more than can be kept: a power of two */
};

/* Whether the MAC is one of 01:00:5e:80:00:00/28, the groups of multicast MPLS (RFC 5332). */
static __always_inline int mpls_is_group(const __u8 *mac)
{
	return mac[0] == 0x01 && mac[1] == 0x00 && mac[2] == 0x5e && mac[3] >> 4 == 8;
}

/*
 * match: the label of the top entry, in the lower bits of value[0]. Returns SFC_OK, or SFC_REASON_truncated for a stack
 * that ends inside its first label.
 */
static __always_inline int mpls_match(struct xdp_md *ctx, struct work *work, __u64 *value)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const __be32 *top = cursor_take(&cur, MPLS_ENTRY);

	if (!top)
		return SFC_REASON_truncated;
	work->encap.first = bpf_ntohl(*top);
	value[0] = work->encap.first >> MPLS_LABEL_SHIFT;
	value[1] = 0;
	return SFC_OK;
}

/* Why a stack ended before an entry with S: nothing there, or part of an entry. */
static __always_inline int mpls_end_reason(const struct cursor *cur)
{
	return cur->pos == cur->end ? SFC_REASON_no_bottom : SFC_REASON_truncated;
}

/*
 * The stack as it will leave goes to work->header, the length of all of it to work->encap.cut. What leaves with the top
 * entry: an entropy pair that it exposes, both halves together (RFC 6790 4.2: an entropy label must never be on top).
 */
static __always_inline int mpls_stack(struct xdp_md *ctx, struct work *work)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	__be32 *out = (__be32 *)work->header.f.bytes;
	__u32 first = 1; /* position of the new top */
	__u32 kept = 0;

	__builtin_memset(out, 0, MPLS_KEPT_MAX);
	for (__u32 i = 0; i < SFC_LABELS_MAX; i++) {
		__be32 *at = cursor_take(&cur, MPLS_ENTRY);
		__u32 entry;

		if (!at)
			return mpls_end_reason(&cur);
		entry = bpf_ntohl(*at);
		if (i == first && entry >> MPLS_LABEL_SHIFT == MPLS_ELI) {
			if (entry & MPLS_S)
				return SFC_REASON_truncated; /* the indicator without its label */
			first += 2;
		} else if (i >= first) {
			out[kept & (MPLS_KEPT_MAX / MPLS_ENTRY - 1)] = *at;
			kept++;
		}
		if (entry & MPLS_S) {
			work->encap.cut = (i + 1) * MPLS_ENTRY;
			work->encap.kept = kept * MPLS_ENTRY;
			return SFC_OK;
		}
	}
	if (cur.pos + MPLS_ENTRY > cur.end)
		return mpls_end_reason(&cur);
	return SFC_REASON_too_many_labels;
}

/*
 * The same, two entries at a time, for stacks whose longest form would lie in the frame and that expose no entropy
 * pair. Returns 1 where that was so.
 */
static __always_inline int mpls_stack_fast(struct xdp_md *ctx, struct work *work)
{
	struct cursor cur = cursor_at(ctx, l2_len(work));
	const __be32 *entry = cursor_take(&cur, SFC_LABELS_MAX * MPLS_ENTRY);
	__u64 *out = (__u64 *)work->header.f.bytes;

	if (!entry || bpf_ntohl(entry[1]) >> MPLS_LABEL_SHIFT == MPLS_ELI)
		return 0;
#pragma unroll
	for (__u32 i = 0; i < SFC_LABELS_MAX; i += 2) {
		if (entry[i] & bpf_htonl(MPLS_S)) {
			work->encap.cut = (i + 1) * MPLS_ENTRY;
			work->encap.kept = i * MPLS_ENTRY;
			return 1;
		}
		if (entry[i + 1] & bpf_htonl(MPLS_S)) {
			out[i / 2] = entry[i + 1]; /* the last word's other half is zero */
			work->encap.cut = (i + 2) * MPLS_ENTRY;
			work->encap.kept = (i + 1) * MPLS_ENTRY;
			return 1;
		}
		if (i + 2 < SFC_LABELS_MAX)
			out[i / 2] = entry[i + 1] | (__u64)entry[i + 2] << 32;
	}
	return 0;
}

/*
 * glance: where the stack in the frame ends, two entries at a time. `pairs` of them lie in the frame. Fills
 * work->encap.cut where one of those in the frame has S, the last pair, of which only what belongs to the stack, and a
 * hash of all: good enough for a position where nothing is believed.
 */
static __always_inline void mpls_glance(struct work *work, const __u64 *pair, const void *end, __u32 pairs)
{
	const __u64 first_s = bpf_htonl(MPLS_S), any_s = first_s | first_s << 32, secret = sfc_config.key_secret[0];
	__u64 sum = 0, word;
	__u32 second;

#pragma unroll
	for (__u32 i = 0; i < SFC_LABELS_MAX / 2; i++) {
		if (i == pairs && (void *)(pair + SFC_LABELS_MAX / 2) > end)
			return;
		word = pair[i];
		if (word & any_s) {
			second = !(word & first_s);
			word = second ? word : (__u32)word;
			work->encap.cut = (2 * i + 1 + second) * MPLS_ENTRY;
			work->encap.last_word = word;
			work->encap.hash = ((sum ^ word) * secret) >> 32;
			return;
		}
		sum = (sum ^ word) * secret;
	}
}

/* RFC 3443 3.1, uniform: the hop count of the label that is on top now is that of the removed one less a hop, if that
 * is lower. */
static __always_inline void mpls_advance(struct work *work, const struct sfc_service *service, __u32 old_top)
{
	__u64 *top = (__u64 *)work->header.f.bytes; /* with the entry below it: words are loaded as they are stored */
	__u64 word = *top;
	__u32 entry = bpf_ntohl((__u32)word);
	__u32 ttl = (old_top & MPLS_TTL) - 1;

	if (service->ttl == SFC_TTL_PIPE || (entry & MPLS_TTL) <= ttl)
		return;
	*top = (word >> 32 << 32) | bpf_htonl((entry & ~MPLS_TTL) | ttl);
}

/* Whether the bottom of the stack that leaves says which IP version is behind it. `len` is the length of that stack. */
static __always_inline int mpls_says_version(const struct work *work, __u32 len)
{
	const __be32 *entry = (const __be32 *)work->header.f.bytes;
	__u32 label = bpf_ntohl(entry[(len / MPLS_ENTRY - 1) & (MPLS_KEPT_MAX / MPLS_ENTRY - 1)]) >> MPLS_LABEL_SHIFT;

	return label == MPLS_NULL_IPV4 || label == MPLS_NULL_IPV6;
}

/*
 * parse: the whole stack, and the one that will leave, which is canonical as it is: nothing in it is computed at
 * return, but for an explicit null behind which a kernel may change the IP version. Fills work->encap (kept is 0 where
 * nothing is left and the packet leaves bare) and the bytes of work->header. MPLS does not say what it carries (RFC
 * 4928 2). A top entry whose hops are used up ends the packet before anything else.
 */
static __always_inline int mpls_parse(struct xdp_md *ctx, struct work *work, const struct sfc_service *service)
{
	__u32 old_top = work->encap.first;
	int reason;

	work->encap.inner = SFC_INNER_IP;
	if ((old_top & MPLS_TTL) <= 1)
		return SFC_REASON_ttl;
	if (!mpls_stack_fast(ctx, work)) {
		reason = mpls_stack(ctx, work);
		if (reason)
			return reason;
	}
	if (work->encap.kept == 0) {
		work->encap.hops = service->ttl == SFC_TTL_PIPE ? 0 : (old_top & MPLS_TTL) - 1;
		return service->last_label == SFC_LAST_LABEL_PLAIN ? SFC_OK : SFC_REASON_last_label;
	}
	mpls_advance(work, service, old_top);
	if (sfc_config.kernel_mode && (service->options & SFC_OPTION_KERNEL))
		work->encap.finishes = mpls_says_version(work, work->encap.kept);
	return SFC_OK;
}

enum { mpls_masks = 0 };

/* finish: a kernel may have made IPv6 of IPv4 or wrapped one in the other, so an explicit null at the bottom becomes
 * that of the packet behind it. An SF in user mode returns the version that it got, because the key has it. */
static __always_inline int mpls_finish(struct xdp_md *ctx, struct work *work, const struct sfc_service *service)
{
	__u32 len = *(volatile __u16 *)&work->header.f.len & CUT_MASK;
	struct cursor cur = cursor_at(ctx, l2_len(work) + len - MPLS_ENTRY);
	__be32 *bottom = cursor_take(&cur, MPLS_ENTRY);
	const __u8 *first = cursor_take(&cur, 1);
	__u32 label;

	if (!sfc_config.kernel_mode || !(service->options & SFC_OPTION_KERNEL) || !mpls_says_version(work, len))
		return SFC_OK;
	if (!bottom || !first)
		return SFC_REASON_truncated;
	label = *first >> 4 == 6 ? MPLS_NULL_IPV6 : MPLS_NULL_IPV4;
	*bottom = (*bottom & bpf_htonl((1 << MPLS_LABEL_SHIFT) - 1)) | bpf_htonl(label << MPLS_LABEL_SHIFT);
	return SFC_OK;
}
