// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "base/messages.h"

namespace sfc::msg {

#define SFC_ATTACH_MESSAGES(M)                                                                                         \
    M(no_icmp_source,                                                                                                  \
      "off for {}, because no domain port has a global address of it; 'icmp: {{source: ADDRESS}}' gives one")          \
    M(no_port_here, "port {}: there is no such interface here")                                                        \
    M(no_netns_here, "netns {}: there is no such network namespace here")                                              \
    M(cannot_ask_addresses, "cannot ask the kernel for the addresses of this host")                                    \
    M(port_in_bridge,                                                                                                  \
      "port '{}': interface '{}' is in a bridge, bond or VRF, behind which nobody can tell where a packet of "         \
      "this kernel came in; take it out of there")                                                                     \
    M(mtu_too_small, "port '{}': mtu {} is configured, but interface '{}' has {}")                                     \
    M(vnet_headers, "port '{}': tap '{}' has vnet headers, so a VM may leave checksums to this host; open it with "    \
                    "'vnet_hdr=off', or write 'peer: prepared' if the VM has 'tx' off")                                \
    M(vnet_headers_now,                                                                                                \
      "port '{}': somebody has opened tap '{}' with vnet headers, frames for it are dropped as no_next_hop")           \
    M(tags_beside_frames,                                                                                              \
      "port '{}': in generic mode '{}' ({}) gets frames whose VLAN tags the kernel keeps beside them; name the "       \
      "interface below it")                                                                                            \
    M(peer_must_poll, "port '{}': the peer of '{}', interface {}, must poll; run 'ethtool -K IF gro on "               \
                      "tx off txvlan off' on it, then write 'peer: prepared' here")                                    \
    M(needs_native,                                                                                                    \
      "port '{}': a service through {} kernel needs native XDP here, since the kernel takes what {} by a native "      \
      "redirect alone; attach without '--generic'")                                                                    \
    M(comes_back_by_port, "comes back from the kernel out of this port")                                               \
    M(goes_to_kernel, "goes to it")                                                                                    \
    M(mark_not_free,                                                                                                   \
      "'mark: 0x{:08x}' is not free: {}; choose bits that nobody uses, or leave 'mark' out where no raw socket "       \
      "is on the domain ports")                                                                                        \
    M(ports_are_one, "ports '{}' and '{}' are the same interface '{}'")                                                \
    M(cannot_open_pinned, "cannot open the pinned map '{}/{}'")                                                        \
    M(kernel_needs_peer,                                                                                               \
      "port '{}': its SF is the kernel of a network namespace behind a veth, where programs go in as well; '{}' "      \
      "is {}")                                                                                                         \
    M(peer_unknown, "one whose peer cannot be found or entered")                                                       \
    M(no_veth, "no veth")                                                                                              \
    M(mark_not_free_in,                                                                                                \
      "'mark: 0x{:08x}' is not free in network namespace {}: {}; choose bits that nobody uses there")                  \
    M(peer_writes_tickets, "port '{}': what its peer {} sends carries its ticket until detach")                        \
    M(leak_guard_set, "interface '{}': leak guard until detach, so that no packet leaves there without its header")    \
    M(leak_guard_stays, "warning: interface {}: its leak guard stays: {}")                                             \
    M(peer_polls_not,                                                                                                  \
      "port '{}': the peer of '{}' does not poll, so all frames sent there would be lost; run 'ethtool -K "            \
      "IF gro on tx off txvlan off' on it")                                                                            \
    M(driver_cannot_send, "port '{}': the driver of '{}'{} cannot send frames that an XDP program redirects{}")        \
    M(peer_native,                                                                                                     \
      "warning: port '{}': its peer {} runs native XDP; what that redirects here does not arrive in generic mode, "    \
      "since '{}' does not poll")                                                                                      \
    M(peer_tx,                                                                                                         \
      "warning: port '{}': the peer of '{}' is interface {}; if its own sockets send through it, switch 'tx' off "     \
      "there, or checksums will be wrong")                                                                             \
    M(peer_program,                                                                                                    \
      "port '{}': put a program that passes everything on its peer {}, or the kernel would lose what is sent "         \
      "there; 'peer: prepared' leaves room for an SF's program")                                                       \
    M(in_netns, "'{}' in network namespace {}")                                                                        \
    M(offload_cannot_switch, "port '{}': offload '{}' of interface {} cannot be switched {}")                          \
    M(offloads_switched, "port '{}': switched until detach: {}")                                                       \
    M(offloads_are, "{} of {} {}")                                                                                     \
    M(offload_switched_again,                                                                                          \
      "warning: port '{}': switched offload '{}' of interface {} {} until detach; somebody had switched it back")      \
    M(offload_stays, "warning: port '{}': offload '{}' stays {}: {}")                                                  \
    M(hairpin_made, "port '{}': what leaves the kernel there goes through '{}' and '{}' until detach")                 \
    M(hairpin_of_other,                                                                                                \
      "port '{}': interface '{}' has the hairpin of another sfcproxy, which is attached under '{}'; only one of "      \
      "them can have it as a way out of the kernel")                                                                   \
    M(made_stays, "warning: port '{}': a program or hairpin that was made for it stays: {}")                           \
    M(not_attached_any_more, "port '{}' is not attached any more")                                                     \
    M(hairpin_gone, "port '{}': somebody has removed its hairpin or set it down")                                      \
    M(attached_again, "port '{}': attached again")                                                                     \
    M(dropped_until_back, "warning: {}; what is meant for it is dropped as no_next_hop until it comes back")           \
    M(port_renamed, "port '{}': its interface is called '{}' by now; it is followed")                                  \
    M(port_followed, "{}; interface '{}' stays its interface here")                                                    \
    M(process_elsewhere,                                                                                               \
      "'netns: {}' is another network namespace than at first, and gets nothing; to mean the new one, detach and "     \
      "attach again")                                                                                                  \
    M(polls_no_more, "port '{}': the peer of '{}' does not poll, frames for it are dropped as no_next_hop{}")          \
    M(polls_again, "port '{}': the peer of '{}' polls")                                                                \
    M(interface_up, "port '{}': interface '{}' is up")                                                                 \
    M(interface_down, "warning: port '{}': interface '{}' is down, frames for it are dropped as no_next_hop")          \
    M(next_hop_of, "service '{}': next hop")                                                                           \
    M(sf_address_of, "port '{}': SF address")                                                                          \
    M(own_ip, "{} {} is an address of this host; give that of the other end")                                          \
    M(all_hosts, "{} {} is the broadcast address of a network here; give that of the other end")                       \
    M(own_mac, "{} {} is the MAC of interface '{}' itself; give that of the other end")                                \
    M(neighbour_at, "{} {} is at {}")                                                                                  \
    M(neighbour_silent, "warning: {} {} does not answer, its packets are dropped as no_next_hop")                      \
    M(by_gateway, "{} by {}")                                                                                          \
    M(no_route, "warning: {} {} has no route by its interface, its packets are dropped as no_next_hop")                \
    M(of_port, "port '{}': {}")                                                                                        \
    M(peer_is_no_veth, "interface '{}' in network namespace {} is no veth, so it has no peer here")                    \
    M(peer_elsewhere,                                                                                                  \
      "the peer of interface '{}' in network namespace {} is not in the namespace that sfcproxy runs in")              \
    M(number_unknown, "number {} in a network namespace that cannot be found or entered")                              \
    M(not_ethernet, "interface '{}' is not an Ethernet interface")                                                     \
    M(no_interface, "port '{}': there is no interface '{}' in this network namespace")                                 \
    M(no_interface_in, "port '{}': there is no interface '{}' in network namespace '{}', or its peer is gone")         \
    M(cannot_make_state, "cannot make a map for the state")                                                            \
    M(cannot_write_state, "cannot write the state")                                                                    \
    M(left_by_killed,                                                                                                  \
      "nothing is attached, but '{}' has pins of a process that was killed; 'sfcproxy detach' removes them")           \
    M(no_state, "'{}' holds no state of sfcproxy")                                                                     \
    M(cannot_read_state, "cannot read the state")                                                                      \
    M(other_version,                                                                                                   \
      "what is pinned under '{}' was made by another version of sfcproxy; detach it with that one, or remove "         \
      "the directory")

SFC_ATTACH_MESSAGES(SFC_MESSAGE)

} // namespace sfc::msg
