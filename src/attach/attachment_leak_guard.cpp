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
#include "net/clsact.h"
#include "net/hairpin.h"
#include "net/hook.h"
#include "net/netlink.h"

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

void Attachment::keep_leak_guards(const Say& say) {
    if (!plan_.through_host_kernel()) {
        return;
    }
    Netlink netlink;
    const std::vector<Link> links = all_links(netlink);
    // With its interface, or because a process was killed between writing it down and attaching it.
    const auto gone = [&](const auto& leak_guard) {
        return std::none_of(links.begin(), links.end(), [&](const Link& link) {
            return link.index == leak_guard.first &&
                   (leak_guard.second.clsact ? clsact_program(link, TcSide::Egress) != 0
                                             : hooked_interface(pins_.get(leak_guard_pin(link.index))) == link.index);
        });
    };
    for (auto leak_guard = state_.leak_guards.begin(); leak_guard != state_.leak_guards.end();) {
        if (gone(*leak_guard)) {
            pins_.unpin(leak_guard_pin(leak_guard->first));
            leak_guard = state_.leak_guards.erase(leak_guard);
        } else {
            ++leak_guard;
        }
    }
    std::optional<Error> trouble; // one that cannot have a leak guard is no reason to leave the others open
    for (const Link& link : links) {
        if (state_.leak_guards.count(link.index) != 0 || !needs_leak_guard(link) || below_way_out(link, links)) {
            continue;
        }
        try {
            add_leak_guard(link);
            say(msg::leak_guard_set(link.name));
        } catch (const Error& error) {
            trouble = error;
        }
    }
    if (trouble) {
        throw Error(*trouble);
    }
}

void Attachment::add_leak_guard(const Link& link) {
    const TcHook hook = attach_tc(pins_.get(ProgramId::sfc_restore_tc).get(), link, TcSide::Egress);
    state_.leak_guards[link.index] = {hook.clsact, hook.created_qdisc};
    state_.save(pins_);
    if (!hook.clsact) {
        pins_.pin(hook.link.get(), leak_guard_pin(link.index));
    }
}

void Attachment::release_leak_guards(const Say& say) {
    for (const auto& [index, leak_guard] : state_.leak_guards) {
        try {
            Netlink netlink;
            if (const auto link = find_link(netlink, index)) {
                detach_tc(*link, {TcSide::Egress, pins_.get(leak_guard_pin(index)), leak_guard.clsact,
                                  leak_guard.created_qdisc});
            }
        } catch (const Error& error) {
            say(msg::leak_guard_stays(index, error.what()));
        }
        pins_.unpin(leak_guard_pin(index));
    }
    state_.leak_guards.clear();
    state_.save(pins_);
}

} // namespace sfc
