// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Interfaces that are no way out: sfc_restore_tc stops there what the kernel sends that came in with a header, or
// leaves it bare. They are all that this namespace has, less those on top of others, which send through them.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

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

/// Of a port that is attached its own, whatever that is called by now; else the one that its name means.
std::set<std::uint32_t> Attachment::ways_out() const {
    Netlink netlink;
    std::set<std::uint32_t> indexes;
    for (const Plan::Port& port : plan_.ports) {
        const auto attached = std::find_if(state_.journal.begin(), state_.journal.end(), [&](const Record& record) {
            return record.port == port.name && std::holds_alternative<HairpinPair>(record.what);
        });
        if (attached != state_.journal.end()) {
            indexes.insert(attached->index);
        } else if (port.kernel_egress) {
            const auto link = find_link(netlink, port.interface);
            indexes.insert(link ? link->index : 0);
        }
    }
    return indexes;
}

/// Interfaces that need no leak guard.
std::set<std::uint32_t> Attachment::unguarded(const std::vector<Link>& links) const {
    Netlink netlink;
    const std::set<std::uint32_t> out = ways_out();
    std::set<std::uint32_t> indexes = out;
    for (const std::string& name : plan_.unwatched) {
        const auto link = find_link(netlink, name);
        indexes.insert(link ? link->index : 0);
    }
    for (const Link& link : links) {
        // In a bond, say, that is a way out: what it sends through this one has its header.
        const bool below = link.master != 0 && out.count(link.master) != 0;
        if (link.loopback || is_hairpin(link) || sends_through_another(link) || below) {
            indexes.insert(link.index);
        }
    }
    return indexes;
}

bool Attachment::watches(const Link& link, const TcProgram& tc) const {
    return tc_program(link, {tc.side, pins_.get(tc.pin), tc.program, tc.clsact, false}) == tc.program &&
           (tc.clsact || hooked_interface(pins_.get(tc.pin)) == link.index);
}

Journal::const_iterator Attachment::leak_guard(std::uint32_t index) const {
    return std::find_if(state_.journal.begin(), state_.journal.end(),
                        [&](const Record& record) { return record.port.empty() && record.index == index; });
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
    const std::set<std::uint32_t> without = unguarded(links);
    std::optional<Error> trouble; // one that cannot have a leak guard is no reason to leave the others open
    for (const Link& link : links) {
        if (leak_guard(link.index) != state_.journal.end() || without.count(link.index) != 0) {
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

/// An interface that becomes a way out keeps the program that it has: without it, packets would leave bare meanwhile.
/// Its record comes last in the journal, and so the program goes before the hairpin that it sends packets to. Returns
/// whether there is one.
bool Attachment::adopt_leak_guard(const Link& link, const std::string& port) {
    const auto found = leak_guard(link.index);
    if (found == state_.journal.end() || !watches(link, std::get<TcProgram>(found->what))) {
        return false;
    }
    Record record = *found;
    record.port = port;
    state_.journal.erase(found);
    note(std::move(record));
    return true;
}

} // namespace sfc
