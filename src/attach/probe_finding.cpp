// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/probe_finding.h"

#include <algorithm>
#include <array>

namespace sfc {
namespace {

constexpr std::array<std::string_view, 11> kNames = {"no_address", "waiting",   "not_probed", "in_flight",
                                                     "survives",   "cleared",   "fits",       "passes",
                                                     "changed",    "elsewhere", "lost"};
static_assert(kNames.size() == static_cast<std::size_t>(ProbeOutcome::Lost) + 1);

} // namespace

std::string_view outcome_name(ProbeOutcome outcome) {
    return kNames.at(static_cast<std::size_t>(outcome));
}

std::optional<ProbeOutcome> parse_outcome(std::string_view name) {
    const auto* const found = std::find(kNames.begin(), kNames.end(), name);
    return found == kNames.end() ? std::nullopt : std::optional(static_cast<ProbeOutcome>(found - kNames.begin()));
}

bool is_warning(ProbeOutcome outcome) {
    return outcome == ProbeOutcome::Cleared || outcome == ProbeOutcome::Changed || outcome == ProbeOutcome::Elsewhere ||
           outcome == ProbeOutcome::Lost;
}

bool is_settled(ProbeOutcome outcome) {
    return outcome >= ProbeOutcome::Survives || outcome == ProbeOutcome::NotProbed;
}

} // namespace sfc
