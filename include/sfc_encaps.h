/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The encapsulations, a row each. The enum and the names in configurations and reports come from these rows. They also
 * lead from a frame to the code of its encapsulation (bpf/encap/NAME.h: match, parse, finish), and to that of user
 * space (src/config/encap_NAME.cpp). docs/encapsulations.md says what each verb must do.
 */
#pragma once

#include "sfc_abi.h"

/*
 * X(name, EtherType, another EtherType, port of UDP, IPv6): how a frame shows that it has the encapsulation. 0 is none.
 * By UDP it is a packet to an address of this host and to this port. With IPv6 set it is the IPv6 destination, which
 * the encapsulation's match reads.
 */
#define SFC_ENCAPS(X) X(mpls, 0x8847, 0x8848, 0, 0) X(nsh, 0x894f, 0, 4790, 0) X(srv6, 0, 0, 0, 1)

enum sfc_encap {
	SFC_ENCAP_NONE,
#define SFC_ENCAP_ENUM(name, ...) SFC_ENCAP_##name,
	SFC_ENCAPS(SFC_ENCAP_ENUM)
#undef SFC_ENCAP_ENUM
		SFC_ENCAP_USED, /* one past the last */
};
static_assert((int)SFC_ENCAP_USED <= (int)SFC_ENCAPS_MAX, "the constants have no room for another encapsulation");
