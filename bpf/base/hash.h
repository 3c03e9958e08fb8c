/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "base/maps.h"

/* The finalizer of MurmurHash3: all bits to all bits, or numbers that count up crowd into few buckets. */
#define HASH_MIX_1 0xff51afd7ed558ccdULL
#define HASH_MIX_2 0xc4ceb9fe1a85ec53ULL

/*
 * Multilinear hash: secret initial value plus the sum of 32-bit words times secret 64-bit multipliers, modulo 2^64.
 * Without the secrets (drawn at start) nobody can build two inputs that collide, which a fixed mixing function with a
 * secret seed does not give. The multipliers are odd: a difference of one word is then never multiplied to zero, which
 * modulo 2^64 an even one could do. Sixteen multiplications do not depend on each other, so the CPU overlaps them. The
 * last step brings the well-mixed upper half to the bits that select a bucket. `count` must be a compile-time constant,
 * at most SFC_SECRETS - 1.
 */
static __always_inline __u64 hash_words(const __u32 *word, __u32 count, const volatile __u64 *secret)
{
	__u64 sum = secret[0];

#pragma unroll
	for (__u32 i = 0; i < count; i++)
		sum += word[i] * secret[i + 1];
	return sum ^ sum >> 32;
}

/*
 * The hash of a whole key, half as many multiplications: pairs of 32-bit words, each plus a secret, times each other
 * (NH, as in UMAC, RFC 4418 5.2, with 64-bit sums). It selects a bucket and a fingerprint and decides nothing, since
 * keys are compared, so an equal pair with a chance of one in 2^32 does no harm. The first word is the last to be
 * known, so it is added last. The last steps bring all bits to all bits.
 */
static __always_inline __u64 hash_key(const __u64 *word, const volatile __u64 *secret)
{
	__u64 sum = secret[2 * SFC_KEY_WORDS];

#pragma unroll
	for (__u32 i = SFC_KEY_WORDS; i-- > 0;)
		sum += ((__u32)word[i] + secret[2 * i]) * ((word[i] >> 32) + secret[2 * i + 1]);
	sum = (sum ^ sum >> 33) * HASH_MIX_1;
	return sum ^ sum >> 33;
}
