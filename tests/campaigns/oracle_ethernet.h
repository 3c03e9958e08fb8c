// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "oracle_packet.h"

namespace sfc::test::oracle {

constexpr std::size_t kEthernetHeader = 14;

/// An Ethernet frame as the payload of a label stack, and as it comes back (docs/keys.md "Ethernet frames").
[[nodiscard]] Packet judge_ethernet(View frame, const Sf& sf);

/// The contents of a frame from an SF behind all wrappers (docs/keys.md "The SF side is not trusted").
struct Hidden {
    bool sfc = false;          ///< MPLS, NSH, segment routing, or too deep to tell
    bool steered = false;      ///< it is segment routing
    bool listed = false;       ///< there is a segment routing header of a kind that the SF may have
    bool ip = false;           ///< an IP packet,
    unsigned version = 0;      ///< of this version
    bool tunnel = false;       ///< and it is a tunnel
    bool link = false;         ///< or belongs to the link
    sfc_reason fault = SFC_OK; ///< of that packet: truncated or bad_inner
};

[[nodiscard]] Hidden look_for_sfc(View frame, const Sf& sf);

} // namespace sfc::test::oracle
