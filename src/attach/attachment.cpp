// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/attachment.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include <unistd.h>

#include <arpa/inet.h>
#include <map>

#include <fmt/format.h>

#include "attach/icmp_source.h"
#include "attach/messages.h"
#include "attach/own_address.h"
#include "base/error.h"
#include "config/encapsulation.h"
#include "loader/programs.h"
#include "net/hook.h"
#include "net/mark_conflicts.h"
#include "net/neighbours.h"
#include "net/netlink.h"
#include "net/own_macs.h"

namespace sfc {
namespace {

/// The XDP program of a port; nothing where it has none.
std::optional<ProgramId> xdp_program(const Plan& plan, std::uint16_t id) {
    switch (plan.ports[id].entry.role) {
    case SFC_ROLE_DOMAIN:
        return ProgramId::sfc_strip;
    case SFC_ROLE_SF:
        return plan.of_kernel(id) ? ProgramId::sfc_restore_mac : ProgramId::sfc_restore;
    default:
        return std::nullopt;
    }
}

std::string xdp_pin(std::uint16_t id) {
    return fmt::format("xdp_{}", id);
}

void pin_programs(const PinDirectory& pins, const Plan& plan) {
    const Programs programs(plan, {});
    for (std::size_t i = 0; i < kProgramNames.size(); i++) {
        if (const auto id = static_cast<ProgramId>(i); programs.loaded(id)) {
            pins.pin(programs.fd(id), std::string(name_of(id)));
        }
    }
    for (std::size_t i = 0; i < kMapNames.size(); i++) {
        pins.pin(programs.maps().fd(static_cast<MapId>(i)), std::string(kMapNames[i]));
    }
}

/// SF ports and next hops first: nothing is stripped before it can go on and come back.
std::vector<std::uint16_t> in_order(const Plan& plan) {
    std::vector<std::uint16_t> ids;
    for (const unsigned role : {SFC_ROLE_EGRESS, SFC_ROLE_SF, SFC_ROLE_DOMAIN}) {
        for (std::size_t id = 1; id < plan.ports.size(); id++) {
            if (plan.ports[id].entry.role == role) {
                ids.push_back(id);
            }
        }
    }
    return ids;
}

Location must_be_there(const Plan::Port& port, std::optional<Location> location) {
    if (!location) {
        throw Error(ExitCode::Kernel, missing_text(port));
    }
    return std::move(*location);
}

void check_location(const Plan& plan, std::uint16_t id, const Location& location, bool generic) {
    const Plan::Port& port = plan.ports[id];
    if (port.entry.role != SFC_ROLE_EGRESS) {
        check_free(location.link);
    }
    check_frames(port, location.link, generic);
    if (port.entry.kernel != 0 && location.link.master != 0) {
        throw Error(ExitCode::Kernel, msg::port_in_bridge(port.name, location.link.name));
    }
    if (port.entry.mtu > location.link.mtu) {
        throw Error(ExitCode::Kernel,
                    msg::mtu_too_small(port.name, port.entry.mtu, location.link.name, location.link.mtu));
    }
    if (location.veth() && !location.peer && !port.peer_prepared && is_target(plan, id)) {
        throw Error(ExitCode::Kernel, msg::peer_must_poll(port.name, location.link.name, location.peer_text()));
    }
    if (!generic && is_target(plan, id)) {
        check_sends(port, location);
    }
}

void check_mode(const Plan& plan, std::uint16_t id, bool generic) {
    const Plan::Port& port = plan.ports[id];
    if (generic && (port.kernel_egress || plan.of_kernel(id))) {
        throw Error(ExitCode::Kernel,
                    msg::needs_native(port.name, port.kernel_egress ? "the" : "a",
                                      port.kernel_egress ? msg::comes_back_by_port() : msg::goes_to_kernel()));
    }
}

/// A mark that another rule reads or writes would take tickets away, or steer packets by what is none of its business.
void check_mark(const Plan& plan) {
    if (plan.mark_mask == 0) {
        return;
    }
    if (const auto other = mark_conflict(plan.mark_mask)) {
        throw Error(ExitCode::Kernel, msg::mark_not_free(plan.mark_mask, *other));
    }
}

} // namespace

/// Before anything is changed: every interface is there, free and fit, and no two ports are one.
void Attachment::check_all(const Plan& plan, bool generic) {
    check_mark(plan);
    refuse_own_ips(plan);
    std::map<std::uint32_t, std::string> seen;
    for (const std::uint16_t id : in_order(plan)) {
        check_mode(plan, id, generic);
        const Location location = must_be_there(plan.ports[id], locate(plan.ports[id]));
        check_location(plan, id, location, generic);
        refuse_own_mac(plan, id, location.link);
        check_peer(plan, id, location);
        const auto [other, fresh] = seen.emplace(location.link.index, plan.ports[id].name);
        if (!fresh) {
            throw Error(ExitCode::Kernel, msg::ports_are_one(other->second, plan.ports[id].name, location.link.name));
        }
    }
}

namespace {

/// The plan's port as the interface makes it.
sfc_port entry_of(const Plan::Port& port, const sfc_port& now, const Location& location) {
    sfc_port entry = now;
    std::copy(location.link.mac.begin(), location.link.mac.end(), entry.mac);
    entry.mtu = port.entry.mtu != 0 ? std::min(port.entry.mtu, location.mtu()) : location.mtu();
    return entry;
}

} // namespace

namespace {

/// Whether ICMP errors about outer packets go back by the port that they came by.
bool answers(const Plan& plan, std::uint16_t id) {
    return (plan.shape.icmp & SFC_ICMP_IPV6) != 0 &&
           std::any_of(plan.matches.begin(), plan.matches.end(), [&](const Plan::Match& one) {
               return one.match.port == id && has_ipv6_destination(one.match.encap);
           });
}

} // namespace

bool is_target(const Plan& plan, std::uint16_t id) {
    if (plan.ports[id].entry.role != SFC_ROLE_DOMAIN || plan.ports[id].kernel_egress || answers(plan, id)) {
        return true;
    }
    return std::any_of(plan.services.begin(), plan.services.end(), [&](const Plan::Service& service) {
        const auto& egress = service.entry.egress;
        return service.entry.egress_port == id || service.entry.egress_port == SFC_PORT_INGRESS ||
               std::find(std::begin(egress), std::end(egress), id) != std::end(egress);
    });
}

Attachment::Attachment(PinDirectory pins, State state, Plan plan)
    : pins_(std::move(pins)), state_(std::move(state)), plan_(std::move(plan)),
      maps_(std::make_unique<Maps>([this](std::string_view name) {
          Fd map = pins_.get(std::string(name));
          if (!map) {
              throw system_error(msg::cannot_open_pinned(pins_.path(), name), errno);
          }
          return map;
      })) {}

Attachment Attachment::create(Plan plan, State state, const std::string& pin, const Say& say) {
    if (open(pin, Access::Change)) {
        throw PinDirectory::taken(pin);
    }
    check_all(plan, state.generic);
    Plan loaded = plan; // with this host's addresses of today
    add_icmp_sources(loaded);
    plan.shape = loaded.shape;
    std::string note;
    PinDirectory pins = PinDirectory::create(pin, note);
    if (!note.empty()) {
        say(note);
    }
    try {
        pins.lock();
        pin_programs(pins, loaded);
        state.shape = plan.shape;
        state.save(pins);
    } catch (...) {
        pins.remove();
        throw;
    }
    Attachment attachment(std::move(pins), std::move(state), plan);
    try {
        attachment.attach_all(say);
    } catch (...) {
        attachment.detach([](const std::string&) {});
        throw;
    }
    return attachment;
}

namespace {

/// Of an attachment that another process may be making or writing to right now.
std::optional<State> look_at(const PinDirectory& pins) {
    constexpr int kTries = 100;
    constexpr std::chrono::milliseconds kPause{20};
    for (int attempt = 1;; attempt++) {
        try {
            return State::load(pins);
        } catch (const Error&) {
            const pid_t at_work = pins.holder();
            if (access(pins.path().c_str(), F_OK) != 0) {
                return std::nullopt; // it is gone
            }
            if (at_work == 0 && !pins.has(PinDirectory::kState)) {
                throw Error(ExitCode::Kernel, msg::left_by_killed(pins.path()));
            }
            if (at_work == 0 || attempt == kTries) {
                throw;
            }
        }
        std::this_thread::sleep_for(kPause);
    }
}

} // namespace

std::optional<Attachment> Attachment::open(const std::string& pin, Access access) {
    auto pins = PinDirectory::open(pin);
    if (!pins) {
        return std::nullopt;
    }
    if (access == Access::Change) {
        pins->lock();
        if (!pins->has(PinDirectory::kState)) { // it comes before anything is attached, and goes when nothing is
            pins->remove();
            return std::nullopt;
        }
    }
    std::optional<State> found = access == Access::Change ? State::load(*pins) : look_at(*pins);
    if (!found) {
        return std::nullopt;
    }
    State state = std::move(*found);
    Plan plan = make_plan(parse_config(state.config, state.file));
    plan.shape = state.shape; // what is loaded, whatever this version would make of the configuration
    const std::string state_pin = pin + "/" + PinDirectory::kState;
    try {
        return Attachment(std::move(*pins), std::move(state), std::move(plan));
    } catch (const Error&) {
        if (access == Access::Look && ::access(state_pin.c_str(), F_OK) != 0) {
            return std::nullopt; // it is being taken off
        }
        throw;
    }
}

void Attachment::keep_addresses() const {
    if (plan_.shape.icmp != 0) {
        Plan plan = plan_;
        add_icmp_sources(plan);
        plan.shape = plan_.shape;
        maps_->set_icmp_sources(plan);
    }
    if (!plan_.shape.in_ip() && !plan_.through_host_kernel()) {
        return;
    }
    std::vector<sfc_address> addresses;
    for (const OwnAddress& one : own_addresses()) {
        addresses.push_back(to_address(one.ip));
    }
    maps_->set_own_addresses(addresses);
}

void Attachment::attach_all(const Say& say) {
    const auto turn = take_turn(); // of two that want the same interfaces, one gets all of them
    keep_addresses();
    keep_leak_guards(say); // before anything is stripped
    for (const std::uint16_t id : in_order(plan_)) {
        attach_port(id, say);
    }
}

std::optional<Location> Attachment::locate_port(std::uint16_t id) const {
    const auto noted = state_.processes.find(plan_.ports[id].netns);
    return locate(plan_.ports[id], noted == state_.processes.end() ? 0 : noted->second);
}

void Attachment::attach_port(std::uint16_t id, const Say& say) {
    const auto turn = take_turn(); // and only then look whether it is free
    const Plan::Port& port = plan_.ports[id];
    const Location location = must_be_there(port, locate_port(id));
    check_location(plan_, id, location, state_.generic);
    check_peer(plan_, id, location);
    check_hairpin(*turn, id, location);
    if (location.peer_netns && location.peer_netns->of_process() && !port.netns.empty()) {
        state_.processes.emplace(port.netns, location.peer_netns->cookie());
    }
    try {
        prepare(id, location, say);
        begin_losses(id, location.link);
        state_.save(pins_);
        maps_->set_port(id, entry_of(port, maps_->port(id), location));
        if (port.entry.accept == SFC_ACCEPT_OWN) {
            Netlink netlink;
            maps_->set_own_macs(id, own_macs_above(all_links(netlink), location.link.index));
        }
        if (port.kernel_egress) {
            attach_hairpin(id, location, say);
        }
        if (plan_.of_kernel(id)) {
            attach_peer(id, location, say);
        }
        const auto hook_up = [&] {
            if (const auto program = xdp_program(plan_, id)) {
                hook_xdp(port.name, *program, xdp_pin(id), location.link, state_.generic);
            }
        };
        // Strip may count on a port that has an interface: an SF port must be closed by then, a domain port open.
        if (port.entry.role == SFC_ROLE_SF) {
            hook_up();
        }
        maps_->set_interface(id, location.link.index);
        if (port.entry.role != SFC_ROLE_SF) {
            hook_up();
        }
    } catch (...) {
        release_port(id, [](const std::string&) {});
        throw;
    }
}

void Attachment::release_port(std::uint16_t id, const Say& say) {
    const auto turn = take_turn();
    const Plan::Port& port = plan_.ports[id];
    follow_moved_peer(id, say); // while it is known which interface the port has
    settle_losses(id);
    if (port.entry.role == SFC_ROLE_SF) { // nothing is sent there any more before it is open
        maps_->clear_interface(id);
    }
    detach_xdp(pins_.get(xdp_pin(id)));
    maps_->clear_interface(id); // nothing is stripped any more for a service that leaves by it
    undo([&](const Record& record) { return record.port == port.name; }, say);
    maps_->set_hairpin(id, 0, 0);
    state_.save(pins_);
}

void Attachment::detach(const Say& say) {
    const auto turn = state_.journal.empty() ? nullptr : take_turn();
    for (std::size_t id = 1; id < plan_.ports.size(); id++) {
        follow_moved_peer(id, say); // while it is known which interface the port has
    }
    for (std::size_t id = 1; id < plan_.ports.size(); id++) { // first nothing is stripped any more
        if (plan_.ports[id].entry.role == SFC_ROLE_DOMAIN) {
            detach_xdp(pins_.get(xdp_pin(id)));
        }
    }
    undo([](const Record&) { return true; }, say);
    pins_.remove();
}

void Attachment::keep_probes(std::vector<ProbeRecord> probes) {
    state_.probes = std::move(probes);
    state_.save(pins_);
}

std::uint32_t Attachment::attached_to(std::uint16_t id) const {
    if (plan_.ports[id].entry.role == SFC_ROLE_EGRESS) {
        return maps_->sends_to(id);
    }
    return hooked_interface(pins_.get(xdp_pin(id)));
}

} // namespace sfc
