// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The edge of the SFC domain in the lab, as edge.bpf.c, with NSH in place of label stacks. */
#include "edge_steps.h"
#include "nsh_header.h"

enum {
	SUM_PIECE = 64,
	SUM_PIECES = 2048 / SUM_PIECE,
	LONGEST = sizeof(struct gpe6) + NSH_MD1,
	HEADER_WANTED = 0,
	HEADER_GOT = 1,
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
static __always_inline __u8 *begin(struct nsh_header *header, __u32 lead)
{
	__u32 at = NSH_AT - lead;

	asm volatile("" : "+r"(at));
	return header->byte + (at <= NSH_AT ? at : NSH_AT);
}

static __always_inline int push(struct xdp_md *ctx, const struct ethernet *ethernet, struct nsh_header *header)
{
	__u32 last = header->len - 1;

	asm volatile("" : "+r"(last)); /* as in sum_of */
	if (last >= LONGEST || bpf_xdp_adjust_head(ctx, -(int)(last + 1)) ||
	    bpf_xdp_store_bytes(ctx, 0, (void *)ethernet, sizeof(*ethernet)))
		return -1;
	return bpf_xdp_store_bytes(ctx, ETH_HLEN, begin(header, header->lead), last + 1);
}

static __always_inline int put_sum(struct xdp_md *ctx, struct nsh_header *header)
{
	__u16 sum = ~sum_gpe6(ctx, (void *)(header->byte + NSH_AT - sizeof(struct gpe6)));

	sum = sum ?: 0xffff;
	return bpf_xdp_store_bytes(ctx, ETH_HLEN + sizeof(struct ipv6hdr) + __builtin_offsetof(struct udphdr, check),
				   &sum, sizeof(sum));
}

/* Whether the frame has an NSH the way the port's frames have it: anything else is a control packet or bare. */
static __always_inline bool is_nsh(struct xdp_md *ctx, const struct edge_port *port, const struct ethernet *ethernet)
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

static __always_inline int wire(struct xdp_md *ctx, const struct edge_port *port, const struct ethernet *ethernet)
{
	count(port, EVENT_WIRE);
	if (!is_nsh(ctx, port, ethernet))
		count(port, EVENT_LINK);
	return bpf_redirect(port->partner, 0);
}

/* From a host into the domain. */
SEC("xdp.frags")
int edge_push(struct xdp_md *ctx)
{
	struct edge_port *port = port_of(ctx);
	struct nsh_header *header = header_new(HEADER_WANTED);
	struct ethernet ethernet;
	struct packet packet = {};

	if (!port || !header || bpf_xdp_load_bytes(ctx, 0, &ethernet, sizeof(ethernet)))
		return XDP_ABORTED;
	if (!is_data(ctx, &ethernet, &packet))
		return wire(ctx, port, &ethernet);
	count_order(port, &packet);
	make_nsh(&packet, port, 0, bpf_xdp_get_buff_len(ctx) - ETH_HLEN, header);
	ethernet.type = header->type;
	if (push(ctx, &ethernet, header) || (port->flags & EDGE_GPE6 && put_sum(ctx, header)))
		return XDP_ABORTED;
	count(port, EVENT_PUSHED + kind_of(&packet));
	if (is_kept(port, &packet))
		keep(ctx, KEPT_PUSHED);
	return bpf_redirect(port->partner, 0);
}

/* Frames that need no work here, on their way through. */
SEC("xdp.frags")
int edge_wire(struct xdp_md *ctx)
{
	struct edge_port *port = port_of(ctx);
	struct ethernet ethernet;

	if (!port || bpf_xdp_load_bytes(ctx, 0, &ethernet, sizeof(ethernet)))
		return XDP_ABORTED;
	return wire(ctx, port, &ethernet);
}

/* Reads the frame's header. Its length is the NSH's own. Returns 0, or -1 where none of ours is so long. */
static __always_inline int load_header(struct xdp_md *ctx, const struct edge_port *port, struct nsh_header *got)
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
static __always_inline bool is_right(struct xdp_md *ctx, const struct edge_port *port, struct nsh_header *got,
				     struct nsh_header *want)
{
	struct gpe6 *outer = (void *)(got->byte + NSH_AT - sizeof(struct gpe6));
	__u64 differ = got->len ^ want->len;

	if (port->flags & EDGE_GPE6) {
		if (!outer->gpe.udp.check || sum_gpe6(ctx, outer) != 0xffff)
			return false;
		outer->gpe.udp.check = 0;
	}
	for (__u32 i = 0; i < NSH_WORDS; i++)
		differ |= got->word[i] ^ want->word[i];
	return !differ;
}

/* On the receiving host: is this the header that this very packet must carry here? */
SEC("xdp.frags")
int edge_check(struct xdp_md *ctx)
{
	struct nsh_header *want = header_new(HEADER_WANTED), *got = header_new(HEADER_GOT);
	struct edge_port *port = port_of(ctx);
	struct ethernet ethernet;
	struct packet packet = {};

	if (!port || !want || !got || bpf_xdp_load_bytes(ctx, 0, &ethernet, sizeof(ethernet)))
		return XDP_ABORTED;
	if (!is_nsh(ctx, port, &ethernet)) {
		if (is_data(ctx, &ethernet, &packet))
			count(port, EVENT_BARE);
		return XDP_PASS;
	}
	if (load_header(ctx, port, got) || read_packet(ctx, ETH_HLEN + got->len, &packet))
		return wrong(ctx, port);
	if (is_kept(port, &packet))
		keep(ctx, KEPT_CHECKED);
	make_nsh(&packet, port, port->after_proxy != 0, bpf_xdp_get_buff_len(ctx) - ETH_HLEN - got->len, want);
	if (!is_right(ctx, port, got, want))
		return wrong(ctx, port);
	count(port, EVENT_GOOD + kind_of(&packet));
	count_order(port, &packet);
	return cut_header(ctx, &ethernet, &packet, got->len);
}

char _license[] SEC("license") = "Dual BSD/GPL";
