// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "config/plan.h"
#include "net/link.h"
#include "net/netns.h"

namespace sfc {

/// Where a port of the plan is on this machine: its interface here, and the peer where that is a veth.
struct Location {
    Link link;
    std::optional<Netns> peer_netns; ///< of the peer; nothing where it cannot be found or entered
    std::optional<Link> peer;

    [[nodiscard]] bool veth() const { return link.kind == "veth"; }
    /// Whether frames that are sent here by XDP arrive: a veth takes them only while its peer polls. True where nobody
    /// can tell.
    [[nodiscard]] bool polls() const;
    /// What both ends take: a veth drops frames that are longer than the MTU of its peer.
    [[nodiscard]] std::uint32_t mtu() const { return peer ? std::min(link.mtu, peer->mtu) : link.mtu; }
    /// "'eth0' in network namespace 'fw'", for messages.
    [[nodiscard]] std::string peer_text() const;
};

/// Looks the port up in this thread's network namespace and, with `netns:`, in that one. Nothing where the interface is
/// not there (any more). Where `netns:` is a process, `noted` is the cookie of the namespace that it meant first, 0 for
/// none. Throws Error{Kernel} where it means another one by now, or the interface cannot be a port.
[[nodiscard]] std::optional<Location> locate(const Plan::Port& port, std::uint64_t noted = 0);
/// The same for an interface that was found before, whatever its names are by now.
[[nodiscard]] std::optional<Location> locate_again(std::uint32_t ifindex);
/// Whether frames may come in there with checksums that this host is to finish, which XDP does not see.
[[nodiscard]] bool leaves_work(const Plan::Port& port, const Link& link);
/// Throws Error{Kernel} where frames come in there without their checksum or without their VLAN tag.
void check_frames(const Plan::Port& port, const Link& link, bool generic);
/// Throws Error{Kernel} where the driver cannot send what a program redirects. Of a veth the peer decides, which can be
/// prepared.
void check_sends(const Plan::Port& port, const Location& location);
/// The sentence for a port whose interface is not there.
[[nodiscard]] std::string missing_text(const Plan::Port& port);

} // namespace sfc
