/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a frame ended as it did. One table for BPF, JSON, stats and docs: the string that users see is the name in the
 * list. Append only: the numbers are in counters that outlive a program.
 */
#pragma once

/* X(name, what it means), in order of number; SFC_OK is 0. */
#define SFC_REASONS(X)                                                                                                 \
	X(runt, "shorter than an Ethernet header")                                                                     \
	X(truncated, "ends inside a label, or before the end of the IP packet")                                        \
	X(no_bottom, "label stack without a bottom-of-stack bit")                                                      \
	X(too_many_labels, "label stack of more than 16 entries")                                                      \
	X(ttl, "hop count is used up")                                                                                 \
	X(last_label, "nothing is left after the top label")                                                           \
	X(bad_inner, "payload is not what the service's `inner` says, or its headers contradict each other")           \
	X(no_key, "inner packet of a kind that has no key")                                                            \
	X(too_big, "would not fit the MTU of the SF port or of the next hop")                                          \
	X(header_too_long, "header longer than the headroom for restoring it")                                         \
	X(ambiguous, "a packet with an equal key and a different header is in the SF")                                 \
	X(cache_full, "too many equal packets in flight")                                                              \
	X(no_next_hop, "interface or MAC of the SF port or of the next hop is missing")                                \
	X(unmatched, "SFC frame that no service on this port matches")                                                 \
	X(not_sfc, "no SFC encapsulation")                                                                             \
	X(miss, "no header is cached for this packet, epoch and port")                                                 \
	X(late, "came back after the hold time")                                                                       \
	X(sfc_from_sf, "SFC encapsulation coming from an SF")                                                          \
	X(no_room, "no headroom to put the header on")                                                                 \
	X(control, "ARP, neighbour discovery and other traffic of an SF port's own link")                              \
	X(snapped, "cut by the capture's snap length (replay only)")

enum sfc_reason {
	SFC_OK,
#define SFC_REASON_ENUM(name, text) SFC_REASON_##name,
	SFC_REASONS(SFC_REASON_ENUM)
#undef SFC_REASON_ENUM
		SFC_REASON_USED, /* one past the last reason */
	SFC_REASON_MAX = 32,     /* room in the counters, so that appending keeps their layout */
};
