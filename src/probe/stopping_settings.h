// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>

#include "attach/attachment.h"
#include "probe/probe_ways.h"

namespace sfc {

/// A setting of a kernel that lets no packet through, in one sentence; empty where none is known.
struct StoppingSetting {
    std::string sentence;
    std::string netns{}; ///< where that is: the SF's; empty: here
};

/// Looks at the kernel of this host, or at that of the namespace where the SF is, if that can be entered and the SF is
/// routed.
[[nodiscard]] StoppingSetting stopping_setting(const Attachment& attachment, const ProbeWay& way);

} // namespace sfc
