// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The edge of the SFC domain in the lab, as edge.bpf.c, with NSH in place of label stacks. */
#include "edge_steps.h"
#include "nsh_header.h"

enum {
	SUM_PIECE = 64,
	SUM_PIECES = 2048 / SUM_PIECE,
	LONGEST = sizeof(struct gpe6) + NSH_MD1,
};

/* The sum of `len` bytes at `off` and of `sum`. */
static __always_inline __u32 sum_of(struct xdp_md *ctx, __u32 off, __u32 len, __u32 sum)
{
	for (__u32 i = 0; i < SUM_PIECES; i++) {
		__be32 piece[SUM_PIECE / 4] = {};
		__u32 last = len - i * SUM_PIECE - 1;

		if (i * SUM_PIECE >= len)
			return sum;
		last = last < SUM_PIECE ? last : SUM_PIECE - 1;
		asm volatile("" : "+r"(last)); /* kernel 6.1 must be shown that the length is at least 1 */
		last &= SUM_PIECE - 1;
		if (bpf_xdp_load_bytes(ctx, off + i * SUM_PIECE, piece, last + 1))
			return 0;
		sum = bpf_csum_diff(NULL, 0, piece, SUM_PIECE, sum);
	}
	return sum;
}

/* RFC 8200 8.1: of all of the UDP packet in the frame, with its pseudo header. 0xffff where a checksum in it is right.
 */
static __always_inline __u16 sum_gpe6(struct xdp_md *ctx, struct gpe6 *outer)
{
	__u32 off = ETH_HLEN + sizeof(outer->ip), len = bpf_ntohs(outer->ip.payload_len);
	__u32 pseudo = bpf_htons(IPPROTO_UDP) + outer->ip.payload_len;

	return fold(sum_of(ctx, off, len, bpf_csum_diff(NULL, 0, (__be32 *)&outer->ip.saddr, 32, pseudo)));
}

/* Where the header begins. The verifier wants to see an offset that is added. */
static __always_inline __u8 *begin(struct header *header, __u32 lead)
{
	__u32 at = NSH_AT - lead;

	asm volatile("" : "+r"(at));
	return header->byte + (at <= NSH_AT ? at : NSH_AT);
}

static __always_inline int put_sum(struct xdp_md *ctx, struct header *header)
{
	__u16 sum = ~sum_gpe6(ctx, (void *)(header->byte + NSH_AT - sizeof(struct gpe6)));

	sum = sum ?: 0xffff;
	return bpf_xdp_store_bytes(ctx, ETH_HLEN + sizeof(struct ipv6hdr) + __builtin_offsetof(struct udphdr, check),
				   &sum, sizeof(sum));
}

static __always_inline int push(struct xdp_md *ctx, const struct ethernet *ethernet, struct header *header)
{
	__u32 last = header->len - 1;

	asm volatile("" : "+r"(last)); /* as in sum_of */
	if (last >= LONGEST || bpf_xdp_adjust_head(ctx, -(int)(last + 1)) ||
	    bpf_xdp_store_bytes(ctx, 0, (void *)ethernet, sizeof(*ethernet)) ||
	    bpf_xdp_store_bytes(ctx, ETH_HLEN, begin(header, header->lead), last + 1))
		return -1;
	return header->type == bpf_htons(ETH_P_IPV6) ? put_sum(ctx, header) : 0;
}

/* Whether the frame has an NSH the way the port's frames have it: anything else is a control packet or bare. */
static __always_inline bool is_ours(struct xdp_md *ctx, const struct edge_port *port, const struct ethernet *ethernet)
{
	__u32 at = ETH_HLEN + (port->flags & EDGE_GPE6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	__be16 to = 0;

	if (!(port->flags & (EDGE_GPE4 | EDGE_GPE6)))
		return ethernet->type == bpf_htons(port->flags & EDGE_TAG ? ETH_P_8021Q : NSH_TYPE);
	if (ethernet->type != bpf_htons(port->flags & EDGE_GPE6 ? ETH_P_IPV6 : ETH_P_IP))
		return false;
	return !bpf_xdp_load_bytes(ctx, at + __builtin_offsetof(struct udphdr, dest), &to, sizeof(to)) &&
	       to == bpf_htons(GPE_PORT);
}

/* Reads the frame's header. Its length is the NSH's own. Returns 0, or -1 where none of ours is so long. */
static __always_inline int load_header(struct xdp_md *ctx, const struct edge_port *port, struct header *got)
{
	__u32 lead, last;
	__u8 words;

	set_carrier(port, got);
	lead = got->lead;
	if (bpf_xdp_load_bytes(ctx, ETH_HLEN + lead + 1, &words, sizeof(words)))
		return -1;
	got->len = lead + (words & 0x3f) * 4;
	last = got->len - 1;
	asm volatile("" : "+r"(last)); /* as in sum_of */
	return last >= LONGEST || bpf_xdp_load_bytes(ctx, ETH_HLEN, begin(got, lead), last + 1) ? -1 : 0;
}

/* Every bit of the header: a checksum is right, or is zero where the model has none. */
static __always_inline bool is_right(struct xdp_md *ctx, struct header *got, struct header *want)
{
	struct gpe6 *outer = (void *)(got->byte + NSH_AT - sizeof(struct gpe6));
	__u64 differ = got->len ^ want->len;

	if (want->type == bpf_htons(ETH_P_IPV6)) {
		if (!outer->gpe.udp.check || sum_gpe6(ctx, outer) != 0xffff)
			return false;
		outer->gpe.udp.check = 0;
	}
	for (__u32 i = 0; i < NSH_WORDS; i++)
		differ |= got->word[i] ^ want->word[i];
	return !differ;
}

#include "edge_programs.h"
