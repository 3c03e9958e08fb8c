/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* End.AS of draft-ietf-spring-sr-service-programming-12: the header that leaves is the configuration's. */
#pragma once

#include <linux/in.h>
#include <linux/ipv6.h>

#include "base/hash.h"
#include "encap/bytes.h"

enum {
	SRV6_ETHERNET = 143,     /* the next header of a frame, RFC 8986 4.9 */
	SRV6_LABEL = 0x000fffff, /* RFC 8200 3: the flow label in the first word */
	SRV6_FLOW_WORDS = 10,
};

/* What a next header must be for that kind of packet. */
static __always_inline __u8 srv6_protocol(int inner)
{
	return inner == SFC_INNER_IPV4 ? IPPROTO_IPIP : inner == SFC_INNER_IPV6 ? IPPROTO_IPV6 : SRV6_ETHERNET;
}

/* The service's own header takes the place of the one that came; what it carries is in the last of its headers. */
static __always_inline int srv6_static(struct work *work, int inner)
{
	__u32 id = work->result.service;
	const struct sfc_fixed_header *fixed = bpf_map_lookup_elem(&fixed_headers, &id);
	__u32 next;

	if (!fixed || !fixed->len)
		return SFC_REASON_no_next_hop;
	next = fixed->next;
	if (next >= SFC_HEADER_MAX)
		return SFC_REASON_no_next_hop;
	__builtin_memcpy(work->header.word + SFC_HEADER_META, fixed->word, sizeof(fixed->word));
	work->header.f.bytes[next] = srv6_protocol(inner);
	work->encap.says_at = next;
	work->encap.kept = fixed->len;
	work->encap.says_at = next;
	return SFC_OK;
}

/* What tells flows apart, of an IP packet at `off`: addresses, protocol, and ports where it is no fragment. RFC 6437 2.
 */
static __always_inline void srv6_flow_of_ip(struct xdp_md *ctx, __u32 off, __u32 *word)
{
	struct cursor cur = cursor_at(ctx, off);
	const __u32 *ip = cursor_take(&cur, sizeof(struct iphdr)), *more;
	int six;

	if (!ip)
		return;
	six = (bpf_ntohl(ip[0]) >> 28) == 6;
	word[8] = six ? ((const struct ipv6hdr *)ip)->nexthdr : ((const struct iphdr *)ip)->protocol;
	word[0] = ip[3];
	word[1] = ip[4];
	if (six) {
		word[2] = ip[2];
		more = cursor_take(&cur, sizeof(struct ipv6hdr) - sizeof(struct iphdr));
		if (!more)
			return;
		word[3] = more[0];
		word[4] = more[1];
		word[5] = more[2];
		word[6] = more[3];
		word[7] = more[4];
	} else if (ip[1] & bpf_htonl(0x3fff) || ((const struct iphdr *)ip)->ihl != 5) {
		return;
	}
	if (word[8] != IPPROTO_TCP && word[8] != IPPROTO_UDP && word[8] != IPPROTO_SCTP)
		return;
	more = cursor_take(&cur, sizeof(*more));
	word[9] = more ? *more : 0;
}

/* RFC 6437 3: a flow label, never 0, for the packet behind the header. */
static __always_inline int srv6_label(struct xdp_md *ctx, struct work *work, __u8 inner)
{
	__u32 off = l2_len(work) + (*(volatile __u16 *)&work->header.f.len & CUT_MASK), word[SRV6_FLOW_WORDS] = {};
	struct cursor cur = cursor_at(ctx, off);
	__u32 label, *outer, *frame;

	if (inner == SFC_INNER_ETHERNET) {
		frame = cursor_take(&cur, ETH_HLEN);
		if (frame)
			__builtin_memcpy(word, frame, 2 * ETH_ALEN);
	} else {
		srv6_flow_of_ip(ctx, off, word);
	}
	label = hash_words(word, SRV6_FLOW_WORDS, sfc_config.digest_secret) & SRV6_LABEL;
	cur = cursor_at(ctx, l2_len(work));
	outer = cursor_take(&cur, sizeof(struct ipv6hdr));
	if (!outer)
		return SFC_REASON_runt;
	*outer = (*outer & ~bpf_htonl(SRV6_LABEL)) | bpf_htonl(label ?: 1);
	return SFC_OK;
}
