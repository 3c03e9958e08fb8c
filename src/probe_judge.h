// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfc {

/// How packets of an SF are known again.
enum class ProbeKind : std::uint8_t {
    ThisStack, ///< by a ticket through the stack of this host
    FarStack,  ///< by a ticket through the stack of another namespace, behind ports
    Ports,     ///< by their fields, behind ports: user mode
};

/// What became of a probe.
enum class ProbeOutcome : std::uint8_t {
    NoAddress, ///< not sent: a port has no address of that IP version
    Waiting,   ///< not sent yet: something is not known that may become known
    NotProbed, ///< not sent, and will not be
    InFlight,
    Survives,  ///< with its ticket
    Cleared,   ///< without it
    Fits,      ///< nothing of the key has changed
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

/// The way of one probe, as far as its judgement needs it.
struct ProbeQuestion {
    ProbeKind kind = ProbeKind::Ports;
    std::string from, to;            ///< names of ports: where it goes to the SF, and where it should come from it
    std::vector<std::string> egress; ///< this host's stack: all ports that it may leave by
    bool mark = false;               ///< tickets go through the stack in the mark
    unsigned key_parts = 0;          ///< user mode: enum sfc_key_part
    std::vector<std::uint8_t> sent;  ///< the frame
};

/// What was met again.
struct ProbeSight {
    std::string at;      ///< name of the port or interface
    bool ticket = false; ///< was still there
    std::vector<std::uint8_t> frame;
};

struct ProbeFinding {
    ProbeOutcome outcome = ProbeOutcome::Waiting;
    std::string text; ///< one sentence, without a full stop

    [[nodiscard]] bool operator==(const ProbeFinding&) const = default;
};

/// `sight` is nothing where it did not come out in time.
[[nodiscard]] ProbeFinding judge_probe(const ProbeQuestion& question, const std::optional<ProbeSight>& sight);

} // namespace sfc
