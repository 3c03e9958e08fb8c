/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What parsers of encapsulations share. */
#pragma once

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "base/cursor.h"
#include "base/maps.h"

/*
 * The first `len` bytes behind the link's header are the encapsulation, all of which will leave again: they go to
 * work->header, zeros behind them to the next whole word. Returns SFC_OK, SFC_REASON_truncated, or
 * SFC_REASON_header_too_long where there is no room for them.
 */
static __always_inline int encap_take(struct xdp_md *ctx, struct work *work, __u32 len)
{
	__u32 last = len - 1;

	/* As in rewrite_restore: 6.1 must be shown that the length is at least 1, and that it is no other number. */
	asm volatile("" : "+r"(last));
	if (last >= sfc_config.header_room || last >= SFC_HEADER_MAX)
		return SFC_REASON_header_too_long;
	work->header.word[SFC_HEADER_META + last / 8] = 0;
	if (bpf_xdp_load_bytes(ctx, l2_len(work), work->header.f.bytes, last + 1))
		return SFC_REASON_truncated;
	work->encap.cut = len;
	work->encap.kept = len;
	return SFC_OK;
}

/* Whether the header is not ready before the packet behind it is: so it is inside IP, which has lengths and checksums.
 * The EtherType of a packet that leaves bare is IP as well. */
static __always_inline int encap_finishes(const struct sfc_header_fields *header)
{
	__be16 type = *(const volatile __be16 *)&header->ethertype;

	return (type == bpf_htons(ETH_P_IP) || type == bpf_htons(ETH_P_IPV6)) && *(const volatile __u16 *)&header->len;
}

/* The length that an IP packet at `off` gives itself, 0 where the frame ends in its header. */
static __always_inline __u32 encap_ip_len(struct xdp_md *ctx, __u32 off)
{
	struct cursor cur = cursor_at(ctx, off);
	const struct iphdr *ip = cursor_take(&cur, sizeof(*ip));

	if (!ip)
		return 0;
	return ip->version == 4 ? bpf_ntohs(ip->tot_len)
				: bpf_ntohs(((const struct ipv6hdr *)ip)->payload_len) + sizeof(struct ipv6hdr);
}

/* For finish: the header's byte for what is behind it, `ipv4` or `ipv6`, where a kernel has made one of the other, or
 * wrapped one in the other. */
static __always_inline int encap_say(struct xdp_md *ctx, const struct work *work, const struct sfc_service *service,
				     __u8 ipv4, __u8 ipv6)
{
	__u32 says = *(const volatile __u16 *)&work->header.f.says;
	struct cursor cur;
	const __u8 *first;

	if (!sfc_config.kernel_mode || !(service->options & SFC_OPTION_KERNEL) || !says)
		return SFC_OK;
	cur = cursor_at(ctx, l2_len(work) + (*(const volatile __u16 *)&work->header.f.len & CUT_MASK));
	first = cursor_take(&cur, 1);
	if (!first)
		return SFC_REASON_truncated;
	ipv4 = *first >> 4 == 6 ? ipv6 : ipv4;
	return bpf_xdp_store_bytes(ctx, l2_len(work) + (says >> 8), &ipv4, 1) ? SFC_REASON_no_room : SFC_OK;
}

/*
 * Bytes that the restored header encloses, for finish: an IP packet ends where its own header says, and what may be
 * behind that is the padding of a short Ethernet frame. Of an Ethernet frame it is all.
 */
static __always_inline __u32 encap_inner_len(struct xdp_md *ctx, struct work *work, const struct sfc_service *service)
{
	__u32 off = l2_len(work) + (*(volatile __u16 *)&work->header.f.len & CUT_MASK);
	__u32 rest = work->result.frame_len, len;

	if (service->inner == SFC_INNER_ETHERNET)
		return rest;
	rest -= l2_len(work);
	len = encap_ip_len(ctx, off);
	return len && len < rest ? len : rest;
}
