/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP errors that the proxy sends about packets that it ends (bpf/icmp/). Part of sfc_abi.h, which includes it. */
#pragma once

/* IP versions of packets that senders are told about, as bits of sfc_config.icmp. */
enum sfc_icmp_version { SFC_ICMP_IPV4 = 1, SFC_ICMP_IPV6 = 2 };

enum sfc_icmp_limit {
	SFC_ICMP_RATE = 1000, /* messages a second about packets of one port, where the configuration says nothing */
	SFC_ICMP_RATE_MAX = 1000000,
	SFC_ICMP_BURST =
		10, /* RFC 4443 2.4 (f): at once, so that traceroute works; more where a tenth of a second has more */
};

/* Of one port. The bucket is shared by all CPUs. It has a token where `due` is no more than `burst_ns` away. */
struct sfc_icmp {
	struct sfc_address source[2]; /* of messages in IPv4 and in IPv6; zero = none are sent */
	__u64 interval_ns;            /* in which a token comes */
	__u64 burst_ns;
	__u64 due; /* when the bucket is full again, by the packet path's clock */
};

static_assert(sizeof(struct sfc_icmp) == 56, "sfc_icmp is padded");
