/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inner Ethernet frames: what stands between them and a key. Functions of their own, as in key_rare.h. */
#pragma once

#include <linux/if_ether.h>

#include "key/digest.h"
#include "key/untrusted.h"

enum {
	VLAN_ID = 0x0fff, /* IEEE 802.1Q 9.6: the rest is priority, which an SF may change */
	VLAN_TAGS_KEY = 2,
	PAYLOAD_LEAST = 46, /* IEEE 802.3 3.2.7: shorter payloads are padded on the wire */
	ADDRESSES_HALF = 2, /* where saddr begins in the key, in 32-bit words; daddr follows it */
	ADDRESSES_HALVES = 8,
	ARP_BYTES = 28, /* RFC 826 for Ethernet and IPv4 */
};

/* IEEE 802.1Q 9.3, read from behind the EtherType that announces it. */
struct vlan_tag {
	__be16 tci;
	__be16 next;
};

static __always_inline int ethernet_is_vlan(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/*
 * The frame at inner->l3_off: fills work->inner_eth; inner->l3_off and ->version become those of what it carries,
 * version 0 for what is not IP. Returns SFC_OK, SFC_REASON_truncated or SFC_REASON_bad_inner (SFC behind the tags).
 */
__noinline int ethernet_parse(struct xdp_md *ctx, struct work *work)
{
	struct ethhdr *eth;
	struct cursor cur;
	__be16 type;

	if (!work)
		return SFC_REASON_truncated;
	cur = cursor_at(ctx, forget(&work->inner.l3_off, INNER_L3_MASK));
	eth = cursor_take(&cur, sizeof(*eth));
	if (!eth)
		return SFC_REASON_truncated;
	__builtin_memset(&work->inner_eth, 0, sizeof(work->inner_eth));
	__builtin_memcpy(work->inner_eth.macs, eth->h_dest, sizeof(work->inner_eth.macs));
	type = eth->h_proto;
	work->inner.l3_off += sizeof(*eth);
#pragma unroll
	for (int i = 0; i < VLAN_TAGS_KEY; i++) {
		struct vlan_tag *tag;

		if (!ethernet_is_vlan(type))
			break;
		tag = cursor_take(&cur, sizeof(*tag));
		if (!tag)
			return SFC_REASON_truncated;
		work->inner_eth.vlan_id[i] = tag->tci & bpf_htons(VLAN_ID);
		type = tag->next;
		work->inner.l3_off += sizeof(*tag);
	}
	if (encap_is_sfc(type))
		return SFC_REASON_bad_inner;
	work->inner_eth.ethertype = type;
	work->inner.version = type == bpf_htons(ETH_P_IP) ? 4 : type == bpf_htons(ETH_P_IPV6) ? 6 : 0;
	return SFC_OK;
}

/*
 * SFC behind wrappers that ethernet_parse does not read. Returns SFC_OK,
 * SFC_REASON_bad_inner, or SFC_REASON_no_key with inner->sfc set.
 */
static __always_inline int ethernet_hides_sfc(struct xdp_md *ctx, struct work *work, __u32 frame_off)
{
	struct addresses unused;

	if (untrusted_unwrap(ctx, work, frame_off))
		return SFC_REASON_bad_inner;
	if (!work->inner.version)
		return SFC_OK;
	inner_parse(ctx, work, &unused);
	return work->inner.sfc ? SFC_REASON_no_key : SFC_OK;
}

/*
 * The key of the frame at `frame_off` that ethernet_parse has read and that carries no IP. Where nothing tells how long
 * its payload is, 46 bytes and zeros behind the end stand for the padding that it may have or lose on the way.
 */
__noinline int ethernet_content(struct xdp_md *ctx, struct work *work, __u32 parts, __u32 frame_off)
{
	__u32 off, len, type, length;
	int reason;

	if (!work)
		return SFC_REASON_truncated;
	off = forget(&work->inner.l3_off, INNER_L3_MASK);
	reason = ethernet_hides_sfc(ctx, work, frame_off);
	if (reason)
		return reason;
	type = bpf_ntohs(work->inner_eth.ethertype);
	work->key.f.dport = work->inner_eth.ethertype;
	__builtin_memcpy(work->key.f.saddr, &work->inner_eth, sizeof(work->key.f.saddr));
	len = (__u32)bpf_xdp_get_buff_len(ctx) - off;
	if (type == ETH_P_ARP && len >= ARP_BYTES)
		len = length = ARP_BYTES;
	else if (type < LENGTH_LIMIT && type <= len)
		len = length = type;
	else
		length = len < PAYLOAD_LEAST ? PAYLOAD_LEAST : len;
	return digest_key(ctx, work, parts, off, len, length);
}

/*
 * Makes room for the MACs among the addresses, when the key of the IP packet is complete: both IPv4 addresses go into
 * daddr; of two IPv6 addresses a digest of 128 bits does.
 */
__noinline int ethernet_fold(struct work *work)
{
	struct sfc_key_fields *key;
	__u64 folded[2] = {};

	if (!work)
		return SFC_REASON_truncated;
	key = &work->key.f;
	if (work->inner.version == 4) {
		__builtin_memcpy(&folded[0], key->saddr, 4);
		__builtin_memcpy(&folded[1], key->daddr, 4);
	} else {
		folded[0] = hash_words(&work->key.half[ADDRESSES_HALF], ADDRESSES_HALVES, sfc_config.digest_secret);
		folded[1] = hash_words(&work->key.half[ADDRESSES_HALF], ADDRESSES_HALVES, sfc_config.key_secret);
	}
	__builtin_memcpy(key->daddr, folded, sizeof(folded));
	__builtin_memcpy(key->saddr, &work->inner_eth, sizeof(key->saddr));
	return SFC_OK;
}
