// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attach/journal.h"
#include "attach/probe_finding.h"
#include "config/plan.h"
#include "loader/pins.h"
#include "net/lost_frames.h"

namespace sfc {

/// The finding of a probe on one way through an SF, by the names of ports.
struct ProbeRecord {
    std::string sf, from, to;
    bool six = false; ///< IPv6
    ProbeFinding finding{};

    [[nodiscard]] bool operator==(const ProbeRecord&) const = default;
};

/// Everything that another sfcproxy process must know of an attachment and that the kernel does not keep. It is pinned
/// beside the maps, as a map with one text, so that it lives and dies with them.
struct State {
    std::string file;   ///< the configuration's name, for messages
    std::string config; ///< its text: ids follow from it
    bool generic = false;
    std::uint64_t netns = 0; ///< cookie of the network namespace that the ports are in
    Shape shape;             ///< what programs and maps were loaded for
    Journal journal;
    std::map<std::string, LostFrames> lost_before; ///< per port: counters of losses at attach, less what was lost
                                                   ///< before at interfaces that have gone
    std::vector<ProbeRecord> probes;
    std::map<std::string, std::uint64_t> processes; ///< by `netns:` that is one: the namespace that it was in first
    bool closing = false; ///< nothing is stripped any more: a process drains, or died while it did

    /// Throws Error.
    void save(const PinDirectory& pins) const;
    /// Throws Error{Kernel} where the pins are of another version of sfcproxy.
    [[nodiscard]] static State load(const PinDirectory& pins);
};

/// Another sfcproxy, and the changes that it has made.
struct OtherAttachment {
    PinDirectory pins;
    Journal journal;
};
/// All those that are pinned on the same BPF file system.
[[nodiscard]] std::vector<OtherAttachment> other_attachments(const PinDirectory& pins);

} // namespace sfc
