// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Interfaces that are no way out: sfc_catch stops there what the stack sends that came in with a header, or leaves it
// bare. They are all that this namespace has, less those on top of others, which send through them.
#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "attach/attachment.h"
#include "attach/messages.h"
#include "base/error.h"
#include "net/netlink.h"
#include "net/relay.h"

namespace sfc {
namespace {

std::string guard_pin(std::uint32_t index) {
    return fmt::format("guard_{}", index);
}

/// What it sends goes out through another interface of this namespace, in the same frame but for a tag.
bool sends_through_another(const Link& link) {
    constexpr std::array kinds = {"bridge",  "bond",   "team",   "vlan", "macvlan",
                                  "macvtap", "ipvlan", "ipvtap", "vrf",  "hsr"};
    return std::find(kinds.begin(), kinds.end(), link.kind) != kinds.end();
}

} // namespace

bool Attachment::needs_guard(const Link& link) const {
    const auto is_way_out = [&](const Plan::Port& port) { return port.relayed && port.interface == link.name; };
    return !link.loopback && !is_relay(link) && !sends_through_another(link) &&
           std::find(plan_.unwatched.begin(), plan_.unwatched.end(), link.name) == plan_.unwatched.end() &&
           std::none_of(plan_.ports.begin(), plan_.ports.end(), is_way_out);
}

/// In a bond, say, that is a way out: what it sends through this one has its header.
bool Attachment::below_way_out(const Link& link, const std::vector<Link>& links) const {
    return std::any_of(links.begin(), links.end(), [&](const Link& other) {
        return link.master != 0 && other.index == link.master &&
               std::any_of(plan_.ports.begin(), plan_.ports.end(),
                           [&](const Plan::Port& port) { return port.relayed && port.interface == other.name; });
    });
}

void Attachment::keep_guards(const Say& say) {
    if (!plan_.through_this_stack()) {
        return;
    }
    Netlink netlink;
    const std::vector<Link> links = all_links(netlink);
    const auto gone = [&](const auto& guard) {
        return std::none_of(links.begin(), links.end(), [&](const Link& link) { return link.index == guard.first; });
    };
    for (auto guard = state_.guards.begin(); guard != state_.guards.end();) {
        if (gone(*guard)) {
            pins_.unpin(guard_pin(guard->first));
            guard = state_.guards.erase(guard);
        } else {
            ++guard;
        }
    }
    std::optional<Error> trouble; // one that cannot be guarded is no reason to leave the others open
    for (const Link& link : links) {
        if (state_.guards.count(link.index) != 0 || !needs_guard(link) || below_way_out(link, links)) {
            continue;
        }
        try {
            guard_interface(link);
            say(msg::guarded(link.name));
        } catch (const Error& error) {
            trouble = error;
        }
    }
    if (trouble) {
        throw Error(*trouble);
    }
}

void Attachment::guard_interface(const Link& link) {
    const TcHook hook = attach_tc(pins_.get(ProgramId::sfc_catch).get(), link, TcSide::Egress);
    state_.guards[link.index] = {hook.clsact, hook.created_qdisc};
    state_.save(pins_);
    if (!hook.clsact) {
        pins_.pin(hook.link.get(), guard_pin(link.index));
    }
}

void Attachment::release_guards(const Say& say) {
    for (const auto& [index, guard] : state_.guards) {
        try {
            Netlink netlink;
            if (const auto link = find_link(netlink, index)) {
                detach_tc(*link, {TcSide::Egress, pins_.get(guard_pin(index)), guard.clsact, guard.created_qdisc});
            }
        } catch (const Error& error) {
            say(msg::guard_stays(index, error.what()));
        }
        pins_.unpin(guard_pin(index));
    }
    state_.guards.clear();
    state_.save(pins_);
}

} // namespace sfc
