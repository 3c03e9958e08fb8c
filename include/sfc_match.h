/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Matches: which service a packet at a domain port belongs to. Part of sfc_abi.h, which includes it. */
#pragma once

/* The value that selects a service on a domain port. The encapsulation defines it (bpf/encap/NAME.h). */
struct sfc_match {
	__u16 port;
	__u8 encap; /* enum sfc_encap */
	__u8 mask;  /* which of the encapsulation's masks the value has been put through */
	__u32 reserved;
	__u64 value[2];
};

/* A match at the position that its own values give. */
struct sfc_match_hint {
	struct sfc_match match;
	__u32 service; /* SFC_NONE: nothing is here */
	__u32 sf;      /* the service's, so that nobody waits for the service to find it */
};

/* The first word of a match, which holds all but its value, as one number. */
static inline __u64 sfc_match_scope(__u32 port, __u32 encap, __u32 mask)
{
	return port | (__u64)encap << 16 | (__u64)mask << 24;
}

/* The position of a match's hint. Neighbours get positions of their own, because then no packet needs the map of all
 * matches: labels; service paths, which stand above their index; segments whose numbers end at a quarter of a word. */
static inline __u32 sfc_match_position(__u64 scope, __u64 value, __u64 value2)
{
	__u32 one = (__u32)(value >> 8) + (__u32)(value & 0xff) * 240U + (__u32)(value >> 16);
	__u32 two = (__u32)value2 + (__u32)(value2 >> 16) + (__u32)(value2 >> 32) + (__u32)(value2 >> 48);

	return (one + two + (__u32)scope * 509U + (__u32)(scope >> 16) * 31U) & (SFC_MATCH_HINTS - 1);
}
