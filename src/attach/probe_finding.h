// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfc {

/// The outcome of a probe.
enum class ProbeOutcome : std::uint8_t {
    NoAddress, ///< not sent: a port has no address of that IP version
    Waiting,   ///< not sent yet: something is not known that may become known
    NotProbed, ///< not sent, and will not be
    InFlight,
    Survives,  ///< with its ticket
    Cleared,   ///< without it
    Fits,      ///< nothing of the key has changed
    Passes,    ///< did not come out, but packets have since
    Changed,   ///< something has
    Elsewhere, ///< came out where it should not
    Lost,      ///< did not come out
};

[[nodiscard]] std::string_view outcome_name(ProbeOutcome outcome);
[[nodiscard]] std::optional<ProbeOutcome> parse_outcome(std::string_view name);
/// Whether the mode that is configured does not fit, as far as the probe can tell.
[[nodiscard]] bool is_warning(ProbeOutcome outcome);
/// Whether there is nothing more to wait for.
[[nodiscard]] bool is_settled(ProbeOutcome outcome);

struct ProbeFinding {
    ProbeOutcome outcome = ProbeOutcome::Waiting;
    std::string text; ///< one sentence, without a full stop

    [[nodiscard]] bool operator==(const ProbeFinding&) const = default;
};

} // namespace sfc
