// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "base/messages.h"

namespace sfc::msg {

#define SFC_TRAFFIC_MESSAGES(M)                                                                                        \
    M(bad_label, "{} '{}' is not allowed; use LABEL[:TC[:TTL]] up to {}:7:255; label 3 is never in a stack")           \
    M(too_many_labels, "{} has {} labels; at most {} are allowed")                                                     \
    M(nothing_left,                                                                                                    \
      "{} '{}' leaves no header behind the proxy, which drops such packets; give two labels at least, or use "         \
      "'--allow-bare'")                                                                                                \
    M(one_header_option, "give the SFC header of the packets with one of {}")                                          \
    M(bad_inner, "--inner '{}' is not allowed; use one of {}")                                                         \
    M(bad_traffic_number, "{} '{}' is not allowed; use a whole number from {} to {}")                                  \
    M(bad_traffic_address, "{} '{}' is not allowed; use an {} address")                                                \
    M(bad_traffic_mac, "--mac '{}' is not allowed; use six pairs of hex digits, such as 02:00:00:00:00:0b")            \
    M(mac_and_via, "--mac '{}' and --via '{}' exclude each other; give one of them")                                   \
    M(frames_too_long,                                                                                                 \
      "frames of {} bytes behind the Ethernet header do not fit interface '{}', whose MTU is {}; give a smaller "      \
      "--size")                                                                                                        \
    M(no_traffic_interface, "there is no interface '{}' in this network namespace")                                    \
    M(traffic_interface_down, "interface '{}' is down, or its peer is; set both up")                                   \
    M(send_on_port,                                                                                                    \
      "interface '{}' is a port of sfcproxy ('{}'): frames that are sent on it leave it and never come to the "        \
      "program; send at {}")                                                                                           \
    M(sink_on_port,                                                                                                    \
      "interface '{}' is a port of sfcproxy ('{}'): frames that its program takes or sends are not seen on it; look "  \
      "at {}")                                                                                                         \
    M(other_end_of_link, "the other end of its link")                                                                  \
    M(whose_mac,                                                                                                       \
      "it is not known whom frames on '{}' are for; give '--via ADDRESS' of the proxy's port on that link, or "        \
      "'--mac MAC'")                                                                                                   \
    M(no_address_to_ask_from,                                                                                          \
      "'{}' has no address to ask for '{}' from; give the interface one, or give '--mac MAC' instead of --via")        \
    M(neighbour_says_nothing,                                                                                          \
      "nobody answers for '{}' on '{}'; give an address that the proxy's port on that link has, or '--mac MAC'")       \
    M(cannot_open_sender, "cannot open a socket to send frames on interface '{}'")                                     \
    M(cannot_send, "cannot send on interface '{}'")                                                                    \
    M(sent, "sent {} packets in {:.2f} s ({:.0f} a second) on '{}' to {}: {} {}")                                      \
    M(cannot_open_listener, "cannot listen on interface '{}'")                                                         \
    M(cannot_listen, "cannot listen on interface '{}': {}")                                                            \
    M(listening, "listening on '{}' for packets of 'sfcproxy send'")                                                   \
    M(so_many, "received {}, wrong {}")                                                                                \
    M(fault_of_packet, "wrong: {}")                                                                                    \
    M(more_faults, "wrong: more than {} faults; further ones are counted, and not shown")                              \
    M(no_header, "none")                                                                                               \
    M(unknown_kind, "packet {} was sent with EtherType 0x{:04x}, which this version does not know")                    \
    M(header_without_end, "packet {} came with EtherType 0x{:04x}, and its header cannot be read")                     \
    M(other_header, "packet {} came with header {}, and not with {}")                                                  \
    M(wrong_checksum, "packet {} came with a wrong checksum, or as no UDP or TCP packet")                              \
    M(duplicate, "packet {} came again")                                                                               \
    M(reordered, "packet {} came behind packet {}")                                                                    \
    M(damaged_payload, "a payload is not as it was sent")                                                              \
    M(ring_full, "{} frames found the ring of this capture full, and may be among those that are lost here")           \
    M(nothing_came,                                                                                                    \
      "nothing of 'sfcproxy send' came to '{}'; 'sfcproxy stats' says where the proxy's packets ended, and "           \
      "docs/try.md where to look")                                                                                     \
    M(some_lost, "{} packets did not come to '{}'; 'sfcproxy stats' has the reason of each that the proxy dropped")    \
    M(result, "RESULT {} received={} wrong={} lost={} duplicate={} reordered={}")

SFC_TRAFFIC_MESSAGES(SFC_MESSAGE)

} // namespace sfc::msg
