// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Ports of an SF that is the stack of another network namespace: the programs at their far ends, in that namespace
// (bpf/kernel_mode/tag.h).
#include <fmt/format.h>

#include "attach/attachment.h"
#include "attach/messages.h"
#include "base/error.h"
#include "net/mark_conflicts.h"
#include "net/netlink.h"

namespace sfc {
namespace {

std::string tag_pin(std::uint16_t id) {
    return fmt::format("tag_{}", id);
}

std::string far_mark_pin(std::uint16_t id) {
    return fmt::format("farmark_{}", id);
}

} // namespace

void Attachment::check_far(const Plan& plan, std::uint16_t id, const Place& place) {
    if (!plan.of_stack(id)) {
        return;
    }
    if (!place.far) {
        throw Error(ExitCode::Kernel, msg::stack_needs_far_end(plan.ports[id].name, place.link.name,
                                                               place.veth() ? msg::far_end_unknown() : msg::no_veth()));
    }
    const InNetns inside(*place.far_netns);
    if (const auto other = plan.mark_mask == 0 ? std::nullopt : mark_conflict(plan.mark_mask)) {
        throw Error(ExitCode::Kernel, msg::mark_not_free_in(plan.mark_mask, place.far_netns->where(), *other));
    }
}

void Attachment::attach_far(std::uint16_t id, const Place& place, const Say& say) {
    FarState& state = state_.fars[plan_.ports[id].name];
    state.netns = place.far_netns->inode();
    state.index = place.far->index;
    state_.save(pins_);
    {
        const InNetns inside(*place.far_netns);
        hook_tc(state, ProgramId::sfc_tag, tag_pin(id), *place.far, TcSide::Egress);
        if (plan_.mark_mask != 0) {
            hook_tc(state, ProgramId::sfc_mark, far_mark_pin(id), *place.far, TcSide::Ingress);
        }
    }
    say(msg::far_end_tags(plan_.ports[id].name, place.far_text()));
}

void Attachment::release_far(std::uint16_t id, const Say& say) {
    const auto found = state_.fars.find(plan_.ports[id].name);
    if (found == state_.fars.end()) {
        return;
    }
    const FarState& far = found->second;
    try {
        if (const auto netns = Netns::find_by_inode(far.netns)) {
            const InNetns inside(*netns);
            Netlink netlink;
            if (const auto link = find_link(netlink, far.index)) {
                detach_tc(*link, {TcSide::Ingress, pins_.get(far_mark_pin(id)), far.clsact, false});
                detach_tc(*link, {TcSide::Egress, pins_.get(tag_pin(id)), far.clsact, far.created_qdisc});
            }
        }
    } catch (const Error& error) {
        say(msg::far_programs_stay(found->first, error.what()));
    }
    pins_.unpin(far_mark_pin(id));
    pins_.unpin(tag_pin(id));
    state_.fars.erase(found);
    state_.save(pins_);
}

} // namespace sfc
