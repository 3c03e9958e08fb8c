/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets that carry packets. docs/keys.md has the same lists. */
#pragma once

#include "encap/encaps.h"

enum {
	IP_IPIP = 4,
	IP_IPV6 = 41,
	IP_GRE = 47,
	IP_ETHERIP = 97,
	IP_L2TP = 115,
	IP_MPLS = 137,     /* RFC 4023 */
	IP_ETHERNET = 143, /* RFC 8986 10.1 */
	IP_NSH = 145,      /* RFC 9491 */
	UDP_GRE = 4754,    /* RFC 8086, and with DTLS the next one */
	UDP_GRE_DTLS = 4755,
	UDP_VXLAN = 4789, /* RFC 7348 */
	UDP_VXLAN_GPE = 4790,
	UDP_VXLAN_LINUX = 8472, /* what Linux took before there was a number */
	UDP_GUE = 6080,
	UDP_GENEVE = 6081, /* RFC 8926 */
	UDP_MPLS = 6635,   /* RFC 7510, and with DTLS the next one */
	UDP_MPLS_DTLS = 6636,
	UDP_GTP_U = 2152, /* 3GPP TS 29.281 4.4.2.3 */
};

/* Protocols of IP that can carry SFC, but for UDP. */
static __always_inline int tunnel_is_protocol(__u32 protocol)
{
	switch (protocol) {
	case IP_IPIP:
	case IP_IPV6:
	case IP_GRE:
	case IP_ETHERIP:
	case IP_L2TP:
	case IP_MPLS:
	case IP_ETHERNET:
	case IP_NSH:
		return 1;
	default:
		return 0;
	}
}

/* Destination ports of UDP that can carry SFC. */
static __always_inline int tunnel_is_port(__u16 port)
{
	if (encap_of_port(port))
		return 1;
	return port == UDP_VXLAN || port == UDP_VXLAN_GPE || port == UDP_VXLAN_LINUX || port == UDP_GUE ||
	       port == UDP_GENEVE || port == UDP_MPLS || port == UDP_MPLS_DTLS || port == UDP_GRE ||
	       port == UDP_GRE_DTLS;
}
