/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The key of an inner packet: one builder for both directions, so that what strip wrote is what restore looks for.
 * docs/keys.md says what is in it for which packet. TCP and UDP are here; the others, and all that is rare, are
 * functions of their own, so that the common case does not carry them.
 */
#pragma once

#include <linux/tcp.h>
#include <linux/udp.h>

#include "encap/encaps.h"
#include "key/digest.h"
#include "key/ethernet.h"
#include "key/inner.h"
#include "key/key_rare.h"
#include "key/tcp_options.h"

enum {
	TCP_FLAGS_KEY = 0x0f, /* FIN, SYN, RST, PSH: an SF may change ECE, CWR and URG, RFC 9293 3.1 */
};

/* Word 0 of a key: its scope stands there already. */
static __always_inline void key_finish(struct work *work, __u32 length)
{
	work->key.word[0] |= (__u64)work->inner.version << 32 | (__u64)work->inner.proto << 40 | (__u64)length << 48;
}

/* Word 5: ports, IPv4 identification, and what tells packets of this kind apart. */
static __always_inline void key_ports(struct work *work, const struct sfc_sf *sf, __u32 ports, __u32 type)
{
	__u64 id = sf->key_parts & SFC_PART_IPV4_ID ? work->inner.ipv4_id : 0;

	work->key.word[5] = ports | id << 32 | (__u64)type << 48;
}

/*
 * RFC 9293 3.1. Sequence numbers tell segments apart without looking at the payload. Window, checksum, urgent pointer
 * and all options but the timestamps are left out: SFs change them.
 */
static __always_inline int key_tcp(struct xdp_md *ctx, struct work *work, const struct sfc_sf *sf)
{
	__u32 off = forget(&work->inner.off, INNER_OFF_MASK);
	struct cursor cur = cursor_at(ctx, off);
	struct tcphdr *tcp = cursor_take(&cur, sizeof(*tcp));
	__u32 header, len = work->inner.len;

	if (len < sizeof(*tcp))
		return SFC_REASON_bad_inner;
	if (!tcp)
		return SFC_REASON_truncated;
	header = tcp->doff * 4;
	if (header < sizeof(*tcp) || header > len)
		return SFC_REASON_bad_inner;
	key_finish(work, len - header);
	key_ports(work, sf, *(__u32 *)&tcp->source, ((__u8 *)tcp)[13] & TCP_FLAGS_KEY);
	work->key.word[6] = *(__u64 *)&tcp->seq; /* and ack_seq behind it */
	work->key.word[7] = 0;
	if (sf->key_parts & SFC_PART_TCP_TIMESTAMPS)
		return options_tcp_timestamps(ctx, work, off + sizeof(*tcp), header - sizeof(*tcp));
	return SFC_OK;
}

/* Whether what tells datagrams to this port apart may stand behind their first 64 bytes. */
static __always_inline int key_digest_is_long(__u16 port)
{
	return port == UDP_GTP_U || tunnel_is_port(port);
}

static __always_inline int key_udp(struct xdp_md *ctx, struct work *work, const struct sfc_sf *sf)
{
	__u32 off = forget(&work->inner.off, INNER_OFF_MASK);
	struct cursor cur = cursor_at(ctx, off);
	struct udphdr *udp = cursor_take(&cur, sizeof(*udp));
	__u32 len = work->inner.len;

	if (len < sizeof(*udp))
		return SFC_REASON_bad_inner;
	if (!udp)
		return SFC_REASON_truncated;
	key_ports(work, sf, *(__u32 *)&udp->source, 0);
	work->key.word[6] = 0;
	work->key.word[7] = 0;
	if (sf->rtp_ranges && rtp_configured(sf, &work->key.f) && rtp_is_one(ctx, work)) {
		key_finish(work, 0);
		return key_rtp(ctx, work, sf->key_parts);
	}
	len -= sizeof(*udp);
	key_finish(work, sf->key_parts & SFC_PART_LENGTH ? len : 0);
	if (!(sf->key_parts & SFC_PART_DIGEST))
		return SFC_OK;
	if (len > SFC_DIGEST_BYTES && key_digest_is_long(bpf_ntohs(work->key.f.dport)))
		return digest_tunnel(ctx, work, off + sizeof(*udp), len);
	return digest_payload(ctx, work, off + sizeof(*udp), len);
}

/* Words 1 to 4. */
static __always_inline void key_addresses(struct work *work, const struct addresses *addresses)
{
	work->key.word[1] = addresses->word[0];
	work->key.word[2] = addresses->word[1];
	work->key.word[3] = addresses->word[2];
	work->key.word[4] = addresses->word[3];
}

/* Kinds that are functions of their own write fields where the others write words. */
static __always_inline int key_other(struct xdp_md *ctx, struct work *work, const struct sfc_sf *sf)
{
	key_ports(work, sf, 0, 0);
	work->key.word[6] = 0;
	work->key.word[7] = 0;
	key_finish(work, 0);
	return work->inner.fragment ? key_fragment(ctx, work, sf->key_parts) : key_rare(ctx, work, sf->key_parts);
}

/* The IP packet at work->inner.l3_off. */
static __always_inline int key_ip(struct xdp_md *ctx, struct work *work, const struct sfc_sf *sf)
{
	struct addresses addresses = {};
	int reason = inner_parse(ctx, work, &addresses);

	if (reason)
		return reason;
	key_addresses(work, &addresses);
	if (work->inner.fragment)
		return key_other(ctx, work, sf);
	if (work->inner.proto == IPPROTO_TCP)
		return key_tcp(ctx, work, sf);
	if (work->inner.proto == IPPROTO_UDP)
		return key_udp(ctx, work, sf);
	return key_other(ctx, work, sf);
}

/*
 * Fills work->key for what stands at work->inner.l3_off, scoped to `return_port`, which names the SF, and the SF's
 * epoch. work->inner.version says what it is: 4 or 6 for IP. With sf->ethernet it is an Ethernet frame, and version is
 * set here. `form` is an enum sfc_form that makes the key another one.
 * Returns SFC_OK; SFC_REASON_truncated or _bad_inner for a malformed packet; SFC_REASON_no_key for a sound one without
 * a key, work->inner.sfc says whether for an SFC header in it.
 */
static __always_inline int key_build(struct xdp_md *ctx, struct work *work, const struct sfc_sf *sf, __u16 return_port,
				     __u8 form)
{
	int reason;

	work->inner.routed = encap_in_use(SFC_ENCAP_srv6) && sf->masquerade;
	if (sf->ethernet)
		form |= SFC_FORM_ETHERNET;
	work->key.word[0] = return_port | (__u64)(sf->epoch & 0xffff) << 16 | (__u64)form << 32;
	if (sf->ethernet) {
		__u32 frame_off = work->inner.l3_off;

		__builtin_memset(&work->key.word[1], 0, sizeof(work->key) - sizeof(work->key.word[0]));
		reason = ethernet_parse(ctx, work);
		if (reason)
			return reason;
		if (work->inner.version == 0)
			return ethernet_content(ctx, work, sf->key_parts, frame_off);
	}
	reason = key_ip(ctx, work, sf);
	return sf->ethernet && !reason ? ethernet_fold(work) : reason;
}
