// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attach/probe_finding.h"
#include "base/mac.h"

namespace sfc {

/// How packets of an SF are known again.
enum class ProbeKind : std::uint8_t {
    HostKernel, ///< by a ticket through the kernel of this host
    SfKernel,   ///< by a ticket through the kernel of another namespace, behind ports
    Ports,      ///< by their fields, behind ports: user mode
};

/// The way of one probe, as far as its judgement needs it.
struct ProbeQuestion {
    ProbeKind kind = ProbeKind::Ports;
    std::string from, to;            ///< names of ports: where it goes to the SF, and where it should come from it
    std::vector<std::string> egress; ///< this host's kernel: all ports that it may leave by
    bool mark = false;               ///< tickets go through the kernel in the mark
    unsigned key_parts = 0;          ///< user mode: enum sfc_key_part
    std::vector<Mac> own;            ///< of `to`, where it accepts these alone
    std::string tun;                 ///< a TUN device where the SF is: packets that go there come from a process
    std::string mark_user;           ///< what uses the mark's bits there
    std::vector<std::uint8_t> sent;  ///< the frame
    std::optional<Mac> sf_mac{};     ///< of the SF at `from`, where the configuration says it
    std::string stop{}, netns{};     ///< a setting where the SF is that lets nothing through, and where that is
};

/// A probe that was met again.
struct ProbeSight {
    std::string at;      ///< name of the port or interface
    bool ticket = false; ///< was still there
    std::vector<std::uint8_t> frame;
};

/// `sight` is nothing where it did not come out in time.
[[nodiscard]] ProbeFinding judge_probe(const ProbeQuestion& question, const std::optional<ProbeSight>& sight);

} // namespace sfc
