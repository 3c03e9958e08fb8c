/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "base/cursor.h"
#include "base/maps.h"

enum {
	TCPOPT_END = 0,
	TCPOPT_NOP = 1,
	TCPOPT_TIMESTAMP = 8,
	TCPOLEN_TIMESTAMP = 10,
	TIMESTAMP_FIRST =
		0x0101080a, /* NOP, NOP, timestamp, length 10: nearly every data segment, RFC 7323 appendix A */
};

/*
 * The rare layouts: walks the `len` bytes of options at `off` in a copy, to the first timestamps. The offset lives in
 * memory and not in a register: the verifier then sees forty equal states and not two to the power of forty ranges.
 * Not static, as extensions_walk.
 */
__noinline int options_walk(struct xdp_md *ctx, struct work *work, __u32 off, __u32 len)
{
	struct sfc_key_fields *key;

	if (!work)
		return SFC_REASON_truncated;
	key = &work->key.f;
	/* The caller has seen to it; the verifier wants to see it here. */
	if (len < TCPOLEN_TIMESTAMP || len > SFC_TCP_OPTIONS_MAX)
		return SFC_OK;
	if (bpf_xdp_load_bytes(ctx, off, work->options, len))
		return SFC_REASON_truncated;
	work->option = 0;
	for (int step = 0; step < SFC_TCP_OPTIONS_MAX; step++) {
		__u32 at = forget(&work->option, 63);
		__u32 kind, size;

		if (at >= len || at >= SFC_TCP_OPTIONS_MAX)
			break;
		kind = work->options[at];
		size = kind == TCPOPT_NOP ? 1 : work->options[at + 1];
		if (kind == TCPOPT_END || size == 0 || (kind != TCPOPT_NOP && size < 2) || at + size > len)
			break;
		if (kind == TCPOPT_TIMESTAMP && size == TCPOLEN_TIMESTAMP) {
			__builtin_memcpy(&key->u.tcp.tsval, &work->options[at + 2], 4);
			__builtin_memcpy(&key->u.tcp.tsecr, &work->options[at + 6], 4);
			break;
		}
		*(volatile __u32 *)&work->option = at + size;
	}
	return SFC_OK;
}

/*
 * Puts TSval and TSecr of the `len` bytes of TCP options at `off` into the key, or leaves zero where there are none.
 * `len` is a multiple of four.
 */
static __always_inline int options_tcp_timestamps(struct xdp_md *ctx, struct work *work, __u32 off, __u32 len)
{
	struct cursor cur = cursor_at(ctx, off);
	__be32 *first = cursor_take(&cur, 12);

	if (len < TCPOLEN_TIMESTAMP)
		return SFC_OK;
	if (first && first[0] == bpf_htonl(TIMESTAMP_FIRST)) {
		work->key.f.u.digest = *(__u64 *)&first[1]; /* both in one word, as they will be loaded */
		return SFC_OK;
	}
	return options_walk(ctx, work, off, len);
}
