/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a frame to the code of its encapsulation. The rows of sfc_encaps.h make the cases; what no service uses is a
 * constant 0 in sfc_config.encaps, and the verifier takes it out. Each encapsulation NAME has
 *
 *   NAME_match      what services match, as 16 bytes
 *   NAME_parse      the end of the header, what it carries, and the canonical bytes that will leave, advanced; or the
 *                   bytes of a packet that goes past the SF, ready to leave
 *   NAME_finish     at return, in the restored frame: what parse left zero, because it depends on the packet
 *   NAME_masks      1 where services may match a part of the value
 *   NAME_glance     in kernel mode: where the header ends, so that one that has come before can be told by its bytes
 */
#pragma once

#include "base/cursor.h"
#include "base/maps.h"
#include "encap/mpls.h"
#include "encap/nsh.h"
#include "encap/outer.h"
#include "encap/srv6.h"

#include "sfc_encaps.h"

#define ENCAP_BY_UDP(name, type, type2, port, ipv6)  | (port ? 1 << SFC_ENCAP_##name : 0)
#define ENCAP_BY_IPV6(name, type, type2, port, ipv6) | (ipv6 ? 1 << SFC_ENCAP_##name : 0)
enum {
	ENCAPS_BY_UDP = 0 SFC_ENCAPS(ENCAP_BY_UDP),
	ENCAPS_BY_IPV6 = 0 SFC_ENCAPS(ENCAP_BY_IPV6),
	ENCAPS_BEHIND_TAGS = 1 << SFC_ENCAP_nsh,
	ENCAPS_BYPASS = 1 << SFC_ENCAP_nsh | 1 << SFC_ENCAP_srv6,
	ENCAP_TOO_BIG = 0x200, /* type and code of ICMPv6, RFC 4443 3.2 */
	VLAN_TAG = 4,          /* control information and the next EtherType, IEEE 802.1Q 9.3 */
};

static __always_inline int encap_in_use(enum sfc_encap encap)
{
	return sfc_config.encaps >> encap & 1;
}

/* The encapsulation that an EtherType stands for, in use or not. */
static __always_inline enum sfc_encap encap_of_type(__be16 type)
{
#define ENCAP_OF_TYPE(name, first, second, ...)                                                                        \
	if ((first && type == bpf_htons(first)) || (second && type == bpf_htons(second)))                              \
		return SFC_ENCAP_##name;
	SFC_ENCAPS(ENCAP_OF_TYPE)
	return SFC_ENCAP_NONE;
}

/* The encapsulation that a UDP port of ours stands for. `port` is in host byte order. */
static __always_inline enum sfc_encap encap_of_port(__u16 port)
{
#define ENCAP_OF_PORT(name, type, type2, own, ipv6)                                                                    \
	if (own && encap_in_use(SFC_ENCAP_##name) && port == sfc_config.udp_port[SFC_ENCAP_##name])                    \
		return SFC_ENCAP_##name;
	SFC_ENCAPS(ENCAP_OF_PORT)
	return SFC_ENCAP_NONE;
}

/* The encapsulation that IPv6 destinations may stand for; which of them, its matches say. */
static __always_inline enum sfc_encap encap_of_ipv6(void)
{
#define ENCAP_OF_IPV6(name, type, type2, port, ipv6)                                                                   \
	if (ipv6 && encap_in_use(SFC_ENCAP_##name))                                                                    \
		return SFC_ENCAP_##name;
	SFC_ENCAPS(ENCAP_OF_IPV6)
	return SFC_ENCAP_NONE;
}

static __always_inline int encap_is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* The encapsulation behind one or two VLAN tags; fills encap.lead. `type` is the first EtherType. Not static, as
 * extensions_walk. */
__noinline int encap_of_tags(struct xdp_md *ctx, struct work *work, __u32 type)
{
	struct cursor cur = cursor_at(ctx, ETH_HLEN);

	if (!work)
		return SFC_ENCAP_NONE;
#pragma unroll
	for (__u32 lead = VLAN_TAG; lead <= 2 * VLAN_TAG; lead += VLAN_TAG) {
		const __be16 *tag;

		if (!encap_is_tag(type))
			return SFC_ENCAP_NONE;
		tag = cursor_take(&cur, VLAN_TAG);
		if (!tag)
			return SFC_ENCAP_NONE;
		type = tag[1];
		work->encap.lead = lead;
		if (1 << encap_of_type(type) & ENCAPS_BEHIND_TAGS)
			return encap_of_type(type);
	}
	return SFC_ENCAP_NONE;
}

/* The encapsulation of a frame whose EtherType is none's, SFC_ENCAP_NONE for most of them. Dead code where no service
 * has one in IP, or behind tags. */
static __always_inline enum sfc_encap encap_inside(struct xdp_md *ctx, struct work *work, __be16 type)
{
	__u16 port = 0;

	if (ENCAPS_BY_UDP != 0 && (sfc_config.encaps & ENCAPS_BY_UDP))
		port = outer_udp_port(ctx, work, type);
	work->encap.finishes = port != 0; /* IP has lengths and checksums */
	if (port && encap_of_port(port))
		return encap_of_port(port);
	if (sfc_config.encaps & ENCAPS_BEHIND_TAGS && encap_is_tag(type))
		return encap_of_tags(ctx, work, type);
	if (ENCAPS_BY_IPV6 == 0 || type != bpf_htons(ETH_P_IPV6))
		return SFC_ENCAP_NONE;
	work->encap.finishes = 1;
	work->encap.outer = OUTER_NONE; /* UDP to this host is nothing that ends here, whatever it looked like */
	return encap_of_ipv6();
}

/* Whether frames of this EtherType are SFC, of an encapsulation that we know or of one that we do not. */
static __always_inline int encap_is_sfc(__be16 type)
{
	return encap_of_type(type) != SFC_ENCAP_NONE;
}

/* Whether the frame is to a group that each node with its service is in. A group of any other encapsulation is not. */
static __always_inline int encap_is_to_group(enum sfc_encap encap, const __u8 *mac)
{
	return encap == SFC_ENCAP_mpls && mpls_is_group(mac);
}

/* What services of `encap` match in this frame. Returns SFC_OK or the reason that ends the packet. */
static __always_inline int encap_match(struct xdp_md *ctx, struct work *work, enum sfc_encap encap, __u64 *value)
{
#define ENCAP_MATCH(name, ...)                                                                                         \
	if (encap == SFC_ENCAP_##name && encap_in_use(SFC_ENCAP_##name))                                               \
		return name##_match(ctx, work, value);
	SFC_ENCAPS(ENCAP_MATCH)
	return SFC_REASON_unmatched;
}

/* Whether the sender of the outer packet is to be told why the frame ends. A packet that is too big is its business,
 * because it is the one that is routed. */
static __always_inline int encap_due(struct work *work, enum sfc_encap encap, int reason)
{
	if (reason == SFC_REASON_too_big && ENCAPS_BY_IPV6 >> encap & 1)
		work->encap.due = ENCAP_TOO_BIG;
	return work->encap.due != 0;
}

/* Whether packets of the service go to the SF with their header. */
static __always_inline int encap_stays(const struct sfc_service *service)
{
	return encap_in_use(SFC_ENCAP_srv6) && service->options & SFC_OPTION_MASQUERADE;
}

/* Whether services may match a part of the value: NAME_masks says so. */
static __always_inline int encap_masks(enum sfc_encap encap)
{
#define ENCAP_MASKS(name, ...)                                                                                         \
	if (encap == SFC_ENCAP_##name)                                                                                 \
		return name##_masks;
	SFC_ENCAPS(ENCAP_MASKS)
	return 1;
}

static __always_inline int encap_parse(struct xdp_md *ctx, struct work *work, enum sfc_encap encap,
				       const struct sfc_service *service)
{
#define ENCAP_PARSE(name, ...)                                                                                         \
	if (encap == SFC_ENCAP_##name && encap_in_use(SFC_ENCAP_##name))                                               \
		return name##_parse(ctx, work, service);
	SFC_ENCAPS(ENCAP_PARSE)
	return SFC_REASON_unmatched;
}

/* Why the packet goes past the SF, SFC_OK where it does not. Dead code where no encapsulation in use has such packets.
 */
static __always_inline int encap_bypass(const struct work *work)
{
	return sfc_config.encaps & ENCAPS_BYPASS ? work->encap.bypass : SFC_OK;
}

/*
 * Fills work->encap.cut, hash and last_word for a header of the EtherType `type` that begins at `word`, where its bytes
 * alone decide what leaves. `words` of it lie in front of `end`. 0 in cut: only parse can tell.
 */
static __always_inline void encap_glance(struct work *work, __be16 type, const __u64 *word, const void *end,
					 __u32 words)
{
	work->encap.cut = 0;
#define ENCAP_GLANCE(name, first, ...)                                                                                 \
	if (first && encap_in_use(SFC_ENCAP_##name) && type == bpf_htons(first))                                       \
		name##_glance(work, word, end, words);
	SFC_ENCAPS(ENCAP_GLANCE)
}

static __always_inline int encap_finish(struct xdp_md *ctx, struct work *work, const struct sfc_service *service)
{
#define ENCAP_FINISH(name, ...)                                                                                        \
	if (service->encap == SFC_ENCAP_##name && encap_in_use(SFC_ENCAP_##name))                                      \
		return name##_finish(ctx, work, service);
	SFC_ENCAPS(ENCAP_FINISH)
	return SFC_OK;
}
