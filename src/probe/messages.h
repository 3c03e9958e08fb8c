// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "base/messages.h"

namespace sfc::msg {

#define SFC_PROBE_MESSAGES(M)                                                                                          \
    M(advise_kernel, "if the SF is a kernel, give it 'stack: true' with its 'ports'")                                  \
    M(advise_both, "give it 'profile: transcoder' and 'ipv4_id: off'")                                                 \
    M(advise_transcoder, "give it 'profile: transcoder'")                                                              \
    M(advise_ipv4_id, "give it 'ipv4_id: off'")                                                                        \
    M(another_kind, "the SF makes another kind of packet of it, so its packets come back as 'miss'")                   \
    M(advise_none, "'{}' leads to a process in there, and an SF whose process translates addresses fits no mode")      \
    M(user_mode_fits,                                                                                                  \
      "user mode fits: the SF leaves the key's fields of UDP alone; TCP's sequence numbers were not probed")           \
    M(sf_changes, "the SF changes {}, so its packets come back as 'miss'; {}")                                         \
    M(ticket_survives, "the ticket survives in the {}")                                                                \
    M(on_the_way, "on the way from '{}' to '{}'")                                                                      \
    M(mark_lost_by_rule, "the ticket in the mark is lost {}: {}")                                                      \
    M(mark_lost,                                                                                                       \
      "the ticket in the mark is lost {}, and no rule uses its bits: a process makes the packets anew (TPROXY, a "     \
      "proxy), which fits no mode")                                                                                    \
    M(lost_in_process,                                                                                                 \
      "the ticket is lost {}: '{}' leads to a process, which makes packets anew, and that fits no mode")               \
    M(peer_of, "the peer of '{}'")                                                                                     \
    M(metadata_cleared,                                                                                                \
      "the kernel clears metadata {} (a raw socket on {}?): give the SF bits of the mark, 'stack: {{mark: ...}}'")     \
    M(came_another_way, "came back by '{}' and not by '{}': the SF sends it another way")                              \
    M(came_to_other_mac,                                                                                               \
      "came back to {}, which is no MAC of port '{}' ('other_mac'): mend the SF's route, or give the port 'accept: "   \
      "any'")                                                                                                          \
    M(came_out_elsewhere,                                                                                              \
      "came out at '{}', which is not among the 'egress' of its services ({}): a route leads there")                   \
    M(did_not_come_out, "did not come out: a rule drops it, or there is no route")                                     \
    M(did_not_come_back, "did not come back: the SF does not forward, drops it, is not running, or has no route")      \
    M(did_not_come_back_to_mac,                                                                                        \
      "did not come back: the SF does not forward, drops it, is not running, has no route, or its MAC at '{}' is not " \
      "{}")                                                                                                            \
    M(did_not_come_back_in, "did not come back: in network namespace {}, {}")                                          \
    M(packets_come_back, "its probe did not come back, but packets of its services have since")                        \
    M(cannot_ask_hosts, "cannot ask the kernel for addresses and neighbours")                                          \
    M(no_address, "not probed: port '{}' has no {} address")                                                           \
    M(no_neighbour_yet, "not probed: no neighbour is known at port '{}' yet")                                          \
    M(no_made_up_host,                                                                                                 \
      "not probed: no neighbour is known at port '{}' yet, and its link has no room for a made-up one")                \
    M(carries_ethernet, "not probed: its services carry Ethernet frames")                                              \
    M(not_probed, "not probed: {}")                                                                                    \
    M(no_known_next_hop,                                                                                               \
      "not probed: where the SF would send a packet is not known, since no next hop of a service that goes "           \
      "this way is known by its {} address")                                                                           \
    M(cannot_read_probe, "cannot read what became of a probe")                                                         \
    M(too_many_ways, "more than {} ways are too many")                                                                 \
    M(probes_trouble, "warning: probes of SFs: {}")                                                                    \
    M(port_not_attached, "not probed: port '{}' is not attached")                                                      \
    M(port_down, "not probed: port '{}' is down")                                                                      \
    M(sf_mac_unknown, "not probed: the SF's MAC at port '{}' is not known yet")                                        \
    M(generic_sends_nothing, "not probed: in generic mode the kernel sends nothing that it is given this way")         \
    M(cannot_draw_nonce, "cannot draw a random number")                                                                \
    M(cannot_write_probe, "cannot write down a probe")                                                                 \
    M(kernel_refuses_probe, "the kernel refuses to send it: {}")                                                       \
    M(no_room_for_metadata, "a frame that comes in by '{}' has no room for metadata")                                  \
    M(on_its_way, "on its way")                                                                                        \
    M(probe_finding, "SF '{}' {}: {}")                                                                                 \
    M(probe_warning, "warning: SF '{}' {}: {}")                                                                        \
    M(numbered_interface, "interface {}")                                                                              \
    M(probe_way, "from '{}' to '{}' ({})")

SFC_PROBE_MESSAGES(SFC_MESSAGE)

} // namespace sfc::msg
