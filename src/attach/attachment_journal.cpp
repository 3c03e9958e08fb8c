// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The journal is written before each act, and walked backwards by whoever takes it back: detach, the release of a port,
// and the process that comes after one that was killed. An act that was written down and never done is taken back as
// well, so each way back does nothing where there is nothing.
#include <algorithm>
#include <utility>

#include "attach/attachment.h"
#include "attach/messages.h"
#include "base/error.h"
#include "net/hairpin.h"
#include "net/hook.h"
#include "net/netlink.h"
#include "net/tc_hook.h"

namespace sfc {
namespace {

/// Where a record is, by number, whatever the interface's name is by now. The thread is in that namespace meanwhile.
struct Spot {
    explicit Spot(const Record& record) : index(record.index) {
        if (Netns here = Netns::current(); here.cookie() == record.netns) {
            netns = std::move(here);
        } else if ((netns = Netns::find_by_cookie(record.netns))) {
            inside.emplace(*netns);
        }
        if (netns) {
            Netlink netlink;
            link = find_link(netlink, index);
        }
    }
    std::uint32_t index;
    std::optional<Netns> netns; ///< none where it has gone
    std::optional<InNetns> inside;
    std::optional<Link> link; ///< none where it has gone
};

/// The ways back, one for each kind of record.
struct Back {
    const PinDirectory& pins;
    const Spot& spot;
    bool shared; ///< another attachment has it too

    void operator()(const OffloadChange& change) const {
        if (spot.link) {
            Ethtool().set(spot.link->name, change.features, !change.on);
        }
    }
    void operator()(const HairpinPair& /*pair*/) const {
        if (spot.netns) {
            remove_hairpin(spot.index); // also where the interface that it is named after has gone
        }
    }
    void operator()(const XdpProgram& xdp) const {
        detach_xdp(pins.get(xdp.pin));
        pins.unpin(xdp.pin);
    }
    void operator()(const PassProgram& pass) const {
        if (!shared) {
            detach_xdp(pins.get(pass.pin));
        }
        pins.unpin(pass.pin);
    }
    void operator()(const TcProgram& tc) const {
        if (spot.link) {
            detach_tc(*spot.link, {tc.side, pins.get(tc.pin), tc.program, tc.clsact, tc.created_qdisc});
        }
        pins.unpin(tc.pin);
    }
};

std::string stays(const Record& record, const std::string& why) {
    if (const auto* change = std::get_if<OffloadChange>(&record.what)) {
        return msg::offload_stays(record.port, offload_name(change->offload), change->on ? "on" : "off", why);
    }
    return record.port.empty() ? msg::leak_guard_stays(record.index, why) : msg::made_stays(record.port, why);
}

} // namespace

std::shared_ptr<const Attachment::Turn> Attachment::take_turn() {
    auto turn = turn_.lock();
    if (!turn) {
        Fd mine = pins_.take_turn();
        turn = std::make_shared<const Turn>(Turn{std::move(mine), other_attachments(pins_)});
        turn_ = turn;
    }
    return turn;
}

void Attachment::note(Record record) {
    write(state_.journal, std::move(record));
    state_.save(pins_);
}

const OtherAttachment* Attachment::other_holder(const Turn& turn, const Record& record) {
    const auto holds = [&](const OtherAttachment& other) { return find_same(other.journal, record) != nullptr; };
    const auto found = std::find_if(turn.others.begin(), turn.others.end(), holds);
    return found == turn.others.end() ? nullptr : &*found;
}

void Attachment::undo(const std::function<bool(const Record&)>& which, const Say& say) {
    if (state_.journal.empty()) {
        return;
    }
    const auto turn = take_turn();
    for (std::size_t i = state_.journal.size(); i-- > 0;) {
        const Record record = state_.journal[i];
        if (!which(record)) {
            continue;
        }
        try {
            std::visit(Back{pins_, Spot(record), other_holder(*turn, record) != nullptr}, record.what);
        } catch (const Error& error) {
            say(stays(record, error.what()));
        }
        state_.journal.erase(state_.journal.begin() + static_cast<std::ptrdiff_t>(i));
        state_.save(pins_);
    }
}

/// A peer that was moved to another namespace is still the other end of its port. Its programs went with it, and with
/// their BPF links; its offloads are undone where it is now.
void Attachment::follow_moved_peer(std::uint16_t id, const Say& say) {
    try {
        const auto location = locate_again(attached_to(id));
        if (!location || !location->peer) {
            return;
        }
        bool moved = false;
        for (Record& record : state_.journal) {
            if (record.port == plan_.ports[id].name && std::holds_alternative<OffloadChange>(record.what) &&
                !Spot(record).link) {
                record.netns = location->peer_netns->cookie();
                record.index = location->peer->index;
                moved = true;
            }
        }
        if (moved) {
            state_.save(pins_);
        }
    } catch (const Error& error) {
        say(msg::of_port(plan_.ports[id].name, error.what()));
    }
}

void Attachment::hook_xdp(const std::string& port, ProgramId program, const std::string& pin, const Link& link,
                          bool generic) {
    note({port, Netns::current().cookie(), link.index, XdpProgram{pin}});
    const Fd hook = attach_xdp(pins_.get(program).get(), link, generic);
    pins_.pin(hook.get(), pin);
}

void Attachment::hook_tc(const std::string& port, ProgramId program, const std::string& pin, const Link& link,
                         TcSide side) {
    const Fd loaded = pins_.get(program);
    const TcHook plan = plan_tc(loaded.get(), link, side);
    note({port, Netns::current().cookie(), link.index,
          TcProgram{pin, side, plan.program, plan.clsact, plan.created_qdisc}});
    const TcHook hook = attach_tc(loaded.get(), link, side);
    if (hook.link) {
        pins_.pin(hook.link.get(), pin);
    }
}

bool Attachment::undone(const Record& record) {
    const Spot spot(record);
    const auto& change = std::get<OffloadChange>(record.what);
    return spot.link && Ethtool().active(spot.link->name, change.offload) != change.on;
}

} // namespace sfc
