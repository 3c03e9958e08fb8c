/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IPv6 extension headers (RFC 8200 4). Few packets have them, so the walk is a function of its own. */
#pragma once

#include "base/cursor.h"
#include "base/maps.h"

enum {
	NEXTHDR_HOP = 0,
	NEXTHDR_ROUTING = 43,
	NEXTHDR_FRAGMENT = 44,
	NEXTHDR_AUTH = 51,
	NEXTHDR_DEST = 60,
	EXTENSION_UNIT = 8,       /* lengths count these, and none is shorter */
	ROUTING_TYPE_SRH = 4,     /* RFC 8754 2 */
	FRAGMENT_OFFSET = 0xfff8, /* RFC 8200 4.5: behind it two reserved bits and M */
	FRAGMENT_OFFSET_M = 0xfff9,
};

/* RFC 8200 4: what stands in front of `next`. */
struct extension {
	__u8 next;
	__u8 length; /* in units of 8 bytes, without the first */
	__be16 word; /* fragment: offset and M. Routing: type in the first byte */
	__be32 id;   /* fragment */
};

static __always_inline int extensions_is_one(__u32 next)
{
	return next == NEXTHDR_HOP || next == NEXTHDR_ROUTING || next == NEXTHDR_FRAGMENT || next == NEXTHDR_DEST ||
	       next == NEXTHDR_AUTH;
}

/* RFC 4302 2.2: AH counts in 32-bit words, and two of them less. */
static __always_inline __u32 extensions_size(const struct extension *header, __u32 kind)
{
	if (kind == NEXTHDR_FRAGMENT)
		return EXTENSION_UNIT;
	if (kind == NEXTHDR_AUTH)
		return (header->length + 2) * 4;
	return (header->length + 1) * EXTENSION_UNIT;
}

/* Ends the walk: the rest is the payload of the packet, or of the fragment. */
static __always_inline void extensions_stop(struct inner *inner)
{
	inner->proto = inner->walk_next;
	inner->off = inner->walk_off;
	inner->len = inner->walk_len;
}

/* Reads one header at walk_off and moves on. Returns SFC_OK or the reason that ends the walk. */
static __always_inline int extensions_step(struct xdp_md *ctx, struct inner *inner)
{
	struct cursor cur = cursor_at(ctx, forget(&inner->walk_off, INNER_OFF_MASK));
	struct extension *header;
	__u32 size;

	if (inner->walk_len < EXTENSION_UNIT)
		return SFC_REASON_bad_inner;
	header = cursor_take(&cur, sizeof(*header));
	if (!header)
		return SFC_REASON_truncated;
	if (inner->walk_next == NEXTHDR_ROUTING && *(__u8 *)&header->word == ROUTING_TYPE_SRH) {
		if (!inner->routed) {
			inner->sfc = 1;
			return SFC_REASON_no_key;
		}
		inner->routed = 2;
	}
	size = extensions_size(header, inner->walk_next);
	if (size > inner->walk_len)
		return SFC_REASON_bad_inner;
	if (inner->walk_next == NEXTHDR_FRAGMENT && !inner->settled) {
		inner->fragment = 1;
		inner->fragment_off = header->word & bpf_htons(FRAGMENT_OFFSET_M);
		inner->fragment_id = header->id;
	}
	inner->walk_next = header->next;
	inner->walk_off += size;
	inner->walk_len -= size;
	return SFC_OK;
}

/*
 * From inner->off and ->proto to what the extension headers lead to: `settled` by AH, which has a key, or a fragment
 * header. Behind these it only looks for segment routing: RFC 8200 4.1 allows any order, and in a first fragment the
 * rest of a header may be in the next one.
 *
 * Not static: the verifier then checks it once, by itself. It assumes that `work` may be NULL.
 * Returns SFC_OK, SFC_REASON_truncated, _bad_inner, or _no_key with inner->sfc set.
 */
__noinline int extensions_walk(struct xdp_md *ctx, struct work *work)
{
	struct inner *inner;
	int reason = SFC_OK;

	if (!work)
		return SFC_REASON_no_key;
	inner = &work->inner;
	inner->walk_next = inner->proto;
	inner->walk_off = inner->off;
	inner->walk_len = inner->len;
	for (int step = 0; step < SFC_EXTENSIONS_MAX; step++) {
		int open;

		if (inner->walk_next == NEXTHDR_AUTH)
			inner->settled = 1;
		open = !inner->settled;
		reason = extensions_step(ctx, inner);
		if (reason)
			break;
		if (open)
			extensions_stop(inner);
		inner->settled |= inner->fragment;
		if (inner->fragment_off & bpf_htons(FRAGMENT_OFFSET) && inner->fragment)
			return SFC_OK;
		if (!extensions_is_one(inner->walk_next))
			return SFC_OK;
	}
	if (reason == SFC_OK) {
		inner->sfc = 1; /* longer than we read: what is behind cannot be judged */
		return SFC_REASON_no_key;
	}
	return inner->settled && reason == SFC_REASON_bad_inner ? SFC_OK : reason;
}
