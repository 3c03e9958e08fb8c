/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The key of an inner packet: one builder for both directions, so that what strip wrote is what restore looks for. */
#pragma once

#include <linux/tcp.h>
#include <linux/udp.h>

#include "hash.h"
#include "inner.h"
#include "options.h"

enum {
	TCP_FLAGS_KEY = 0x0f, /* FIN, SYN, RST, PSH: an SF may change ECE, CWR and URG, RFC 9293 3.1 */
};

/* RFC 792, RFC 4443 2.1: common to both families. linux/icmp.h is no use here: it drags in the C library. */
struct icmp {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 rest; /* echo: identifier and sequence number */
};

/*
 * Digest of the first SFC_DIGEST_BYTES bytes of a payload of `len` bytes at `off`. The payload ends where the IP header
 * says: Ethernet padding behind it must not count, an SF may cut it.
 */
static __always_inline int key_digest(struct xdp_md *ctx, struct work *work, __u32 off, __u32 len, __u64 *digest)
{
	__builtin_memset(work->digest, 0, sizeof(work->digest));
	if (len > SFC_DIGEST_BYTES)
		len = SFC_DIGEST_BYTES;
	if (len > 0) {
		/* The verifier of 6.1 learns no minimum from "is not 0"; less one, masked, plus one is 1 to 64 to it.
		 */
		len--;
		asm volatile("" : "+r"(len));
		len &= SFC_DIGEST_BYTES - 1;
		if (bpf_xdp_load_bytes(ctx, off, work->digest, len + 1))
			return SFC_REASON_truncated;
	}
	*digest = hash_words(work->digest, SFC_DIGEST_BYTES / 4, sfc_config.digest_secret);
	return SFC_OK;
}

/*
 * RFC 9293 3.1. Sequence numbers tell segments apart without looking at the payload. Window, checksum, urgent pointer
 * and all options but the timestamps are left out: SFs change them.
 */
static __always_inline int key_tcp(struct xdp_md *ctx, struct work *work, const struct sfc_sf *sf,
				   const struct inner *inner)
{
	struct cursor cur = cursor_at(ctx, inner->l4_off);
	struct sfc_key_fields *key = &work->key.f;
	struct tcphdr *tcp = cursor_take(&cur, sizeof(*tcp));
	__u32 header;

	if (inner->l4_len < sizeof(*tcp))
		return SFC_REASON_bad_inner;
	if (!tcp)
		return SFC_REASON_truncated;
	header = tcp->doff * 4;
	if (header < sizeof(*tcp) || header > inner->l4_len)
		return SFC_REASON_bad_inner;
	key->length = inner->l4_len - header;
	key->type = ((__u8 *)tcp)[13] & TCP_FLAGS_KEY;
	key->sport = tcp->source;
	key->dport = tcp->dest;
	key->seq = tcp->seq;
	key->ack = tcp->ack_seq;
	if (sf->tcp_timestamps)
		return options_tcp_timestamps(ctx, work, inner->l4_off + sizeof(*tcp), header - sizeof(*tcp));
	return SFC_OK;
}

static __always_inline int key_udp(struct xdp_md *ctx, struct work *work, const struct inner *inner)
{
	struct cursor cur = cursor_at(ctx, inner->l4_off);
	struct sfc_key_fields *key = &work->key.f;
	struct udphdr *udp = cursor_take(&cur, sizeof(*udp));

	if (inner->l4_len < sizeof(*udp))
		return SFC_REASON_bad_inner;
	if (!udp)
		return SFC_REASON_truncated;
	key->length = inner->l4_len - sizeof(*udp);
	key->sport = udp->source;
	key->dport = udp->dest;
	return key_digest(ctx, work, inner->l4_off + sizeof(*udp), key->length, &key->u.digest);
}

/* RFC 792, RFC 4443: type, code, the four bytes behind the checksum (echo: identifier and sequence number) and a
 * digest. */
static __always_inline int key_icmp(struct xdp_md *ctx, struct work *work, const struct inner *inner)
{
	struct cursor cur = cursor_at(ctx, inner->l4_off);
	struct sfc_key_fields *key = &work->key.f;
	struct icmp *icmp = cursor_take(&cur, sizeof(*icmp));

	if (inner->l4_len < sizeof(*icmp))
		return SFC_REASON_bad_inner;
	if (!icmp)
		return SFC_REASON_truncated;
	if (key->version == 6 && icmp->type >= ND_FIRST && icmp->type <= ND_LAST)
		return SFC_REASON_no_key; /* belongs to a link, not to a chain */
	key->length = inner->l4_len - sizeof(*icmp);
	key->type = icmp->type;
	key->code = icmp->code;
	key->seq = icmp->rest;
	return key_digest(ctx, work, inner->l4_off + sizeof(*icmp), key->length, &key->u.digest);
}

static __always_inline int key_l4(struct xdp_md *ctx, struct work *work, const struct sfc_sf *sf,
				  const struct inner *inner)
{
	const struct sfc_key_fields *key = &work->key.f;

	switch (key->proto) {
	case IPPROTO_TCP:
		return key_tcp(ctx, work, sf, inner);
	case IPPROTO_UDP:
		return key_udp(ctx, work, inner);
	case IPPROTO_ICMP:
		return key->version == 4 ? key_icmp(ctx, work, inner) : SFC_REASON_no_key;
	case NEXTHDR_ICMPV6:
		return key->version == 6 ? key_icmp(ctx, work, inner) : SFC_REASON_no_key;
	default:
		return SFC_REASON_no_key;
	}
}

/*
 * Fills work->key for the IP packet of `version` at `l3_off`, scoped to the SF, its epoch and `return_port`.
 * Returns SFC_OK; SFC_REASON_truncated or _bad_inner for a malformed packet; SFC_REASON_no_key for a sound one without
 * a key.
 */
static __always_inline int key_build(struct xdp_md *ctx, struct work *work, __u32 l3_off, int version, __u16 sf_id,
				     const struct sfc_sf *sf, __u16 return_port)
{
	struct sfc_key_fields *key = &work->key.f;
	struct inner inner;
	int reason;

	__builtin_memset(&work->key, 0, sizeof(work->key));
	key->sf = sf_id;
	key->port = return_port;
	key->epoch = sf->epoch;
	if (version == 4)
		reason = inner_parse_ipv4(ctx, l3_off, key, &inner);
	else
		reason = inner_parse_ipv6(ctx, l3_off, key, &inner);
	if (reason)
		return reason;
	if (!sf->ipv4_id)
		key->ipv4_id = 0;
	return key_l4(ctx, work, sf, &inner);
}
