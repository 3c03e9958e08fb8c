// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What is found out about a attachment, for `status` and `stats`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attach/attachment.h"
#include "report/report.h"

namespace sfc {

/// Counters of a path that may be busy. `still` where nothing moved while they were read: only then can the equations
/// be exact.
struct SteadySnapshot {
    Snapshot snapshot;
    bool still = false;
};
[[nodiscard]] SteadySnapshot take_steady_snapshot(const Attachment& attachment);

/// Frames that the kernel lost behind our verdict, by port: full or closed peers.
using LostByPort = std::map<std::string, LostFrames>;
[[nodiscard]] LostByPort after_verdict(const Attachment& attachment);

[[nodiscard]] std::uint64_t total_lost(const LostByPort& lost);

[[nodiscard]] SilentServices silent_services(const Attachment& attachment, const Snapshot& snapshot);
/// The sentences, by service.
[[nodiscard]] Json silence_json(const SilentServices& silent);

/// All of it, for programs, in one line.
[[nodiscard]] std::string stats_json(const Attachment& attachment, const SteadySnapshot& steady);

} // namespace sfc
