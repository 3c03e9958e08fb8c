// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Traffic between the sockets of the two hosts, one after another to each of the receiver's addresses, so that stacks
// change from packet to packet. Everything is answered, and the answers are compared with what was sent;
// the first that does not come ends it.
#pragma once

#include <string>

#include "nat_lab.h"

namespace sfc::vm {

struct Exchange {
    std::string what;
    unsigned sent = 0;     ///< packets; for TCP, blocks of 1000 bytes
    unsigned answered = 0; ///< of these, in time and with the content that was sent
};

/// Echo requests, with TTLs that differ from packet to packet. The receiver's kernel answers.
[[nodiscard]] Exchange ping(Family family, unsigned count, int patience_ms);
/// UDP datagrams that a socket of the receiver sends back, all with TTLs that differ from packet to packet.
[[nodiscard]] Exchange datagrams(Family family, unsigned count, int patience_ms);
/// A connection to each address at once, through which `blocks` go there and back.
[[nodiscard]] Exchange streams(Family family, unsigned blocks, int patience_ms);

} // namespace sfc::vm
