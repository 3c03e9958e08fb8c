// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Whether packets can pass, and why not.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attach/attachment.h"

namespace sfc {

/// A port as the kernel sees it now. An egress port runs no program: it is attached when frames can be sent to it.
struct PortLook {
    std::optional<Link> link;
    std::uint32_t ifindex = 0;
    bool runs = false; ///< it should have a program
    bool attached = false;
    bool up = false;
    bool vnet_headers = false;
    bool polls = true;     ///< its peer does, or need not
    bool receives = false; ///< frames are sent there
    bool answered = true;  ///< SF port: the SF's MAC is known
    [[nodiscard]] bool ready() const { return attached && up && polls && receives && answered && !vnet_headers; }
};
[[nodiscard]] PortLook look_at_port(const Attachment& attachment, Netlink& netlink, std::uint16_t id);

struct Readiness {
    std::vector<std::string> missing;  ///< why packets cannot pass, a sentence each; none where they can
    std::vector<std::string> suspects; ///< settings of kernels in kernel mode that may keep some of them
    [[nodiscard]] bool ready() const { return missing.empty(); }
};
/// To be called in the network namespace of the attachment's ports. Throws Error.
[[nodiscard]] Readiness look_at_readiness(const Attachment& attachment);
/// "ready", or a line for each reason.
[[nodiscard]] std::vector<std::string> readiness_lines(const Readiness& readiness);

} // namespace sfc
