// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Ports that packets leave this host's stack through: sfc_catch at TC egress, and the relay that leads what it catches
// back into XDP (bpf/kernel_mode/stack.h).
#include <fmt/format.h>

#include "attach/attachment.h"
#include "attach/messages.h"
#include "base/error.h"
#include "net/hook.h"
#include "net/netlink.h"
#include "net/relay.h"
#include "net/tc_hook.h"

namespace sfc {
namespace {

std::string catch_pin(std::uint16_t id) {
    return fmt::format("catch_{}", id);
}

std::string mark_pin(std::uint16_t id) {
    return fmt::format("mark_{}", id);
}

std::string return_pin(std::uint16_t id) {
    return fmt::format("return_{}", id);
}

} // namespace

void Attachment::attach_relay(std::uint16_t id, const Place& place, const Say& say) {
    const std::string& port = plan_.ports[id].name;
    RelayState& state = state_.relays[port];
    state.index = place.link.index;
    state_.save(pins_); // before it is made, so that detach finds it even if this process dies in between
    const Relay relay = make_relay(place.link.index, place.link.mtu);
    // Native: behind generic XDP, the kernel drops what was redirected to the relay without running the program.
    const Fd hook = attach_xdp(pins_.get(ProgramId::sfc_return).get(), relay.out, false);
    pins_.pin(hook.get(), return_pin(id));
    maps_->set_relay(id, relay.in.index, relay.out.index);
    // It is made with these off. Written down all the same, so that `status` can tell whether they stay so.
    for (const Offload offload : kRelayOffloads) {
        state_.changes.push_back({Netns::current().inode(), port, relay.in.name, relay.in.index, offload, {}, false});
    }
    state_.save(pins_);
    hook_tc(state, ProgramId::sfc_catch, catch_pin(id), place.link, TcSide::Egress);
    if (plan_.mark_mask != 0 && plan_.ports[id].entry.stack != 0) {
        hook_tc(state, ProgramId::sfc_mark, mark_pin(id), place.link, TcSide::Ingress);
    }
    say(msg::relay_made(port, relay.in.name, relay.out.name));
}

bool Attachment::relay_works(std::uint16_t id) const {
    if (!plan_.ports[id].relayed) {
        return true;
    }
    Netlink netlink;
    const auto in = find_link(netlink, maps_->port(id).relay);
    return in && is_relay(*in) && in->usable && in->mtu >= maps_->port(id).mtu; // or it would lose what is longer
}

void Attachment::release_relay(std::uint16_t id, const Say& say) {
    const auto found = state_.relays.find(plan_.ports[id].name);
    if (found == state_.relays.end()) {
        return;
    }
    const RelayState& relay = found->second;
    try {
        Netlink netlink;
        if (const auto link = find_link(netlink, relay.index)) {
            detach_tc(*link, {TcSide::Ingress, pins_.get(mark_pin(id)), relay.clsact, false});
            detach_tc(*link, {TcSide::Egress, pins_.get(catch_pin(id)), relay.clsact, relay.created_qdisc});
        }
        remove_relay(relay.index);
    } catch (const Error& error) {
        say(msg::relay_stays(found->first, error.what()));
    }
    pins_.unpin(mark_pin(id));
    pins_.unpin(catch_pin(id));
    pins_.unpin(return_pin(id));
    maps_->set_relay(id, 0, 0);
    state_.relays.erase(found);
    state_.save(pins_);
}

} // namespace sfc
