/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a frame ended as it did. One table for BPF, JSON, stats and docs: the string that users see is the name in the
 * list. Append only: the numbers are in counters that outlive a program.
 */
#pragma once

/* X(name, what it means, where to look or what to do), in order of number; SFC_OK is 0. */
#define SFC_REASONS(X)                                                                                                 \
	X(runt, "shorter than an Ethernet header", "look at the sender or the driver")                                 \
	X(truncated, "ends inside a label, or before the end of the IP packet",                                        \
	  "look at the sender; a capture that was cut short shows it too")                                             \
	X(no_bottom, "label stack without a bottom-of-stack bit", "the node that pushed this stack is broken")         \
	X(too_many_labels, "label stack of more than 16 entries", "shorten the chain")                                 \
	X(ttl, "hop count is used up", "a loop, or an ingress that starts with too small a TTL")                       \
	X(last_label, "nothing is left after the top label",                                                           \
	  "the chain ends here: 'last_label: plain' lets it leave as IP")                                              \
	X(bad_inner, "payload is not what the service's `inner` says, or its headers contradict each other",           \
	  "check the service's 'inner', and whether the label means a pseudowire")                                     \
	X(no_key, "inner packet that belongs to a link, or carries SFC",                                               \
	  "neighbour discovery, IGMP, segment routing, more than 8 IPv6 extension headers: docs/keys.md")              \
	X(too_big, "would not fit the MTU of the SF port or of the next hop",                                          \
	  "raise the MTU of the SF port or next hop, or lower the senders' MSS")                                       \
	X(header_too_long, "header longer than the headroom for restoring it", "shorten the chain")                    \
	X(ambiguous, "a packet with an equal key and a different header is in the SF",                                 \
	  "equal packets on different chains; see whether the SF holds packets back")                                  \
	X(cache_full, "too many equal packets in flight; through the kernel, too many headers in use",                 \
	  "look for a loop that repeats one packet; through the kernel, raise capacity or 'quota', or lower 'hold': "  \
	  "'check' says how many new headers a second they allow")                                                     \
	X(no_next_hop, "interface or MAC of the SF port or of the next hop is missing",                                \
	  "see 'sfcproxy status': interface gone or down, or next hop not answering")                                  \
	X(unmatched, "SFC frame that no service on this port matches", "no service has this label on this port")       \
	X(not_sfc, "no SFC encapsulation", "normal for ARP, routing protocols and management")                         \
	X(miss, "no header is cached for this packet, epoch and port",                                                 \
	  "the SF changed a key field (NAT, TCP timestamps, 'ipv4_id: off'), sends packets of its own (ICMP errors: "  \
	  "'mtu' helps), or 'hold' is too short; through the kernel, a raw socket ('mark' helps)")                     \
	X(late, "came back after the hold time", "the SF is slower than 'hold'; raise it")                             \
	X(sfc_from_sf, "SFC encapsulation, or a tunnel that can carry it, coming from an SF",                          \
	  "an SF must not send SFC frames; is it a tunnel endpoint ('tunnels: pass') or compromised?")                 \
	X(no_room, "no headroom to put the header on", "the driver leaves too little headroom")                        \
	X(control, "ARP, neighbour discovery and other traffic of an SF port's own link",                              \
	  "normal: the link between proxy and SF")                                                                     \
	X(snapped, "cut by the capture's snap length (replay only)", "capture with a larger snap length")              \
	X(wrong_port, "leaves the kernel through a port that the service's `egress` does not name",                    \
	  "a route leads elsewhere: change the route, or name the port in 'egress'")                                   \
	X(from_kernel, "made by this host's kernel in answer to a packet that came with a header",                     \
	  "nftables' reject, an ICMP error, or a process that ends connections (TPROXY, a proxy), which fits no "      \
	  "mode: use drop rules, and see why errors arise")                                                            \
	X(probe, "sent by the proxy itself at attach, to see what the SF does to packets",                             \
	  "normal: 'sfcproxy status' says what was found; 'probe: off' at the SF sends none")                          \
	X(fragment, "fragment that a kernel made of a packet, and that has not kept its header",                       \
	  "a route's MTU is too small: raise it, or give the SF bits of the mark ('mark'), which fragments keep")      \
	X(outer_fragment, "a fragment of the packet around an SFC header",                                             \
	  "raise the MTU between the tunnel's ends, or lower the senders' MSS")                                        \
	X(bad_outer, "the packet around an SFC header has a wrong length or checksum, or IP options",                  \
	  "look at the tunnel's other end, or at the link in between")                                                 \
	X(bad_version, "NSH of a version other than 0", "the sender is newer than RFC 8300, or it is no NSH")          \
	X(service_index, "NSH with service index 0", "the path has more SFs than its first index allows")              \
	X(oam, "NSH with the O bit", "see who sends OAM packets to this SF; 'oam: forward' lets them past it")         \
	X(md_type, "NSH of an MD type other than 1 and 2", "types 0 and 15 are reserved, others unknown")              \
	X(bad_length, "NSH, or a header behind it, whose length its type does not allow", "the sender is broken")      \
	X(bad_tlv, "NSH or segment routing header whose TLVs go beyond its end", "the sender is broken")               \
	X(next_protocol, "NSH in front of something that is no packet", "none and experiments are not for SFs")        \
	X(bad_srh, "segment routing header whose segments left, last entry, length or type contradict each other",     \
	  "the sender is broken, or a node on the way")                                                                \
	X(upper_layer, "ends at this SID: no segments are left, or there is no segment routing header",                \
	  "the SID must not be the last one; with 'behaviour: as' it may be")                                          \
	X(bypassed, "carries something else than the service's `inner`, so it went on to the next segment",            \
	  "see the service's 'inner'; the SF gets IPv4 and IPv6, or Ethernet frames")                                  \
	X(fib_neighbour,                                                                                               \
	  "to this host's kernel with its header, because the MAC of the route's next hop is not known",               \
	  "normal for the first packets; if it goes on, the next hop does not answer, or the kernel does not forward") \
	X(fib_tunnel, "to this host's kernel with its header, because the route leads into a tunnel of the kernel",    \
	  "normal for routes with 'encap', as of seg6")                                                                \
	X(other_mac, "addressed to another MAC than those of the port",                                                \
	  "normal where a switch floods; else see the sender's next hop, or 'accept: any' at the port")

enum sfc_reason {
	SFC_OK,
#define SFC_REASON_ENUM(name, text, hint) SFC_REASON_##name,
	SFC_REASONS(SFC_REASON_ENUM)
#undef SFC_REASON_ENUM
		SFC_REASON_USED, /* one past the last reason */
	SFC_REASON_MAX = 64,     /* room in the counters, so that appending keeps their layout */
};
