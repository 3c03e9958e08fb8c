/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The digest of a payload's first bytes, for packets that headers alone do not tell apart. */
#pragma once

#include "base/cursor.h"
#include "base/hash.h"
#include "base/maps.h"

enum { DIGEST_LONG = 0x100 /* beside enum sfc_key_part: 128 bytes */ };

/* Two words of a payload in hash_words, and their secrets. */
static __always_inline __u64 digest_term(__u64 words, const volatile __u64 *secret)
{
	return (__u32)words * secret[0] + (words >> 32) * secret[1];
}

/*
 * Fills the digest as hash_words does of zero-extended bytes, to which zeros add nothing. The last 1 to 7 bytes are the
 * end of eight, because headers stand in front of every payload. Returns 0 where not all are in the linear part.
 */
static __always_inline int digest_there(struct xdp_md *ctx, struct work *work, __u32 off, __u32 len)
{
	const volatile __u64 *secret = sfc_config.digest_secret + 1;
	struct cursor cur = cursor_at(ctx, off & INNER_OFF_MASK); /* it is less, but 6.1 wants to see that */
	__u32 at = len / 8 % (SFC_DIGEST_BYTES / 8), rest = len % 8;
	__u64 sum = sfc_config.digest_secret[0];
	const __u64 *words;

#pragma unroll
	for (__u32 i = 0; i < SFC_DIGEST_BYTES / 8; i++) {
		if (len < (i + 1) * 8)
			break;
		words = cursor_take(&cur, 8);
		if (!words)
			return 0;
		sum += digest_term(*words, secret + 2 * i);
	}
	if (rest) {
		cur = cursor_at(ctx, (off + len - 8) & INNER_OFF_MASK);
		words = cursor_take(&cur, 8);
		if (!words)
			return 0;
		sum += digest_term(*words >> (64 - 8 * rest), secret + 2 * at);
	}
	work->key.f.u.digest = sum ^ sum >> 32;
	return 1;
}

/* Payloads that end early, or lie beyond the linear part, zero-extended; the latter in a copy. Not static, as
 * extensions_walk. */
__noinline int digest_short(struct xdp_md *ctx, struct work *work, __u32 off, __u32 len)
{
	if (!work)
		return SFC_REASON_truncated;
	if (len > SFC_DIGEST_BYTES)
		len = SFC_DIGEST_BYTES;
	if (digest_there(ctx, work, off, len))
		return SFC_OK;
	__builtin_memset(work->digest, 0, sizeof(work->digest));
	/* Some are missing, so len is not 0, which 6.1 does not learn from a comparison; less one, masked, plus one is
	 * 1 to 64 to it. */
	len--;
	asm volatile("" : "+r"(len));
	len &= SFC_DIGEST_BYTES - 1;
	if (bpf_xdp_load_bytes(ctx, off, work->digest, len + 1))
		return SFC_REASON_truncated;
	work->key.f.u.digest = hash_words(work->digest, SFC_DIGEST_BYTES / 4, sfc_config.digest_secret);
	return SFC_OK;
}

/*
 * Puts the digest of the `len` bytes at `off` into the key. `off` is at most INNER_OFF_MASK and a few bytes. Full 64
 * bytes are hashed where they are, without a copy.
 */
static __always_inline int digest_payload(struct xdp_md *ctx, struct work *work, __u32 off, __u32 len)
{
	struct cursor cur = cursor_at(ctx, off);
	const __u32 *payload;

	if (len < SFC_DIGEST_BYTES)
		return digest_short(ctx, work, off, len);
	payload = cursor_take(&cur, SFC_DIGEST_BYTES);
	if (!payload)
		return digest_short(ctx, work, off, len);
	asm volatile("" : "+r"(payload)); /* the pointer that was checked, and not its sum made anew */
	work->key.f.u.digest = hash_words(payload, SFC_DIGEST_BYTES / 4, sfc_config.digest_secret);
	return SFC_OK;
}

/* Of the next 64 bytes too, by a secret of their own: what tells two packets in a tunnel apart often stands there.
 * Not static, as extensions_walk. */
__noinline int digest_next(struct xdp_md *ctx, struct work *work, __u32 off, __u32 len)
{
	__u64 first;
	int reason;

	if (!work)
		return SFC_REASON_truncated;
	first = work->key.f.u.digest;
	reason = digest_short(ctx, work, off, len);
	work->key.f.u.digest = first + work->key.f.u.digest * sfc_config.key_secret[0];
	return reason;
}

/* digest_payload, of up to 128 bytes. */
static __always_inline int digest_tunnel(struct xdp_md *ctx, struct work *work, __u32 off, __u32 len)
{
	int reason = digest_payload(ctx, work, off, len);

	if (reason || len <= SFC_DIGEST_BYTES)
		return reason;
	return digest_next(ctx, work, off + SFC_DIGEST_BYTES, len - SFC_DIGEST_BYTES);
}

/*
 * What the SF's settings leave of a payload: `len` bytes at `off` for the digest, `length` for the key. `parts` is a
 * set of enum sfc_key_part.
 */
static __always_inline int digest_key(struct xdp_md *ctx, struct work *work, __u32 parts, __u32 off, __u32 len,
				      __u32 length)
{
	if (parts & SFC_PART_LENGTH)
		work->key.f.length = length;
	if (!(parts & SFC_PART_DIGEST))
		return SFC_OK;
	return parts & DIGEST_LONG ? digest_tunnel(ctx, work, off, len) : digest_payload(ctx, work, off, len);
}
