// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Interfaces that are no way out: sfc_restore_tc stops there what the kernel sends that came in with a header, or
// leaves it bare. They are all that this namespace has, less those on top of others, which send through them.
#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "attach/attachment.h"
#include "attach/messages.h"
#include "base/error.h"
#include "net/hairpin.h"
#include "net/hook.h"
#include "net/netlink.h"
#include "net/tc_hook.h"

namespace sfc {
namespace {

std::string leak_guard_pin(std::uint32_t index) {
    return fmt::format("leak_guard_{}", index);
}

/// Whether it sends its frames out through another interface of this namespace, unchanged but for a tag.
bool sends_through_another(const Link& link) {
    constexpr std::array kinds = {"bridge",  "bond",   "team",   "vlan", "macvlan",
                                  "macvtap", "ipvlan", "ipvtap", "vrf",  "hsr"};
    return std::find(kinds.begin(), kinds.end(), link.kind) != kinds.end();
}

} // namespace

bool Attachment::needs_leak_guard(const Link& link) const {
    const auto is_way_out = [&](const Plan::Port& port) { return port.kernel_egress && port.interface == link.name; };
    return !link.loopback && !is_hairpin(link) && !sends_through_another(link) &&
           std::find(plan_.unwatched.begin(), plan_.unwatched.end(), link.name) == plan_.unwatched.end() &&
           std::none_of(plan_.ports.begin(), plan_.ports.end(), is_way_out);
}

/// In a bond, say, that is a way out: what it sends through this one has its header.
bool Attachment::below_way_out(const Link& link, const std::vector<Link>& links) const {
    return std::any_of(links.begin(), links.end(), [&](const Link& other) {
        return link.master != 0 && other.index == link.master &&
               std::any_of(plan_.ports.begin(), plan_.ports.end(),
                           [&](const Plan::Port& port) { return port.kernel_egress && port.interface == other.name; });
    });
}

bool Attachment::watches(const Link& link, const TcProgram& tc) const {
    return tc_program(link, {tc.side, pins_.get(tc.pin), tc.program, tc.clsact, false}) == tc.program &&
           (tc.clsact || hooked_interface(pins_.get(tc.pin)) == link.index);
}

bool Attachment::has_leak_guard(const Link& link) const {
    return std::any_of(state_.journal.begin(), state_.journal.end(),
                       [&](const Record& record) { return record.port.empty() && record.index == link.index; });
}

void Attachment::keep_leak_guards(const Say& say) {
    if (!plan_.through_host_kernel()) {
        return;
    }
    Netlink netlink;
    const std::vector<Link> links = all_links(netlink);
    // Of an interface that has gone, or because a process was killed between writing it down and attaching it.
    const auto gone = [&](const Record& record) {
        return record.port.empty() && std::none_of(links.begin(), links.end(), [&](const Link& link) {
                   return link.index == record.index && watches(link, std::get<TcProgram>(record.what));
               });
    };
    if (std::any_of(state_.journal.begin(), state_.journal.end(), gone)) {
        undo(gone, say);
    }
    std::optional<Error> trouble; // one that cannot have a leak guard is no reason to leave the others open
    for (const Link& link : links) {
        if (has_leak_guard(link) || !needs_leak_guard(link) || below_way_out(link, links)) {
            continue;
        }
        try {
            const auto turn = take_turn();
            hook_tc("", ProgramId::sfc_restore_tc, leak_guard_pin(link.index), link, TcSide::Egress);
            say(msg::leak_guard_set(link.name));
        } catch (const Error& error) {
            trouble = error;
        }
    }
    if (trouble) {
        throw Error(*trouble);
    }
}

} // namespace sfc
