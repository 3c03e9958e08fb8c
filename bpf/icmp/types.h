/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers of ICMP and ICMPv6. */
#pragma once

enum {
	ICMP_HEADER = 8,      /* RFC 792, RFC 4443 2.1: the quoted packet comes behind it */
	ICMP_UNREACHABLE = 3, /* RFC 792 */
	ICMP_REDIRECTED = 5,  /* with 4, source quench */
	ICMP_EXCEEDED = 11,
	ICMP_PARAMETER = 12,
	ICMP_LAST = 18,                /* RFC 950: of the types that hosts know, the last one */
	ICMP_FRAGMENTATION_NEEDED = 4, /* code of ICMP_UNREACHABLE, RFC 1191 4 */
	ICMP6_TOO_BIG = 2,             /* RFC 4443 3.2 */
	ICMP6_PARAMETER = 4,           /* the last error of RFC 4443 */
	ICMP6_OPTION = 2,              /* code of it: an option that nobody knows */
	ICMP6_INFORMATION = 128,       /* RFC 4443 2.1: below are errors */
	ICMP6_REDIRECT = 137,
};

/* Type and code, as the 16 bits of the message. */
#define ICMP_KIND(type, code) ((type) << 8 | (code))

/* Whether a type of ICMP stands for an error, or for nothing that is known (RFC 1122 3.2.2). */
static __always_inline int icmp_is_error(__u8 type)
{
	return (type >= ICMP_UNREACHABLE && type <= ICMP_REDIRECTED) || type == ICMP_EXCEEDED || type == ICMP_PARAMETER;
}
