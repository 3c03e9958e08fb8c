/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The encapsulations, a row each. The enum and the names in configurations and reports come from these rows. They also
 * lead from a frame to the code of its encapsulation (bpf/encap/NAME.h: match, parse, finish), and to that of user
 * space (src/config/encap_NAME.cpp). docs/encapsulations.md says what each verb must do.
 */
#pragma once

#include "sfc_abi.h"

/* How a frame shows that it has an encapsulation. */
enum sfc_carrier {
	SFC_BY_ETHERTYPE, /* the row's EtherTypes, 0 for no second one */
	SFC_BY_UDP,       /* the row's destination ports, in an IP packet to an address of this host */
	SFC_BY_IPV6,      /* the IPv6 destination, which the encapsulation's match reads */
};

/* X(name, carrier, first number, second number) */
#define SFC_ENCAPS(X) X(mpls, SFC_BY_ETHERTYPE, 0x8847, 0x8848)

enum sfc_encap {
	SFC_ENCAP_NONE,
#define SFC_ENCAP_ENUM(name, ...) SFC_ENCAP_##name,
	SFC_ENCAPS(SFC_ENCAP_ENUM)
#undef SFC_ENCAP_ENUM
		SFC_ENCAP_USED, /* one past the last */
};
static_assert((int)SFC_ENCAP_USED <= (int)SFC_ENCAPS_MAX, "the constants have no room for another encapsulation");
