// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "base/messages.h"

namespace sfc::msg {

#define SFC_REPORT_MESSAGES(M)                                                                                         \
    M(ready, "ready")                                                                                                  \
    M(not_ready_because, "not ready because {}")                                                                       \
    M(closing,                                                                                                         \
      "closing: nothing is stripped; a detach drains, or was killed while it did: 'sfcproxy run' opens again, "        \
      "'sfcproxy detach' ends it")                                                                                     \
    M(port_is_down, "port '{}': interface '{}' is down, or its peer is; set both up")                                  \
    M(port_has_no_program, "port '{}': interface '{}' does not have its program any more; 'sfcproxy run' mends that")  \
    M(port_peer_polls_not,                                                                                             \
      "port '{}': the peer of '{}' does not poll; 'ethtool -K IF gro on tx off txvlan off' on it helps")               \
    M(port_has_vnet_headers, "port '{}': tap '{}' is open with vnet headers; open it with 'vnet_hdr=off'")             \
    M(port_gets_nothing, "port '{}': nothing is sent to interface '{}' yet; 'sfcproxy run' mends that")                \
    M(sf_unknown, "the MAC of SF address {} at port '{}' is not known: {}")                                            \
    M(next_hop_unknown, "the MAC of next hop {} of {} '{}' is not known: {}")                                          \
    M(suspected, "may keep packets: {}")                                                                               \
    M(in_there, "in network namespace {}: {}")                                                                         \
    M(not_returned_hint,                                                                                               \
      "a kernel tells nobody which packets it keeps: 'sfcproxy status' names settings that stop them, 'nft "           \
      "monitor trace' a rule, 'nstat -az' its counters")                                                               \
    M(gives_none_back, "SF '{}' got {} packets and has given none back")                                               \
    M(gives_none_back_since, "SF '{}' got packets until {} ago and has given none back for {}")                        \
    M(gives_back_elsewhere,                                                                                            \
      "SF '{}' got {} packets at port '{}' and returned {} by it; service '{}' waits at port '{}': see the SF's "      \
      "routes and the packets' addresses")                                                                             \
    M(gives_others_back,                                                                                               \
      "SF '{}' got {} packets and returned {}, of which none was recognised: it changes what they are known by, "      \
      "see the hint of 'miss'")

SFC_REPORT_MESSAGES(SFC_MESSAGE)

} // namespace sfc::msg
