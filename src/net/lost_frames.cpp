// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/lost_frames.h"

#include "net/ethtool.h"
#include "net/link.h"

namespace sfc {

LostFrames lost_frames(const Ethtool& ethtool, const Link& link, bool generic) {
    LostFrames lost{.not_redirected = 0, .not_sent = link.tx_dropped};
    // A generic program's redirect is an ordinary transmission, which the interface counts and not its driver.
    if (generic) {
        return lost;
    }
    for (const auto& [name, value] : ethtool.statistics(link.name)) {
        const bool xdp = name.find("xdp") != std::string::npos;
        // veth counts a redirect that failed as rx_queue_0_drops; rx_queue_0_xdp_drops are our own verdicts. Others
        // have a counter of that name.
        if ((name.starts_with("rx_queue_") && name.ends_with("_drops") && !xdp) ||
            (xdp && name.find("redirect") != std::string::npos && name.find("err") != std::string::npos)) {
            lost.not_redirected += value;
        } else if (xdp && name.find("err") != std::string::npos && link.kind != "veth") {
            lost.not_sent += value; // of veth they are in tx_dropped already, with those for a peer that is down
        }
    }
    return lost;
}

LostFrames lost_since(const LostFrames& before, const LostFrames& now) {
    const auto since = [](std::uint64_t then, std::uint64_t later) {
        const std::uint64_t more = later - then;
        return static_cast<std::int64_t>(more) < 0 ? 0 : more;
    };
    return {since(before.not_redirected, now.not_redirected), since(before.not_sent, now.not_sent), before.unknown};
}

} // namespace sfc
