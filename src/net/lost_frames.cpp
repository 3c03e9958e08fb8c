// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/lost_frames.h"

#include "net/ethtool.h"
#include "net/link.h"

namespace sfc {

LostFrames lost_frames(const Ethtool& ethtool, const Link& link, bool generic) {
    // A generic program's redirect is an ordinary transmission: what the peer has no room for is counted by the
    // interface and not by its driver.
    if (generic) {
        return {0, link.tx_dropped};
    }
    LostFrames lost;
    for (const auto& [name, value] : ethtool.statistics(link.name)) {
        const bool xdp = name.find("xdp") != std::string::npos;
        // veth counts a redirect that failed as rx_queue_0_drops; rx_queue_0_xdp_drops are our own verdicts. Others
        // have a counter of that name.
        if ((name.starts_with("rx_queue_") && name.ends_with("_drops") && !xdp) ||
            (xdp && name.find("redirect") != std::string::npos && name.find("err") != std::string::npos)) {
            lost.not_redirected += value;
        } else if (xdp && name.find("err") != std::string::npos) {
            lost.not_sent += value; // veth: tx_queue_0_xdp_xmit_errors
        }
    }
    return lost;
}

} // namespace sfc
