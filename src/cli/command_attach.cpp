// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include "attach/messages.h"
#include "cli/attach_common.h"
#include "cli/commands.h"
#include "cli/config_difference.h"
#include "cli/messages.h"
#include "probe/prober.h"
#include "report/readiness.h"

namespace sfc {
namespace {

/// Without a process that keeps them resolved, addresses cannot be followed.
void refuse_addresses(const Plan& plan) {
    for (const Plan::Port& port : plan.ports) {
        if (port.ip) {
            throw Error(ExitCode::Usage, msg::sf_ip_needs_run(port.name, *port.ip));
        }
    }
    for (const Plan::Service& service : plan.services) {
        if (service.next_hop_ip) {
            throw Error(ExitCode::Usage, service.routed
                                             ? msg::tunnel_needs_run(service.name, *service.next_hop_ip)
                                             : msg::next_hop_ip_needs_run(service.name, *service.next_hop_ip));
        }
    }
}

/// Without a process nobody would notice that it comes up, or that its peer does or begins to poll.
void refuse_down(const Plan& plan, bool generic) {
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        const auto location = locate(plan.ports[id]);
        if (location && !location->link.usable) {
            throw Error(ExitCode::Kernel, msg::attach_port_down(plan.ports[id].name, location->link.name));
        }
        if (location && location->veth() && plan.ports[id].peer_prepared && !generic && is_target(plan, id) &&
            !location->polls()) {
            throw Error(ExitCode::Kernel, msg::peer_polls_not(plan.ports[id].name, location->link.name));
        }
    }
}

} // namespace

void command_attach(const Options& options) {
    const NoInterrupts whole; // all or nothing
    State state = wanted_state(options.attach);
    const Plan plan = make_plan(parse_config(state.config, state.file));
    refuse_addresses(plan);
    need_privileges();
    refuse_while_kept(options.attach.pin, state, true);
    refuse_down(plan, state.generic);
    Attachment attachment = Attachment::create(plan, std::move(state), options.attach.pin, say_line);
    say_line(attached_text(attachment));
    probe_now(attachment, say_line);
    for (const std::string& line : readiness_lines(look_at_readiness(attachment))) {
        say_line(line);
    }
}

void command_detach(const Options& options) {
    const NoInterrupts whole;
    need_privileges();
    const bool anything = PinDirectory::open(options.attach.pin).has_value();
    auto found = Attachment::open(options.attach.pin, Attachment::Access::Change);
    if (!found && anything) {
        say_line(msg::removed_leftover(options.attach.pin));
        return;
    }
    if (!found) {
        throw Error(ExitCode::Kernel, msg::nothing_attached(options.attach.pin));
    }
    Attachment attachment = std::move(*found);
    enter_home(attachment);
    const Attachment::Drained drained = drain_and_detach(attachment, say_line);
    say_line(msg::detached(options.attach.pin, drained.returned, drained.left));
}

} // namespace sfc
