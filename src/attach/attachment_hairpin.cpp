// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Ports that packets leave this host's kernel through: sfc_restore_tc at TC egress, and the hairpin that leads what it
// catches back into XDP (bpf/kernel_mode/restore_tc.h).
#include <fmt/format.h>

#include "attach/attachment.h"
#include "attach/messages.h"
#include "base/error.h"
#include "net/hairpin.h"
#include "net/netlink.h"

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
    const std::uint64_t netns = Netns::current().cookie();
    note({port, netns, location.link.index, HairpinPair{}});
    const Hairpin hairpin = make_hairpin(location.link.index, location.link.mtu);
    // Native: behind generic XDP, the kernel drops what was redirected to the hairpin without running the program.
    hook_xdp(port, ProgramId::sfc_hairpin, hairpin_pin(id), hairpin.out, false);
    maps_->set_hairpin(id, hairpin.in.index, hairpin.out.index);
    // It is made with these off. Written down all the same, so that `status` can tell whether they stay so.
    for (const Offload offload : kHairpinOffloads) {
        note({port, netns, hairpin.in.index, OffloadChange{hairpin.in.name, offload, {}, false}});
    }
    if (!adopt_leak_guard(location.link, port)) {
        hook_tc(port, ProgramId::sfc_restore_tc, restore_tc_pin(id), location.link, TcSide::Egress);
    }
    if (plan_.mark_mask != 0 && plan_.ports[id].entry.kernel != 0) {
        hook_tc(port, ProgramId::sfc_ticket_mark, ticket_mark_pin(id), location.link, TcSide::Ingress);
    }
    say(msg::hairpin_made(port, hairpin.in.name, hairpin.out.name));
}

void Attachment::check_hairpin(const Turn& turn, std::uint16_t id, const Location& location) const {
    const Record wanted{plan_.ports[id].name, Netns::current().cookie(), location.link.index, HairpinPair{}};
    const OtherAttachment* other = other_holder(turn, wanted);
    if (plan_.ports[id].kernel_egress && other != nullptr) {
        throw Error(ExitCode::Kernel, msg::hairpin_of_other(wanted.port, location.link.name, other->pins.path()));
    }
}

bool Attachment::hairpin_works(std::uint16_t id) const {
    if (!plan_.ports[id].kernel_egress) {
        return true;
    }
    Netlink netlink;
    const auto in = find_link(netlink, maps_->port(id).hairpin);
    return in && is_hairpin(*in) && in->usable && in->mtu >= maps_->port(id).mtu; // or it would lose what is longer
}

} // namespace sfc
