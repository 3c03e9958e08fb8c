// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/plan.h"
#include "net/neighbours.h"
#include "probe/probe_judge.h"

namespace sfc {

/// One way of packets through an SF, which one probe goes.
struct ProbeWay {
    std::uint16_t sf = SFC_NONE;
    std::uint16_t in = SFC_NONE;      ///< port that the packet goes to the SF by: of a domain, or the SF's own
    std::uint16_t out = SFC_NONE;     ///< port that it should come from it by
    std::uint16_t ingress = SFC_NONE; ///< domain port that it seems to come in by
    bool six = false;                 ///< IPv6
    ProbeKind kind = ProbeKind::Ports;

    [[nodiscard]] bool operator==(const ProbeWay&) const = default;
};

/// All ways of the plan's services, each once, in order of SFs. None through an SF with `probe: off`.
[[nodiscard]] std::vector<ProbeWay> probe_ways(const Plan& plan);
/// Ports that this host's kernel may send packets of that SF through which came in by `in`.
[[nodiscard]] std::vector<std::string> egress_of(const Plan& plan, const ProbeWay& way);

/// Ids of services whose packets all go this way, if they are of that IP version.
[[nodiscard]] std::vector<std::size_t> services_of(const Plan& plan, const ProbeWay& way);

/// Who this host's kernel knows on its links.
struct LinkHosts {
    std::vector<OwnAddress> own;
    std::vector<Neighbour> neighbours;
};

/// Throws Error.
[[nodiscard]] LinkHosts read_link_hosts();

/// Where a probe goes to and comes from, or why that is not known.
struct ProbeEnds {
    IpBytes source, destination; ///< both empty where `why` says something
    ProbeOutcome outcome = ProbeOutcome::Waiting;
    std::string why{};
};

/// The ends of a probe through this host's kernel, from interface to interface. It goes to a neighbour, because the
/// kernel would have to ask for any other address. It comes from a host of the link that it comes in by, because a
/// reverse path filter would stop any other.
[[nodiscard]] ProbeEnds ends_in_kernel(const Plan& plan, const ProbeWay& way, const LinkHosts& hosts, std::uint32_t in,
                                       std::uint32_t out);
/// The ends of a probe through an SF behind ports: two next hops of its services, whose addresses the plan has or the
/// kernel knows by their MACs. Addresses of documentation stand in for unknown ones (RFC 5737, RFC 3849), but a routed
/// SF needs a known destination. `interfaces` are those of the plan's ports.
[[nodiscard]] ProbeEnds ends_behind_ports(const Plan& plan, const ProbeWay& way, const LinkHosts& hosts,
                                          const std::vector<std::uint32_t>& interfaces);

} // namespace sfc
