// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What must be so at a port and at its peer before frames flow: each rule here is a way in which the kernel would
// otherwise lose or spoil packets without a word. All of it is recorded and undone.
#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "attach/attachment.h"
#include "attach/messages.h"
#include "base/error.h"
#include "net/hairpin.h"
#include "net/hook.h"
#include "net/netlink.h"
#include "net/xdp_features.h"

namespace sfc {
namespace {

std::string pass_pin(std::uint16_t id) {
    return fmt::format("pass_{}", id);
}

/// "'tx' and 'txvlan' of 'eth0' in network namespace 'fw' off": offloads in a row at one interface.
std::string changes_text(std::span<const Record> records, const Location& location) {
    std::string text;
    for (auto first = records.begin(); first != records.end();) {
        const auto& change = std::get<OffloadChange>(first->what);
        const auto last = std::find_if(first, records.end(), [&](const Record& record) {
            return record.index != first->index || record.netns != first->netns ||
                   std::get<OffloadChange>(record.what).on != change.on;
        });
        std::string names;
        for (auto record = first; record != last; record++) {
            names += fmt::format("{}'{}'", names.empty() ? "" : " and ",
                                 offload_name(std::get<OffloadChange>(record->what).offload));
        }
        const bool at_peer = location.peer && first->netns == location.peer_netns->cookie();
        text += (text.empty() ? "" : "; ") +
                msg::offloads_are(names,
                                  at_peer ? msg::in_netns(change.interface, location.peer_netns->where())
                                          : fmt::format("'{}'", change.interface),
                                  change.on ? "on" : "off");
        first = last;
    }
    return text;
}

} // namespace

void Attachment::keep_offloads(std::uint16_t id, const Location& location, const Say& say) {
    const std::size_t before = state_.journal.size();
    switch_offloads(id, location, say);
    if (state_.journal.size() > before) {
        say(msg::offloads_switched(plan_.ports[id].name,
                                   changes_text(std::span(state_.journal).subspan(before), location)));
    }
}

void Attachment::switch_offloads(std::uint16_t id, const Location& location, const Say& say) {
    const bool receives = plan_.ports[id].entry.role != SFC_ROLE_EGRESS;
    if (location.peer && receives) {
        // A frame that goes through XDP has no checksum offload any more: what the kernel behind the peer leaves to the
        // device would leave this host unfinished (CHECKSUM_PARTIAL). The same with a VLAN tag beside the frame.
        switch_off(id, *location.peer, *location.peer_netns, Offload::TxChecksum, say);
        switch_off(id, *location.peer, *location.peer_netns, Offload::TxVlan, say);
    }
    if (!location.veth() && receives) { // of a veth, the peer decides
        switch_off(id, location.link, Netns::current(), Offload::RxVlan, say);
    }
    if (plan_.ports[id].entry.kernel != 0) {
        // Packets with different metadata do not merge, and GRO holds them side by side: a flow whose packets have
        // different headers would be reordered. Of packets that are merged by list, forwarding changes only the first.
        switch_off(id, location.link, Netns::current(), Offload::GroList, say);
        switch_offload(id, location.link, Netns::current(), Offload::Gro, plan_.ports[id].gro, say);
    }
    if (plan_.ports[id].kernel_egress) {
        Netlink netlink;
        // Not there before attach_hairpin; should somebody have removed it, something else may have its number.
        if (const auto hairpin = find_link(netlink, maps_->port(id).hairpin); hairpin && is_hairpin(*hairpin)) {
            for (const Offload offload : kHairpinOffloads) {
                switch_off(id, *hairpin, Netns::current(), offload, say);
            }
        }
    }
    if (location.peer && plan_.of_kernel(id)) { // the same, inside the namespace that is the SF
        switch_off(id, *location.peer, *location.peer_netns, Offload::GroList, say);
        switch_offload(id, *location.peer, *location.peer_netns, Offload::Gro, plan_.sfs[plan_.ports[id].entry.sf].gro,
                       say);
    }
    if (state_.generic && receives) {
        // Generic XDP comes behind GRO and, on a veth, sees what the kernel behind the peer left unsegmented: one frame
        // that stands for many packets, of which only one could be restored.
        switch_off(id, location.link, Netns::current(), Offload::Gro, say);
        if (location.peer) {
            switch_off(id, *location.peer, *location.peer_netns, Offload::Tso, say);
            switch_off(id, *location.peer, *location.peer_netns, Offload::Gso, say);
        }
    }
}

void Attachment::prepare(std::uint16_t id, const Location& location, const Say& say) {
    const Plan::Port& port = plan_.ports[id];
    const bool receives = port.entry.role != SFC_ROLE_EGRESS;
    keep_offloads(id, location, say);
    if (state_.generic && receives && location.peer && location.peer->xdp == XdpMode::Native) {
        say(msg::peer_native(port.name, location.peer_text(), location.link.name));
    }
    if (location.veth() && !location.peer && receives) {
        say(msg::peer_tx(port.name, location.link.name, location.peer_text()));
    }
    const bool arrives = makes_poll(id, location) ? make_poll(id, location, say) : polls(id, location);
    // A peer that is prepared by hand may begin to poll later; until then nothing is sent there.
    if (!arrives && !port.peer_prepared) {
        throw Error(ExitCode::Kernel, msg::peer_polls_not(port.name, location.link.name));
    }
}

bool Attachment::needs_polling(std::uint16_t id) const {
    return !state_.generic && is_target(plan_, id);
}

bool Attachment::polls(std::uint16_t id, const Location& location) const {
    return !needs_polling(id) || location.polls();
}

/// An interface has room for one program, and its loader cannot replace ours: `prepared` leaves the room to others.
bool Attachment::makes_poll(std::uint16_t id, const Location& location) const {
    return needs_polling(id) && !plan_.ports[id].peer_prepared && location.peer;
}

bool Attachment::keep_polling(std::uint16_t id, const Location& location, const Say& say) {
    if (!makes_poll(id, location)) {
        return polls(id, location);
    }
    const Fd hook = pins_.get(pass_pin(id));
    const bool taken_off = hook && hooked_interface(hook) == 0;
    return location.peer->xdp == XdpMode::None || taken_off ? make_poll(id, location, say) : polls(id, location);
}

/// A redirected frame reaches a veth only where its peer polls, which an XDP program of any kind makes it do.
bool Attachment::make_poll(std::uint16_t id, const Location& location, const Say& say) {
    const std::string &port = plan_.ports[id].name, pin = pass_pin(id);
    const Record record{port, location.peer_netns->cookie(), location.peer->index, PassProgram{pin}};
    const auto turn = take_turn();
    pins_.unpin(pin); // of a program that somebody has taken off
    bool none = false;
    {
        const InNetns inside(*location.peer_netns);
        Netlink there;
        const auto peer = find_link(there, location.peer->index); // by now another one may have put it there
        none = peer && peer->xdp == XdpMode::None;
        if (none) {
            note(record);
            const Fd hook = attach_xdp(pins_.get(ProgramId::sfc_pass).get(), *peer, false);
            pins_.pin(hook.get(), pin);
        }
    }
    if (none) {
        say(msg::peer_program(port, location.peer_text()));
        return takes_redirects(location.link.index).value_or(true);
    }
    const OtherAttachment* other = other_holder(*turn, record);
    const Record* theirs = other == nullptr ? nullptr : find_same(other->journal, record);
    const Fd hook = theirs == nullptr ? Fd() : other->pins.get(std::get<PassProgram>(theirs->what).pin);
    if (hook) {
        note(record);
        pins_.pin(hook.get(), pin); // it stays until both have gone
    }
    return polls(id, location);
}

void Attachment::switch_off(std::uint16_t id, const Link& link, const Netns& netns, Offload offload, const Say& say) {
    switch_offload(id, link, netns, offload, false, say);
}

void Attachment::switch_offload(std::uint16_t id, const Link& link, const Netns& netns, Offload offload, bool on,
                                const Say& say) {
    const std::string& port = plan_.ports[id].name;
    const std::string where = msg::in_netns(link.name, netns.where());
    const InNetns inside(netns);
    const Ethtool ethtool;
    if (ethtool.active(link.name, offload) == on) {
        return;
    }
    const auto turn = take_turn();
    const std::vector<std::string> features =
        on ? ethtool.available(link.name, offload) : ethtool.wanted(link.name, offload);
    Record record{port, netns.cookie(), link.index, OffloadChange{link.name, offload, features, on}};
    const bool again = find_same(state_.journal, record) != nullptr;
    if (!again) {
        note(std::move(record));
    }
    ethtool.set(link.name, features, on);
    const char* way = on ? "on" : "off";
    if (ethtool.active(link.name, offload) != on) {
        throw Error(ExitCode::Kernel, msg::offload_cannot_switch(port, offload_name(offload), where, way));
    }
    if (again) {
        say(msg::offload_switched_again(port, offload_name(offload), where, way));
    }
}

} // namespace sfc
