// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "base/messages.h"

namespace sfc::msg {

#define SFC_CONFIG_MESSAGES(M)                                                                                         \
    M(too_many_sfs, "at most {} SFs and {} services are possible")                                                     \
    M(too_many_ports, "{} interfaces are too many; at most {} are possible")                                           \
    M(sf_name_twice, "SF name '{}' stands here twice")                                                                 \
    M(port_belongs_to, "port '{}' belongs to {} already; every SF has its own ports")                                  \
    M(named_sf, "SF '{}'")                                                                                             \
    M(not_utf8, "byte 0x{:02x} is no UTF-8; write the configuration in UTF-8")                                         \
    M(control_character, "a control character, 0x{:02x}, is not allowed in a configuration")                           \
    M(nested_too_deep, "nested too deep: no configuration has 32 brackets or dashes in each other")                    \
    M(config_too_large, "'{}' is larger than {} MiB, so it is no configuration")                                       \
    M(marks_differ,                                                                                                    \
      "SFs '{}' and '{}' are both in kernel mode and have different bits of the mark; give both the same "             \
      "'mark', or none")                                                                                               \
    M(mark_too_small,                                                                                                  \
      "0x{:08x} has {} bits; for a cache of {} headers it takes {}: {} for their numbers, {} for the generation "      \
      "and {} for a check")                                                                                            \
    M(port_of_sf, "port '{}' is a port of {}; a port is a domain port or an SF port, never both")                      \
    M(mtus_differ, "port '{}' has mtu {} here and {} at {}; give one value")                                           \
    M(accepts_differ, "port '{}' has accept {} here and {} at {}; give one value")                                     \
    M(transparent_takes_no_own,                                                                                        \
      "port '{}' takes no 'accept: own': SF '{}' is transparent, and its packets come back with the MACs that they "   \
      "had in the SFC domain")                                                                                         \
    M(service_name_twice, "service name '{}' stands here twice")                                                       \
    M(named_service, "service '{}'")                                                                                   \
    M(twice_in_domain, "port '{}' stands in the domain of {} twice")                                                   \
    M(matched, "{} on port '{}' is matched by service '{}' already; one match selects one service")                    \
    M(masks_cross, "{} and another match each count bits that the other one leaves out, so a packet could match "      \
                   "both; let one of them count all bits of the other")                                                \
    M(label, "label {}")                                                                                               \
    M(too_many_masks,                                                                                                  \
      "services match {} in more than {} ways that count different bits; let some of them count the same bits")        \
    M(twice_in_egress, "port '{}' stands in the egress of {} twice")                                                   \
    M(two_kinds, "SF '{}' would get {} from service '{}' and {} from service '{}'; it gets one kind")                  \
    M(ethernet_takes_no, "service '{}' has 'inner: ethernet' and so takes no '{}'")                                    \
    M(frames_as_they_are,                                                                                              \
      "port '{}' of SF '{}' takes no 'mac' and no 'ip': the SF gets the Ethernet frames of service '{}' as "           \
      "they are")                                                                                                      \
    M(quotas_too_large, "with service '{}' the quotas are {} slots; the cache's capacity is {}")                       \
    M(slots_too_few,                                                                                                   \
      "{} slots are left for service '{}'; raise the cache's capacity of {}, so that each service has {} or "          \
      "more")                                                                                                          \
    M(unknown_sf, "service '{}' names SF '{}', which is not among the sfs")                                            \
    M(one_armed_takes_no_in, "SF '{}' is one-armed, so service '{}' takes no 'in'")                                    \
    M(in_missing, "service '{}' must say 'in: left' or 'in: right' for SF '{}'")                                       \
    M(mac_and_ip, "'mac' and 'ip' exclude each other; give one of them")                                               \
    M(left_right_or_both, "an SF has 'left' and 'right', or 'both' alone for a one-armed SF")                          \
    M(too_many_rtp_ports, "at most {} ports and ranges are possible")                                                  \
    M(port_needs_address,                                                                                              \
      "port '{}' needs 'mac' or 'ip': SF '{}' is in kernel mode, and a kernel forwards only what is addressed to it")  \
    M(no_unwatched, "SF '{}' takes no 'unwatched': it has ports, and only what comes back by them gets its header")    \
    M(netns_needs_ports,                                                                                               \
      "SF '{}' is in kernel mode and has a 'netns', so it needs 'ports' in it; without both it is the kernel of this " \
      "host")                                                                                                          \
    M(kernel_takes_no,                                                                                                 \
      "SF '{}' is in kernel mode and takes no '{}'; allowed are name, stack, hold, probe, ports and netns")            \
    M(label_never_on_top,                                                                                              \
      "label {} is never on top of a label stack (3 is the implicit null label, 7 the entropy label indicator)")       \
    M(spi, "service path {}")                                                                                          \
    M(spi_si, "service path {} with service index {}")                                                                 \
    M(bad_si, "'{}' is not allowed here; use a whole number from {} to {}, a list of them, or any")                    \
    M(needs_si, "needs at least one service index, or 'any'")                                                          \
    M(needs_ipv6, "'{}' is not an IPv6 address")                                                                       \
    M(bad_segments, "{} segments are not possible; give 1 to {}")                                                      \
    M(header_needs_as, "service '{}' takes no 'header': its behaviour is '{}', and only 'as' has one of its own")      \
    M(as_needs_header, "service '{}' needs 'header', with 'source' and 'segments', because its behaviour is 'as'")     \
    M(kernel_takes_no_am, "service '{}' takes no behaviour 'am': {}, and End.AM is for an SF in user mode")            \
    M(am_takes_no_csid,                                                                                                \
      "behaviour 'am' takes no compressed SID, because the last segment is the packet's destination")                  \
    M(am_takes_no, "service '{}' has 'behaviour: am' and so takes no '{}'")                                            \
    M(am_and_others, "SF '{}' would get segment routing headers from service '{}' and none from '{}'; it gets one "    \
                     "kind")                                                                                           \
    M(last_needs_ad, "service '{}' takes no 'cache: last': its behaviour is '{}', and it is for 'ad'")                 \
    M(last_twice, "service '{}' would also keep its last header for port '{}', as service '{}' does; one can")         \
    M(kernel_takes_no_last, "service '{}' takes no 'cache: last': {}, whose packets are not told apart by keys")       \
    M(sid, "SID {}")                                                                                                   \
    M(bad_sid, "'{}' is not a SID; write an IPv6 address, or a prefix of 1 to 128 bits as in \"2001:db8:100::/48\"")   \
    M(sid_beyond_prefix, "'{}' has bits behind its prefix of {} bits; leave them zero")                                \
    M(bad_octets, "'{}' is not allowed here; use a multiple of 8 from {} to {}")                                       \
    M(csid_prefix, "lblen and nflen must be multiples of {1} that make the SID's prefix of {0} bits, below 128")       \
    M(oam_needs_next_hop,                                                                                              \
      "service '{}' has 'oam: forward' and so needs a 'next_hop', because OAM packets do not go through the kernel")   \
    M(sources_of_one_version, "'{}' and '{}' are of one IP version; give one address of each")                         \
    M(tunnel_ends_differ, "the tunnel's ends '{}' and '{}' must be of one IP version")                                 \
    M(fib_needs_ip,                                                                                                    \
      "'fib' asks the kernel for a route, and {} has no IP destination to ask for; give 'interface' with 'mac' or "    \
      "'ip'")                                                                                                          \
    M(fib_needs_tunnel,                                                                                                \
      "'fib' needs a 'tunnel' beside it, because {} behind Ethernet has no IP destination to ask the kernel for")      \
    M(kernel_takes_no_fib, "{}, whose routes choose among 'egress', so service '{}' takes no 'fib'")                   \
    M(twice_in_fib, "port '{}' stands in the fib of {} twice")                                                         \
    M(needs_next_hop, "needs the next hop's {}")                                                                       \
    M(port_takes_no_address, "{} port '{}' takes no 'mac' and no 'ip'; {}")                                            \
    M(needs_interface, "needs at least one interface")                                                                 \
    M(is_kernel, "SF '{}' is in kernel mode")                                                                          \
    M(kernel_takes_no_ethernet, "service '{}' takes no 'ethernet': {}; use ip or ipv4 or ipv6")                        \
    M(kernel_takes_no_decrement, "service '{}' takes no 'decrement': {}, which does so itself; use keep")              \
    M(is_host_kernel, "SF '{}' is the kernel of this host")                                                            \
    M(kernel_takes_no_in, "{}, so service '{}' takes no 'in'")                                                         \
    M(needs_egress, "service '{}' needs 'egress': {}; give 1 to {} interfaces that its packets may leave through")     \
    M(kernel_decides, "the kernel's route and neighbour decide")                                                       \
    M(too_many_egress, "{} interfaces are too many; 1 to {} are possible")                                             \
    M(takes_no_egress,                                                                                                 \
      "service '{}' takes no 'egress': SF '{}' is not the kernel of this host; its packets leave by 'next_hop'")       \
    M(in_next_hop, "those of the next hop stand in 'next_hop'")                                                        \
    M(cannot_read_config, "cannot read configuration {}: {}")                                                          \
    M(not_single, "must be a single value, not {}")                                                                    \
    M(bad_interface_name, "'{}' is not an interface name; allowed are 1 to {} characters without space, '/' and ':'")  \
    M(bad_netns_name,                                                                                                  \
      "'{}' is not a network namespace; allowed are a name of 'ip netns list', a path that begins with '/', and a "    \
      "process id")                                                                                                    \
    M(bad_number, "'{}' is not allowed here; use a whole number from {} to {}")                                        \
    M(bad_range, "'{}' is not allowed here; use a number from {} to {}, or a range as in \"{}-{}\"")                   \
    M(bad_mark, "'{}' is not allowed here; give bits of the packet's mark in a row, as in 0x{:08x}")                   \
    M(bad_duration, "'{}' is not allowed here; use a whole number with us, ms or s, from 1ms to 60s")                  \
    M(bad_mac, "'{}' is not a MAC address; write six pairs of hex digits, as in \"02:00:00:00:00:0b\"")                \
    M(not_one_station, "'{}' is not the address of one station; multicast and zero are not allowed")                   \
    M(bad_ip, "'{}' is not an IPv4 or IPv6 address")                                                                   \
    M(bad_next_hop, "'{}' is not allowed here; use ingress or a mapping, as in {{interface: p1, ip: 192.0.2.9}}")      \
    M(bad_word, "'{}' is not allowed here; use {}")                                                                    \
    M(not_list, "must be a list, not {}")                                                                              \
    M(not_mapping, "must be a mapping, not {}")                                                                        \
    M(unknown_key, "unknown key '{}'; allowed are {}")                                                                 \
    M(unknown_key_like, "unknown key '{}'; did you mean '{}'? allowed are {}")                                         \
    M(tab, "a tab stands here; YAML takes spaces alone for indentation")                                               \
    M(space_missing, "a space is missing behind the ':' of '{}'")                                                      \
    M(dash_space_missing, "a space is missing behind the '-' of '{}'")                                                 \
    M(colon_missing, "a ':' is missing in '{}'")                                                                       \
    M(bracket_open, "a '[', a '{{' or a quotation mark before this is not closed, or a ',' is missing")                \
    M(bracket_closes_nothing, "this ']' or '}}' closes nothing")                                                       \
    M(quote_open, "a quotation mark before this has no second one")                                                    \
    M(anchor, "anchors ('&'), aliases ('*') and merge keys ('<<') are not allowed; write the values out")              \
    M(second_document, "a second document begins here; a configuration is one document, without '---' in the middle")  \
    M(does_not_fit,                                                                                                    \
      "this does not go with the lines above it; look at its indentation, and for a ':' that is missing")              \
    M(not_yaml, "this is no YAML: {}")                                                                                 \
    M(name_too_long, "a name of {} bytes is too long; at most {} are possible")                                        \
    M(invisible_name, "a name with characters that cannot be seen is not allowed")                                     \
    M(bad_name, "'{}' is not a name; allowed are 1 to {} bytes, without a space at either end")                        \
    M(not_one_host, "'{}' is not the address of one host; multicast, broadcast, loopback and zero are not allowed")    \
    M(key_twice, "key '{}' stands here twice")                                                                         \
    M(key_missing, "key '{}' is missing")

SFC_CONFIG_MESSAGES(SFC_MESSAGE)

} // namespace sfc::msg
