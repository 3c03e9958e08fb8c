/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keys of everything but TCP and UDP. The entry points are not static: the verifier checks each once, by itself, and
 * assumes that `work` may be NULL. `parts` is a set of enum sfc_key_part. All return SFC_OK or the reason.
 */
#pragma once

#include <linux/in.h>

#include "key/digest.h"
#include "key/tunnel.h"

enum {
	IP_IGMP = 2,
	IP_ESP = 50,
	IP_AH = 51,
	IP_ICMPV6 = 58,
	IP_SCTP = 132,
	MLD_FIRST = 130,       /* RFC 2710 3: listener query, then report, done, and from 133 ... */
	ND_LAST = 137,         /* ... RFC 4861 4: router solicitation to redirect */
	MLD2_REPORT = 143,     /* RFC 3810 5.2 */
	SCTP_FIRST_TSN = 20,   /* common header, chunk header, and four bytes of the chunk, RFC 9260 3 */
	GRE_CHECKSUM = 0x8000, /* RFC 2784 2.1, RFC 2890 2 */
	GRE_ROUTING = 0x4000,  /* RFC 1701: a list of unknown length */
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_VERSION = 0x0007,
	GRE_FIELD = 4,
	AH_BEFORE_SPI = 4, /* RFC 4302 2 */
	RTP_HEADER = 12,   /* RFC 3550 5.1, behind UDP's 8 bytes */
	RTP_VERSION = 2,
	RTCP_FIRST = 192, /* RFC 5761 4: the second byte of RTCP where both share a port */
	RTCP_LAST = 223,
	UDP_HEADER = 8,
};

struct icmp { /* linux/icmp.h drags in the C library */
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 rest; /* RFC 792, RFC 4443: echo: identifier and sequence number */
};

struct sctp {
	__be16 sport;
	__be16 dport;
	__be32 tag;
	__be32 checksum;
};

struct sctp_chunk {
	__u8 type;
	__u8 flags;
	__be16 length;
	__be32 tsn; /* DATA; other chunks have something else there that does not change either */
};

struct rtp {
	__u8 version; /* upper two bits; then padding, extension, count of sources */
	__u8 marker_type;
	__u8 seq[2];
	__be32 timestamp;
	__be32 ssrc;
};

/* What the SF's settings leave of a payload that begins `header` bytes behind the IP header. */
static __always_inline int key_payload(struct xdp_md *ctx, struct work *work, __u32 parts, __u32 header)
{
	__u32 off = forget(&work->inner.off, INNER_OFF_MASK) + header;
	__u32 len = work->inner.len - header;

	return digest_key(ctx, work, parts, off, len, len);
}

/* What a link says to itself: multicast listeners, neighbour discovery. No chain may carry it, and an SF's own is no
 * packet of ours. */
static __always_inline int key_is_control(__u8 type)
{
	return (type >= MLD_FIRST && type <= ND_LAST) || type == MLD2_REPORT;
}

static __always_inline int key_icmp(struct xdp_md *ctx, struct work *work, __u32 parts)
{
	struct cursor cur = cursor_at(ctx, forget(&work->inner.off, INNER_OFF_MASK));
	struct sfc_key_fields *key = &work->key.f;
	struct icmp *icmp;

	if (work->inner.len > 0 && work->inner.version == 6 && !(key->form & SFC_FORM_ETHERNET)) {
		struct cursor at = cur;
		__u8 *type = cursor_take(&at, 1);

		if (type && key_is_control(*type))
			return SFC_REASON_no_key;
	}
	if (work->inner.len < sizeof(*icmp))
		return SFC_REASON_bad_inner;
	icmp = cursor_take(&cur, sizeof(*icmp));
	if (!icmp)
		return SFC_REASON_truncated;
	key->type = icmp->type;
	key->code = icmp->code;
	key->seq = icmp->rest;
	return key_payload(ctx, work, parts, sizeof(*icmp));
}

static __always_inline int key_sctp(struct xdp_md *ctx, struct work *work, __u32 parts)
{
	struct cursor cur = cursor_at(ctx, forget(&work->inner.off, INNER_OFF_MASK));
	struct sfc_key_fields *key = &work->key.f;
	struct sctp_chunk *chunk;
	struct sctp *sctp;

	if (work->inner.len < sizeof(*sctp))
		return SFC_REASON_bad_inner;
	sctp = cursor_take(&cur, sizeof(*sctp));
	if (!sctp)
		return SFC_REASON_truncated;
	key->sport = sctp->sport;
	key->dport = sctp->dport;
	key->seq = sctp->tag;
	if (work->inner.len >= SCTP_FIRST_TSN) {
		chunk = cursor_take(&cur, sizeof(*chunk));
		if (!chunk)
			return SFC_REASON_truncated;
		key->type = chunk->type;
		key->ack = chunk->tsn;
	}
	return key_payload(ctx, work, parts, sizeof(*sctp));
}

/* RFC 4303 2 and RFC 4302 2: SPI and sequence number, in AH behind four other bytes. */
static __always_inline int key_ipsec(struct xdp_md *ctx, struct work *work, __u32 parts, __u32 before)
{
	struct cursor cur = cursor_at(ctx, forget(&work->inner.off, INNER_OFF_MASK) + before);
	struct sfc_key_fields *key = &work->key.f;
	__be32 *fields = cursor_take(&cur, 8);

	if (work->inner.len < before + 8)
		return SFC_REASON_bad_inner;
	if (!fields)
		return SFC_REASON_truncated;
	key->seq = fields[0];
	key->ack = fields[1];
	return key_payload(ctx, work, parts, before + 8);
}

/* RFC 2784, RFC 2890. A header of another version, or with a routing list, is known by its first four bytes and
 * content. */
static __always_inline int key_gre(struct xdp_md *ctx, struct work *work, __u32 parts)
{
	struct cursor cur = cursor_at(ctx, forget(&work->inner.off, INNER_OFF_MASK));
	struct sfc_key_fields *key = &work->key.f;
	__be16 *first = cursor_take(&cur, GRE_FIELD);
	__be32 *checksum = (__be32 *)first, *number = (__be32 *)first, *sequence = (__be32 *)first;
	__u32 flags, header = GRE_FIELD;

	if (work->inner.len < GRE_FIELD)
		return SFC_REASON_bad_inner;
	if (!first)
		return SFC_REASON_truncated;
	key->sport = first[0];
	key->dport = first[1];
	flags = bpf_ntohs(first[0]);
	if (flags & (GRE_VERSION | GRE_ROUTING))
		return key_payload(ctx, work, parts, GRE_FIELD);
	header += (flags & GRE_CHECKSUM ? GRE_FIELD : 0) + (flags & GRE_KEY ? GRE_FIELD : 0) +
		  (flags & GRE_SEQUENCE ? GRE_FIELD : 0);
	if (work->inner.len < header)
		return SFC_REASON_bad_inner;
	if (flags & GRE_CHECKSUM)
		checksum = cursor_take(&cur, GRE_FIELD);
	if (flags & GRE_KEY)
		number = cursor_take(&cur, GRE_FIELD);
	if (flags & GRE_SEQUENCE)
		sequence = cursor_take(&cur, GRE_FIELD);
	if (!checksum || !number || !sequence)
		return SFC_REASON_truncated;
	key->seq = flags & GRE_KEY ? *number : 0;
	key->ack = flags & GRE_SEQUENCE ? *sequence : 0;
	return key_payload(ctx, work, parts, header);
}

/* Everything that is neither TCP nor UDP nor a fragment. */
__noinline int key_rare(struct xdp_md *ctx, struct work *work, __u32 parts)
{
	if (!work)
		return SFC_REASON_no_key;
	if (tunnel_is_protocol(work->key.f.proto))
		parts |= DIGEST_LONG;
	switch (work->key.f.proto) {
	case IPPROTO_ICMP:
		return work->inner.version == 4 ? key_icmp(ctx, work, parts) : key_payload(ctx, work, parts, 0);
	case IP_ICMPV6:
		return work->inner.version == 6 ? key_icmp(ctx, work, parts) : key_payload(ctx, work, parts, 0);
	case IP_IGMP:
		if (work->inner.version == 4 && !(work->key.f.form & SFC_FORM_ETHERNET))
			return SFC_REASON_no_key;
		return key_payload(ctx, work, parts, 0);
	case IP_SCTP:
		return key_sctp(ctx, work, parts);
	case IP_ESP:
		return key_ipsec(ctx, work, parts, 0);
	case IP_AH:
		return key_ipsec(ctx, work, parts, AH_BEFORE_SPI);
	case IP_GRE:
		return key_gre(ctx, work, parts);
	default:
		return key_payload(ctx, work, parts, 0);
	}
}

/* RFC 791 3.2, RFC 8200 4.5: no ports, since only the first fragment has them. */
__noinline int key_fragment(struct xdp_md *ctx, struct work *work, __u32 parts)
{
	struct sfc_key_fields *key;

	if (!work)
		return SFC_REASON_no_key;
	key = &work->key.f;
	key->form |= SFC_FORM_FRAGMENT;
	key->ipv4_id = 0; /* stands in seq, whatever the SF's settings are */
	key->sport = work->inner.fragment_off;
	key->seq = work->inner.fragment_id;
	return key_payload(ctx, work, parts, 0);
}

/* Whether one of the ports is among those that the SF's RTP uses. */
static __always_inline int rtp_configured(const struct sfc_sf *sf, const struct sfc_key_fields *key)
{
	__u16 sport = bpf_ntohs(key->sport), dport = bpf_ntohs(key->dport);

	for (__u32 i = 0; i < SFC_RTP_RANGES; i++) {
		if (i >= sf->rtp_ranges)
			break;
		if ((sport >= sf->rtp[i].first && sport <= sf->rtp[i].last) ||
		    (dport >= sf->rtp[i].first && dport <= sf->rtp[i].last))
			return 1;
	}
	return 0;
}

static __always_inline struct rtp *rtp_header(struct xdp_md *ctx, struct work *work)
{
	struct cursor cur = cursor_at(ctx, forget(&work->inner.off, INNER_OFF_MASK) + UDP_HEADER);

	if (work->inner.len < UDP_HEADER + RTP_HEADER)
		return NULL;
	return cursor_take(&cur, sizeof(struct rtp));
}

/* RTP on the port, and not the RTCP or other protocols that may share it (RFC 5761 4). */
static __always_inline int rtp_is_one(struct xdp_md *ctx, struct work *work)
{
	struct rtp *rtp = rtp_header(ctx, work);

	if (!rtp || rtp->version >> 6 != RTP_VERSION)
		return 0;
	return rtp->marker_type < RTCP_FIRST || rtp->marker_type > RTCP_LAST;
}

/* The packets of one video frame share the timestamp, so the sequence number is needed too. */
__noinline int key_rtp(struct xdp_md *ctx, struct work *work, __u32 parts)
{
	struct sfc_key_fields *key;
	struct rtp *rtp;
	__u32 off;

	if (!work)
		return SFC_REASON_no_key;
	key = &work->key.f;
	rtp = rtp_header(ctx, work);
	if (!rtp)
		return SFC_REASON_truncated;
	key->form |= SFC_FORM_RTP;
	key->type = rtp->seq[0];
	key->code = rtp->seq[1];
	key->seq = rtp->timestamp;
	key->ack = rtp->ssrc;
	off = forget(&work->inner.off, INNER_OFF_MASK) + UDP_HEADER + RTP_HEADER;
	return digest_key(ctx, work, parts, off, work->inner.len - UDP_HEADER - RTP_HEADER,
			  work->inner.len - UDP_HEADER);
}
