/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs and maps of bpf/, listed once. User space makes its enums from here and refuses an object whose programs
 * and maps are others; the names are those of the pins. tests/native makes its prototypes and tables from here.
 */
#pragma once

/* X(name, type of its context, 1 = only loaded in kernel mode, where it is attached) */
#define SFC_PROGRAMS(X)                                                                                                \
	X(sfc_strip, xdp_md, 0, "XDP of domain ports")                                                                 \
	X(sfc_restore, xdp_md, 0, "XDP of SF ports")                                                                   \
	X(sfc_ticket_mark, __sk_buff, 1,                                                                               \
	  "TC ingress of domain ports, where tickets go through the kernel in the mark")                               \
	X(sfc_restore_tc, __sk_buff, 1, "TC egress of ports that the kernel sends through")                            \
	X(sfc_hairpin, xdp_md, 1, "XDP at the peer of a hairpin")                                                      \
	X(sfc_ticket_mac, __sk_buff, 1, "TC egress at the peer of an SF port whose SF is a kernel")                    \
	X(sfc_restore_mac, xdp_md, 1, "XDP of those SF ports")                                                         \
	X(sfc_pass, xdp_md, 0, "XDP at the peer of a veth that we redirect into")                                      \
	X(sfc_probe, xdp_md, 0, "no interface: user space runs it to send probes")

/* X(name), as bpf/base/maps.h and bpf/ticket/probe.h define them. */
#define SFC_MAPS(X)                                                                                                    \
	X(scratch)                                                                                                     \
	X(port_id_array)                                                                                               \
	X(port_id_hash)                                                                                                \
	X(ports)                                                                                                       \
	X(tx_ports)                                                                                                    \
	X(handover)                                                                                                    \
	X(own_addresses)                                                                                               \
	X(port_macs)                                                                                                   \
	X(address_hints)                                                                                               \
	X(sfs)                                                                                                         \
	X(match_hints)                                                                                                 \
	X(matches)                                                                                                     \
	X(services)                                                                                                    \
	X(buckets)                                                                                                     \
	X(slots)                                                                                                       \
	X(memory)                                                                                                      \
	X(tails)                                                                                                       \
	X(last_headers)                                                                                                \
	X(fixed_headers)                                                                                               \
	X(tunnels)                                                                                                     \
	X(pools)                                                                                                       \
	X(magazines)                                                                                                   \
	X(headers)                                                                                                     \
	X(arrivals)                                                                                                    \
	X(arrival_numbers)                                                                                             \
	X(number_hints)                                                                                                \
	X(port_counters)                                                                                               \
	X(service_counters)                                                                                            \
	X(icmp_ports)                                                                                                  \
	X(set_clock)                                                                                                   \
	X(probes)
