// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Ports of an SF that is the kernel of another network namespace: the programs at their peers, in that namespace
// (bpf/kernel_mode/ticket_mac.h).
#include <fmt/format.h>

#include "attach/attachment.h"
#include "attach/messages.h"
#include "base/error.h"
#include "net/mark_conflicts.h"

namespace sfc {
namespace {

std::string ticket_mac_pin(std::uint16_t id) {
    return fmt::format("ticket_mac_{}", id);
}

std::string peer_mark_pin(std::uint16_t id) {
    return fmt::format("peer_mark_{}", id);
}

} // namespace

void Attachment::check_peer(const Plan& plan, std::uint16_t id, const Location& location) {
    if (!plan.of_kernel(id)) {
        return;
    }
    if (!location.peer) {
        throw Error(ExitCode::Kernel, msg::kernel_needs_peer(plan.ports[id].name, location.link.name,
                                                             location.veth() ? msg::peer_unknown() : msg::no_veth()));
    }
    const InNetns inside(*location.peer_netns);
    if (const auto other = plan.mark_mask == 0 ? std::nullopt : mark_conflict(plan.mark_mask)) {
        throw Error(ExitCode::Kernel, msg::mark_not_free_in(plan.mark_mask, location.peer_netns->where(), *other));
    }
}

void Attachment::attach_peer(std::uint16_t id, const Location& location, const Say& say) {
    const std::string& port = plan_.ports[id].name;
    {
        const InNetns inside(*location.peer_netns);
        hook_tc(port, ProgramId::sfc_ticket_mac, ticket_mac_pin(id), *location.peer, TcSide::Egress);
        if (plan_.mark_mask != 0) {
            hook_tc(port, ProgramId::sfc_ticket_mark, peer_mark_pin(id), *location.peer, TcSide::Ingress);
        }
    }
    say(msg::peer_writes_tickets(port, location.peer_text()));
}

} // namespace sfc
