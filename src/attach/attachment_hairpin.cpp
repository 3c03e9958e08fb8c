// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Ports that packets leave this host's kernel through: sfc_restore_tc at TC egress, and the hairpin that leads what it
// catches back into XDP (bpf/kernel_mode/restore_tc.h).
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

std::string restore_tc_pin(std::uint16_t id) {
    return fmt::format("restore_tc_{}", id);
}

std::string ticket_mark_pin(std::uint16_t id) {
    return fmt::format("ticket_mark_{}", id);
}

std::string hairpin_pin(std::uint16_t id) {
    return fmt::format("hairpin_{}", id);
}

} // namespace

void Attachment::attach_hairpin(std::uint16_t id, const Location& location, const Say& say) {
    const std::string& port = plan_.ports[id].name;
    HairpinState& state = state_.hairpins[port];
    state.index = location.link.index;
    state_.save(pins_); // before it is made, so that detach finds it even if this process dies in between
    const Hairpin hairpin = make_hairpin(location.link.index, location.link.mtu);
    // Native: behind generic XDP, the kernel drops what was redirected to the hairpin without running the program.
    const Fd hook = attach_xdp(pins_.get(ProgramId::sfc_hairpin).get(), hairpin.out, false);
    pins_.pin(hook.get(), hairpin_pin(id));
    maps_->set_hairpin(id, hairpin.in.index, hairpin.out.index);
    // It is made with these off. Written down all the same, so that `status` can tell whether they stay so.
    for (const Offload offload : kHairpinOffloads) {
        state_.changes.push_back(
            {Netns::current().inode(), port, hairpin.in.name, hairpin.in.index, offload, {}, false});
    }
    state_.save(pins_);
    hook_tc(state, ProgramId::sfc_restore_tc, restore_tc_pin(id), location.link, TcSide::Egress);
    if (plan_.mark_mask != 0 && plan_.ports[id].entry.kernel != 0) {
        hook_tc(state, ProgramId::sfc_ticket_mark, ticket_mark_pin(id), location.link, TcSide::Ingress);
    }
    say(msg::hairpin_made(port, hairpin.in.name, hairpin.out.name));
}

bool Attachment::hairpin_works(std::uint16_t id) const {
    if (!plan_.ports[id].kernel_egress) {
        return true;
    }
    Netlink netlink;
    const auto in = find_link(netlink, maps_->port(id).hairpin);
    return in && is_hairpin(*in) && in->usable && in->mtu >= maps_->port(id).mtu; // or it would lose what is longer
}

void Attachment::release_hairpin(std::uint16_t id, const Say& say) {
    const auto found = state_.hairpins.find(plan_.ports[id].name);
    if (found == state_.hairpins.end()) {
        return;
    }
    const HairpinState& hairpin = found->second;
    try {
        Netlink netlink;
        if (const auto link = find_link(netlink, hairpin.index)) {
            detach_tc(*link, {TcSide::Ingress, pins_.get(ticket_mark_pin(id)), hairpin.clsact, false});
            detach_tc(*link, {TcSide::Egress, pins_.get(restore_tc_pin(id)), hairpin.clsact, hairpin.created_qdisc});
        }
        remove_hairpin(hairpin.index);
    } catch (const Error& error) {
        say(msg::hairpin_stays(found->first, error.what()));
    }
    pins_.unpin(ticket_mark_pin(id));
    pins_.unpin(restore_tc_pin(id));
    pins_.unpin(hairpin_pin(id));
    maps_->set_hairpin(id, 0, 0);
    state_.hairpins.erase(found);
    state_.save(pins_);
}

} // namespace sfc
