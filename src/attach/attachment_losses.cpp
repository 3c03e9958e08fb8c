// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Frames that the kernel lost behind the programs' verdicts, by port. An interface takes its counters with it when it
// goes. They are noted as long as it is there, and what was sent there since is unknown then.
#include <algorithm>

#include "attach/attachment.h"
#include "net/ethtool.h"
#include "net/netlink.h"

namespace sfc {
namespace {

bool leaves_by(const sfc_service& service, std::uint16_t port) {
    return service.to_port == port || service.egress_port == port || service.egress_port == SFC_PORT_INGRESS ||
           std::find(std::begin(service.egress), std::end(service.egress), port) != std::end(service.egress);
}

} // namespace

/// No fewer than were sent there: the frames of all services that may leave by the port.
std::uint64_t Attachment::sent_to(std::uint16_t id) const {
    std::uint64_t sent = 0;
    for (std::size_t service = 1; service < plan_.services.size(); service++) {
        if (leaves_by(plan_.services[service].entry, id)) {
            const sfc_counters counters = maps_->service_counters(service);
            for (const unsigned event :
                 {SFC_EVENT_TO_SF, SFC_EVENT_TO_KERNEL, SFC_EVENT_RESTORED, SFC_EVENT_BYPASSED}) {
                sent += counters.event[event].packets;
            }
        }
    }
    return sent;
}

/// The port's interface, whose counters say what was lost.
std::optional<Link> Attachment::counting(std::uint16_t id) const {
    Netlink netlink;
    const Plan::Port& port = plan_.ports[id];
    const std::uint32_t index = attached_to(id);
    // An egress port that is down is in no map, and its interface counts on.
    return index == 0 && port.entry.role == SFC_ROLE_EGRESS ? find_link(netlink, port.interface)
                                                            : find_link(netlink, index);
}

LostFrames Attachment::lost(std::uint16_t id) const {
    const auto link = counting(id);
    const auto before = state_.lost_before.find(plan_.ports[id].name);
    return lost_since(before == state_.lost_before.end() ? LostFrames{} : before->second,
                      link ? lost_frames(Ethtool(), *link, state_.generic) : LostFrames{});
}

void Attachment::note_losses(std::uint16_t id) {
    Noted& noted = noted_[plan_.ports[id].name];
    noted.sent = sent_to(id); // first: a frame that is sent in between must not be in neither
    noted.lost = lost(id);
}

void Attachment::note_losses() {
    for (std::size_t id = 1; id < plan_.ports.size(); id++) {
        if (counting(id)) {
            note_losses(id);
        }
    }
}

void Attachment::settle_losses(std::uint16_t id) {
    const std::string& name = plan_.ports[id].name;
    if (counting(id)) {
        note_losses(id);
    } else if (noted_.count(name) != 0) {
        Noted& noted = noted_[name];
        noted.lost.unknown += sent_to(id) - noted.sent;
        noted.sent = sent_to(id);
    }
    const LostFrames& lost = noted_[name].lost;
    state_.lost_before[name] = {0 - lost.not_redirected, 0 - lost.not_sent, lost.unknown};
}

void Attachment::begin_losses(std::uint16_t id, const Link& link) {
    const std::string& name = plan_.ports[id].name;
    // Modulo 2^64, as lost_since() is: less what was lost at interfaces that this port had before.
    const LostFrames now = lost_frames(Ethtool(), link, state_.generic), then = noted_[name].lost;
    state_.lost_before[name] = {now.not_redirected - then.not_redirected, now.not_sent - then.not_sent, then.unknown};
}

} // namespace sfc
