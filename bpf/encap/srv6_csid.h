/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Compressed SIDs of the NEXT-C-SID flavor (RFC 9800): several of them in one destination. */
#pragma once

#include "encap/srv6_masquerade.h"

enum { SRV6_EXCEEDED = 0x300 /* type and code of ICMPv6, RFC 4443 3.3 */ };

/* What parse must know of a service. As one number it can be given to a function that the verifier checks once. */
struct srv6_service {
	__u8 options;  /* enum sfc_option */
	__u8 inner;    /* enum sfc_inner */
	__u8 block;    /* NEXT-C-SID: bytes of the locator block, RFC 9800 3.1 */
	__u8 function; /* and of locator node and function behind it; 0 = the SID is not compressed */
};

static __always_inline __u32 srv6_pack(const struct sfc_service *service)
{
	return service->options | (__u32)service->inner << 8 | (__u32)service->sid_block << 16 |
	       (__u32)service->sid_function << 24;
}

static __always_inline struct srv6_service srv6_unpack(__u32 packed)
{
	return (struct srv6_service){packed, packed >> 8, packed >> 16, packed >> 24};
}

/* RFC 8754 4.3, RFC 8986 4: the packet ends with `reason`, and its sender is to be told, with a pointer `at`. */
static __always_inline int srv6_fault(struct work *work, int reason, __u32 due, __u32 at)
{
	work->encap.due = due;
	work->encap.due_at = at;
	return reason;
}

/* Bits of an address, in host byte order. */
struct srv6_bits {
	__u64 high;
	__u64 low;
};

/* The ones from bit `bits` on, counted from its front. */
static __always_inline struct srv6_bits srv6_behind(__u32 bits)
{
	return (struct srv6_bits){bits < 64 ? ~0ULL >> bits : 0, bits <= 64 ? ~0ULL : ~0ULL >> ((bits - 64) & 63)};
}

/* RFC 9800 4.1, lines N05 and N06: what stands behind the block moves up to it, zeros come in. */
static __always_inline struct srv6_bits srv6_shift(struct srv6_bits was, struct srv6_bits behind, __u32 by)
{
	struct srv6_bits now;

	now.high = by < 64 ? was.high << by | was.low >> ((64 - by) & 63) : was.low << ((by - 64) & 63);
	now.low = by < 64 ? was.low << by : 0;
	now.high = (was.high & ~behind.high) | (now.high & behind.high);
	now.low = (was.low & ~behind.low) | (now.low & behind.low);
	return now;
}

/*
 * RFC 9800 4.1, lines N01 to N07: the next C-SID of the destination. Where it is this SID again, it goes as well, each
 * for a hop. Returns SFC_OK, with encap.second set where the next one is another's; or SFC_REASON_ttl.
 */
static __always_inline int srv6_compressed(struct work *work, struct srv6_service what)
{
	struct srv6_bits argument = srv6_behind((what.block + what.function) * 8), behind = srv6_behind(what.block * 8);
	__u64 *at = work->header.word + SFC_HEADER_META + SRV6_TO / 8;
	struct srv6_bits to = {bpf_be64_to_cpu(at[0]), bpf_be64_to_cpu(at[1])}, sid = to;
	__u32 hops = work->header.f.bytes[SRV6_HOPS];

#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < SRV6_SEGMENT; i++) {
		if (!(to.high & argument.high) && !(to.low & argument.low))
			break;
		if (hops <= 1)
			return srv6_fault(work, SFC_REASON_ttl, SRV6_EXCEEDED, 0);
		hops--;
		to = srv6_shift(to, behind, what.function * 8);
		if (((to.high ^ sid.high) & ~argument.high) || ((to.low ^ sid.low) & ~argument.low)) {
			work->encap.second = 1;
			break;
		}
	}
	work->header.f.bytes[SRV6_HOPS] = hops;
	at[0] = bpf_cpu_to_be64(to.high);
	at[1] = bpf_cpu_to_be64(to.low);
	return SFC_OK;
}
