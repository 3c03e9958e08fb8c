// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "base/messages.h"

namespace sfc::msg {

#define SFC_NET_MESSAGES(M)                                                                                            \
    M(cannot_ask_tc, "cannot ask the kernel about traffic control on interface '{}'")                                  \
    M(no_room_on_egress,                                                                                               \
      "interface '{}' has the qdisc '{}', which leaves no room for a program on egress; replace it by "                \
      "'clsact', which does the same and more")                                                                        \
    M(cannot_make_qdisc, "cannot make the qdisc 'clsact' on interface '{}'")                                           \
    M(tc_program_there,                                                                                                \
      "interface '{}' has a TC program on {} at priority {} already: '{}' (id {}); 'tc filter del dev {} {} "          \
      "pref {}' takes it off")                                                                                         \
    M(cannot_attach_tc, "cannot attach a TC program to the {} of interface '{}'")                                      \
    M(cannot_open_ethtool, "cannot open a socket for interface settings")                                              \
    M(cannot_read_offloads, "cannot read the offloads of interface '{}'")                                              \
    M(cannot_switch_offloads, "cannot switch {} of interface '{}' {}")                                                 \
    M(hint_no_xdp, "this interface takes no XDP program")                                                              \
    M(hint_no_native_xdp,                                                                                              \
      "its driver has no native XDP, or not in this setting; '--generic' works everywhere, slower")                    \
    M(hint_above_another, "a {} has no native XDP here, and '--generic' is refused there; {}")                         \
    M(name_a_member, "name a member of the {}, such as '{}'")                                                          \
    M(name_a_member_alone, "take a member such as '{}' out of the {}, and name that")                                  \
    M(name_one_below, "name the interface below it{}")                                                                 \
    M(hint_mtu_too_large, "its MTU of {} is too large for XDP here")                                                   \
    M(hint_few_queues,                                                                                                 \
      "it has fewer receive queues than its peer has transmit queues; 'ethtool -L {} rx N' gives it more")             \
    M(hint_other_program, "another XDP program is on it")                                                              \
    M(hint_just_gone, "it has just gone")                                                                              \
    M(cannot_attach_xdp, "cannot attach to interface '{}'{}{}")                                                        \
    M(other_sfcproxy,                                                                                                  \
      "interface '{}' is a port of another sfcproxy already (program '{}', id {}); 'sfcproxy detach --pin DIR' "       \
      "with its directory ends that")                                                                                  \
    M(xdp_program_there,                                                                                               \
      "interface '{}' has an XDP program already: '{}' (id {}, {}); take it off first, for example with 'ip "          \
      "link set dev {} xdp off'")                                                                                      \
    M(cannot_ask_interface, "cannot ask the kernel about interface {}")                                                \
    M(interface_number, "number {}")                                                                                   \
    M(cannot_ask_interfaces, "cannot ask the kernel for all interfaces")                                               \
    M(nftables_uses_bits, "a rule in chain '{}' of nftables table '{}' uses bits 0x{:08x}")                            \
    M(cannot_ask_nftables, "cannot ask the kernel for the rules of nftables")                                          \
    M(ip_rule_uses_bits, "'ip {}rule' {} uses bits 0x{:08x}")                                                          \
    M(cannot_ask_ip_rules, "cannot ask the kernel for the rules of policy routing")                                    \
    M(cannot_open_neighbour_probe, "cannot open a socket to ask for neighbours")                                       \
    M(cannot_open_netlink, "cannot open a netlink socket")                                                             \
    M(cannot_look_at_netns, "cannot look at network namespace {}")                                                     \
    M(of_this_process, "of this process")                                                                              \
    M(cannot_open_own_netns, "cannot open this thread's network namespace")                                            \
    M(of_process, "of process {}")                                                                                     \
    M(no_netns, "there is no network namespace '{}': neither {}/{} nor a process with that id can be opened")          \
    M(no_netns_at, "'{}' is not the path of a network namespace")                                                      \
    M(cannot_enter_netns, "cannot enter the network namespace {}")                                                     \
    M(cannot_make_veth_pair, "cannot make the veth pair '{}' and '{}' with an MTU of {}")                              \
    M(cannot_remove_interface, "cannot remove interface '{}'")                                                         \
    M(cannot_switch_ipv6_off, "cannot switch IPv6 off on interface '{}': {}")                                          \
    M(offload_stays_on, "offload '{}' of interface '{}' cannot be switched off")                                       \
    M(cannot_bring_up, "cannot bring interface '{}' up")                                                               \
    M(does_not_come_up, "interface '{}' has just been made and does not come up")                                      \
    M(name_in_the_way,                                                                                                 \
      "interface '{}' is in the way: sfcproxy needs that name for a veth pair of its own, and this one is of "         \
      "kind '{}'; rename or remove it")                                                                                \
    M(cannot_ask_own_addresses, "cannot ask the kernel for its own addresses")                                         \
    M(cannot_ask_routes, "cannot ask the kernel for its routes")                                                       \
    M(chain_of_nftables, "chain '{}' of nftables table '{} {}'")                                                       \
    M(chain_of_iptables, "chain 'FORWARD' of {}")                                                                      \
    M(forwarding_off, "the kernel does not forward {}; run 'sysctl -w {}'")                                            \
    M(forwarding_off_at, "interface '{}' does not forward {}; run 'sysctl -w net/{}/conf/{}/forwarding=1'")            \
    M(ipv6_off_at, "IPv6 is off at interface '{}'; run 'sysctl -w net/ipv6/conf/{}/disable_ipv6=0'")                   \
    M(takes_no_own_source, "interface '{}' takes no packet from {}, an address of this host; run 'sysctl -w "          \
                           "net/ipv4/conf/{}/accept_local=1'")                                                         \
    M(reverse_path_drops_own,                                                                                          \
      "the reverse path filter of '{}' drops packets from {}, an address of this host; run 'sysctl -w "                \
      "net/ipv4/conf/all/rp_filter=0 net/ipv4/conf/{}/rp_filter=0'")                                                   \
    M(no_route_out,                                                                                                    \
      "no {} route leads out of '{}', so nothing of service '{}' can leave; run 'ip {}route add NETWORK dev {}'")      \
    M(chain_drops, "{} drops all forwarded packets, since its policy is drop and no rule accepts; run '{}'")           \
    M(chain_may_drop, "{} drops what no rule there accepts; to let it through, run '{}'")                              \
    M(reverse_path_drops_all,                                                                                          \
      "the reverse path filter of '{}' is strict and no route leads back there; run 'sysctl -w "                       \
      "net/ipv4/conf/{}/rp_filter=2'")                                                                                 \
    M(reverse_path_drops,                                                                                              \
      "the reverse path filter of '{}' is strict, and its namespace has dropped {} packets so; run 'sysctl -w "        \
      "net/ipv4/conf/{}/rp_filter=2'")                                                                                 \
    M(bridge_above, "'{}', the bridge of '{}',")                                                                       \
    M(own_address, "it is an address of this host itself")                                                             \
    M(nobody_answers, "nobody answers for it at {}; see that it is right, and its host up")                            \
    M(no_address_to_ask,                                                                                               \
      "{} has no {} address to ask from; run 'ip address add ADDRESS dev {}', or write 'mac' instead of 'ip'")         \
    M(not_on_networks, "it is not on the networks of {} ({}); correct it, or run 'ip address add ADDRESS dev {}'")     \
    M(cannot_ask_xdp_features, "cannot ask the kernel for an interface's XDP features")

SFC_NET_MESSAGES(SFC_MESSAGE)

} // namespace sfc::msg
