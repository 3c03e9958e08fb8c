/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Turns a frame into an ICMP error about the packet in it (RFC 792, RFC 4443 2).
 *
 *   before:   | link | packet                        |
 *   after:    | link | IP | ICMP   | packet, its beginning |
 *
 * `link` is Ethernet, with tags or without. Where the message is not longer than the packet it begins where the packet
 * did, because a header may need all the room that is in front of it.
 */
#pragma once

#include "base/clock.h"
#include "base/sum.h"
#include "base/verdict.h"
#include "icmp/about.h"

enum {
	MESSAGE_IPV4 = 576,      /* RFC 1812 4.3.2.3: with as much of the packet as fits */
	MESSAGE_IPV6 = 1280,     /* RFC 4443 2.4 (c): the least MTU of IPv6 */
	MESSAGE_QUOTE_IPV4 = 28, /* at least: RFC 792, 8 bytes behind the header */
	MESSAGE_QUOTE_IPV6 = 48,
	MESSAGE_TOS = 0xc0, /* RFC 1812 4.3.2.5: internetwork control */
	MESSAGE_TTL = 64,
	MESSAGE_DF = 0x4000, /* RFC 6864 4.1: so an identification is of no use */
	MESSAGE_PIECES = MESSAGE_IPV6 / SFC_SUM_PIECE,
};

struct message_ipv4 {
	struct iphdr ip;
	__be16 kind;
	__sum16 check;
	__be32 word;
} __attribute__((packed, aligned(4)));

struct message_ipv6 {
	struct ipv6hdr ip;
	__be16 kind;
	__sum16 check;
	__be32 word;
} __attribute__((packed, aligned(4)));

/* Whether there is an address that the message can come from: the port may have lost it. */
static __always_inline int message_source(const struct work *work, const struct sfc_icmp *port)
{
	const __u32 *word = port->source[work->icmp.six ? 1 : 0].word;

	return (word[0] | word[1] | word[2] | word[3]) != 0;
}

/* Takes a token. The clock may stand for a few milliseconds, in which the bucket does not fill. */
static __always_inline int message_token(struct sfc_icmp *port)
{
	__u64 now = clock_now(), due = *(volatile __u64 *)&port->due;
	__u64 from = due > now ? due : now;

	if (from - now > port->burst_ns)
		return 0;
	/* Where another CPU has taken one meanwhile, that one will do. */
	return __sync_val_compare_and_swap(&port->due, due, from + port->interval_ns) == due;
}

/* The message's IP header and ICMP's, in work->icmp.bytes, with `quote` bytes of the packet to come. */
static __always_inline void message_ipv4(struct work *work, const struct sfc_icmp *port, __u32 quote)
{
	struct message_ipv4 *message = (struct message_ipv4 *)work->icmp.bytes;

	__builtin_memset(message, 0, sizeof(*message));
	message->ip.version = 4;
	message->ip.ihl = sizeof(message->ip) / 4;
	message->ip.tos = MESSAGE_TOS;
	message->ip.tot_len = bpf_htons(sizeof(*message) + quote);
	message->ip.frag_off = bpf_htons(MESSAGE_DF);
	message->ip.ttl = MESSAGE_TTL;
	message->ip.protocol = IPPROTO_ICMP;
	message->ip.saddr = port->source[0].word[3];
	message->ip.daddr = work->icmp.to.word[3];
	message->ip.check = ~sum_fold(sum_words((const __u32 *)message, sizeof(message->ip) / 4));
	message->kind = bpf_htons(work->icmp.kind);
	message->word = bpf_htonl(work->icmp.word);
	work->sum = 0;
}

static __always_inline void message_ipv6(struct work *work, const struct sfc_icmp *port, __u32 quote)
{
	struct message_ipv6 *message = (struct message_ipv6 *)work->icmp.bytes;

	__builtin_memset(message, 0, sizeof(*message));
	message->ip.version = 6;
	message->ip.payload_len = bpf_htons(sizeof(*message) - sizeof(message->ip) + quote);
	message->ip.nexthdr = IPPROTO_ICMPV6;
	message->ip.hop_limit = MESSAGE_TTL;
	__builtin_memcpy(&message->ip.saddr, &port->source[1], sizeof(message->ip.saddr));
	__builtin_memcpy(&message->ip.daddr, &work->icmp.to, sizeof(message->ip.daddr));
	message->kind = bpf_htons(work->icmp.kind);
	message->word = bpf_htonl(work->icmp.word);
	/* RFC 8200 8.1: the pseudo header. */
	work->sum =
		sum_words((const __u32 *)&message->ip.saddr, 8) + message->ip.payload_len + bpf_htons(IPPROTO_ICMPV6);
}

/* Bytes of the packet that the message quotes: as many as both have. 0 where too few fit. */
static __always_inline __u32 message_quote(struct xdp_md *ctx, const struct work *work)
{
	__u32 header = work->icmp.six ? sizeof(struct message_ipv6) : sizeof(struct message_ipv4);
	__u32 most = work->icmp.six ? MESSAGE_IPV6 : MESSAGE_IPV4;
	__u32 least = work->icmp.six ? MESSAGE_QUOTE_IPV6 : MESSAGE_QUOTE_IPV4;
	__u32 there = (__u32)bpf_xdp_get_buff_len(ctx) - about_off(work);

	most = work->icmp.room && work->icmp.room < most ? work->icmp.room : most;
	if (most < header + least)
		return 0;
	there = work->icmp.len < there ? work->icmp.len : there;
	return there < most - header ? there : most - header;
}

/* Keeps the link's header in scratch. */
static __always_inline int message_keep_link(struct xdp_md *ctx, struct work *work, int load)
{
	__u32 last = about_off(work) - 1;

	/* As in rewrite_restore: 6.1 must be shown that the length is at least 1. */
	asm volatile("" : "+r"(last));
	if (last >= sizeof(work->icmp.link))
		return 0;
	return !(load ? bpf_xdp_load_bytes(ctx, 0, work->icmp.link, last + 1)
		      : bpf_xdp_store_bytes(ctx, 0, work->icmp.link, last + 1));
}

/* Moves the last of the bytes that are left to move, sum_left of them, `by` bytes back. Not static, as sum_piece. */
__noinline int message_move_piece(struct xdp_md *ctx, struct work *work, __u32 by)
{
	__u32 left, piece, off, last;

	if (!sfc_config.icmp || !work)
		return SFC_REASON_no_room;
	left = work->sum_left;
	piece = left < SFC_SUM_PIECE ? left : SFC_SUM_PIECE;
	off = about_off(work) + left - piece;
	work->sum_left = left - piece;
	last = piece - 1;
	asm volatile("" : "+r"(last)); /* as in digest_short */
	last &= SFC_SUM_PIECE - 1;
	if (bpf_xdp_load_bytes(ctx, off, work->piece, last + 1))
		return SFC_REASON_truncated;
	return bpf_xdp_store_bytes(ctx, off + by, work->piece, last + 1) ? SFC_REASON_truncated : SFC_OK;
}

/* Moves the first `quote` bytes of the packet `by` bytes back in the frame, the last of them first. Not static, as
 * extensions_walk. */
__noinline int message_move(struct xdp_md *ctx, struct work *work, __u32 quote, __u32 by)
{
	if (!sfc_config.icmp || !work)
		return SFC_REASON_no_room;
	work->sum_left = quote;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < MESSAGE_PIECES && work->sum_left; i++) {
		if (message_move_piece(ctx, work, by))
			return SFC_REASON_no_room;
	}
	return SFC_OK;
}

/* Makes room for the message's headers in front of the frame. */
static __always_inline int message_grow(struct xdp_md *ctx, struct work *work, __u32 header, int tail)
{
	return message_keep_link(ctx, work, 1) && !bpf_xdp_adjust_tail(ctx, tail - (int)header) &&
	       !bpf_xdp_adjust_head(ctx, -(int)header) && message_keep_link(ctx, work, 0);
}

/* Makes room for the message's headers, and cuts off what it does not quote. */
static __always_inline int message_room(struct xdp_md *ctx, struct work *work, __u32 header, __u32 quote)
{
	int tail = (int)(about_off(work) + header + quote) - (int)bpf_xdp_get_buff_len(ctx);

	if (tail > 0)
		return message_grow(ctx, work, header, tail);
	return !message_move(ctx, work, quote, header) && !bpf_xdp_adjust_tail(ctx, tail);
}

/* Sums all behind the IP header, the checksum's own field is zero. */
static __always_inline int message_sum(struct xdp_md *ctx, struct work *work, __u32 off, __u32 len)
{
	__u16 check;

	if (sum_frame(ctx, work, off, len))
		return 0;
	check = ~sum_fold(work->sum);
	return !bpf_xdp_store_bytes(ctx, off + __builtin_offsetof(struct message_ipv4, check) - sizeof(struct iphdr),
				    &check, sizeof(check));
}

static __always_inline int message_write(struct xdp_md *ctx, struct work *work, const struct sfc_icmp *port,
					 __u32 quote)
{
	__u32 off = about_off(work);

	if (work->icmp.six) {
		message_ipv6(work, port, quote);
		return message_room(ctx, work, sizeof(struct message_ipv6), quote) &&
		       !bpf_xdp_store_bytes(ctx, off, work->icmp.bytes, sizeof(struct message_ipv6)) &&
		       message_sum(ctx, work, off + sizeof(struct ipv6hdr), ICMP_HEADER + quote);
	}
	message_ipv4(work, port, quote);
	return message_room(ctx, work, sizeof(struct message_ipv4), quote) &&
	       !bpf_xdp_store_bytes(ctx, off, work->icmp.bytes, sizeof(struct message_ipv4)) &&
	       message_sum(ctx, work, off + sizeof(struct iphdr), ICMP_HEADER + quote);
}

static __always_inline void message_count(const struct work *work, __u32 event)
{
	struct sfc_counters *owner = verdict_owner(work);

	asm volatile("" : "+r"(event)); /* as in verdict_pass */
	if (owner && event < SFC_EVENT_MAX)
		count_event(owner, work, event);
}

/* The counter of a message that is sent: one for each type. */
static __always_inline __u32 message_event(const struct work *work)
{
	return work->icmp.six ? SFC_EVENT_ICMP_PACKET_TOO_BIG + (work->icmp.kind >> 8) - ICMP6_TOO_BIG
			      : SFC_EVENT_ICMP_FRAGMENTATION_NEEDED;
}

/*
 * Makes the message that work->icmp says: `kind` and `word`, about the packet at `l3_off`, of at most `room` bytes.
 * Returns whether there is one. If not, the frame may be spoilt, and must be dropped. Not static, as extensions_walk.
 */
__noinline int message_make(struct xdp_md *ctx, struct work *work)
{
	struct sfc_icmp *port;
	__u32 id, quote;

	if (!work || !about_allowed(ctx, work))
		return 0;
	id = work->result.port;
	port = bpf_map_lookup_elem(&icmp_ports, &id);
	quote = message_quote(ctx, work);
	if (!port || !quote || !message_source(work, port) ||
	    !(sfc_config.icmp & (work->icmp.six ? SFC_ICMP_IPV6 : SFC_ICMP_IPV4)))
		return 0;
	if (!message_token(port)) {
		message_count(work, SFC_EVENT_ICMP_LIMITED);
		return 0;
	}
	return message_write(ctx, work, port, quote);
}

/* The message leaves by the port that the frame is redirected to. */
static __always_inline int message_sent(struct work *work)
{
	work->result.answered = 1;
	message_count(work, message_event(work));
	return XDP_REDIRECT;
}
