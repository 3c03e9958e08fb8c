/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets that this host's kernel makes by itself in answer to packets that came with a header: resets, whose source is
 * the address of another host (nftables' REJECT), and ICMP errors, which quote a packet to another host. They have no
 * ticket, so they would leave without a header. Packets that this host sends for itself may leave, and errors at a port
 * of no service in kernel mode.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "icmp/types.h"
#include "path/fib.h"

enum {
	TCP_FLAGS_AT = 13, /* RFC 9293 3.1 */
	TCP_RST = 4,
};

/* Whether the address is one of this host. The routes do not tell: there is none to an address of this host, and none
 * to an address that nobody has. */
static __always_inline int originated_here(const __u32 *word)
{
	struct sfc_address address = {.word = {word[0], word[1], word[2], word[3]}};

	return bpf_map_lookup_elem(&own_addresses, &address) != NULL;
}

static __always_inline int originated_here4(__u32 word)
{
	const __u32 mapped[4] = {0, 0, bpf_htonl(0xffff), word};

	return originated_here(mapped);
}

/* Whether the packet, whose TCP header begins at `off`, is a reset. */
static __always_inline int originated_reset(struct __sk_buff *skb, __u8 proto, __u32 off)
{
	__u8 flags;

	return proto == IPPROTO_TCP && !bpf_skb_load_bytes(skb, off + TCP_FLAGS_AT, &flags, sizeof(flags)) &&
	       flags & TCP_RST;
}

/* Whether a packet to that address would be sent on. For an address of this host, and where there is no route, the
 * answer is no. */
static __always_inline int originated_elsewhere(struct __sk_buff *skb, struct bpf_fib_lookup *fib)
{
	long answer = bpf_fib_lookup(skb, fib, sizeof(*fib), 0);

	return answer == BPF_FIB_LKUP_RET_SUCCESS || answer == BPF_FIB_LKUP_RET_NO_NEIGH ||
	       answer == BPF_FIB_LKUP_RET_FRAG_NEEDED;
}

static __always_inline int originated_ipv4(struct __sk_buff *skb, int strips)
{
	struct bpf_fib_lookup fib = {.family = FIB_INET, .ifindex = skb->ifindex};
	struct iphdr ip;
	__u32 icmp;
	__u8 type;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || !ip.saddr) /* 0: has no address yet (DHCP) */
		return 0;
	fib.ipv4_dst = ip.saddr;
	if (originated_elsewhere(skb, &fib))
		return 1;
	icmp = ETH_HLEN + ip.ihl * 4;
	if (originated_reset(skb, ip.protocol, icmp))
		return !originated_here4(ip.saddr);
	if (!strips || ip.protocol != IPPROTO_ICMP || bpf_skb_load_bytes(skb, icmp, &type, sizeof(type)))
		return 0;
	if (!icmp_is_error(type))
		return 0;
	if (bpf_skb_load_bytes(skb, icmp + ICMP_HEADER + __builtin_offsetof(struct iphdr, daddr), &fib.ipv4_dst,
			       sizeof(fib.ipv4_dst)))
		return 0;
	return !originated_here4(fib.ipv4_dst);
}

static __always_inline int originated_ipv6(struct __sk_buff *skb, int strips)
{
	struct bpf_fib_lookup fib = {.family = FIB_INET6, .ifindex = skb->ifindex};
	const __u32 icmp = ETH_HLEN + sizeof(struct ipv6hdr);
	__u8 next, type;

	if (bpf_skb_load_bytes(skb, ETH_HLEN + __builtin_offsetof(struct ipv6hdr, nexthdr), &next, sizeof(next)) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN + __builtin_offsetof(struct ipv6hdr, saddr), fib.ipv6_dst,
			       sizeof(fib.ipv6_dst)))
		return 0;
	/* Unspecified: has no address yet (RFC 4862 5.4.2). */
	if (!(fib.ipv6_dst[0] | fib.ipv6_dst[1] | fib.ipv6_dst[2] | fib.ipv6_dst[3]))
		return 0;
	if (originated_elsewhere(skb, &fib))
		return 1;
	if (originated_reset(skb, next, icmp))
		return !originated_here(fib.ipv6_dst);
	if (!strips || next != IPPROTO_ICMPV6 || bpf_skb_load_bytes(skb, icmp, &type, sizeof(type)) ||
	    type > ICMP6_PARAMETER)
		return 0;
	if (bpf_skb_load_bytes(skb, icmp + ICMP_HEADER + __builtin_offsetof(struct ipv6hdr, daddr), fib.ipv6_dst,
			       sizeof(fib.ipv6_dst)))
		return 0;
	return !originated_here(fib.ipv6_dst);
}

/* Whether this packet of the host's own answers one that the host was to pass on. `strips`: the port where it leaves
 * belongs to a service in kernel mode. */
static __always_inline int originated_for_another(struct __sk_buff *skb, int strips)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return originated_ipv4(skb, strips);
	return skb->protocol == bpf_htons(ETH_P_IPV6) && originated_ipv6(skb, strips);
}
