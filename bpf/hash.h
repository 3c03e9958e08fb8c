/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "maps.h"

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
