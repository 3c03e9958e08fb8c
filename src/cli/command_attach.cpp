// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include "cli/attach_common.h"
#include "cli/commands.h"
#include "cli/messages.h"
#include "probe/prober.h"

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
            throw Error(ExitCode::Usage, msg::next_hop_ip_needs_run(service.name, *service.next_hop_ip));
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
    Attachment attachment = Attachment::create(plan, std::move(state), options.attach.pin, say_line);
    say_line(attached_text(attachment));
    probe_now(attachment, say_line);
}

void command_detach(const Options& options) {
    const NoInterrupts whole;
    need_privileges();
    auto attachment = must_open(options.attach.pin);
    attachment.pins().lock();
    const Attachment::Drained drained = attachment.drain(interrupted_within);
    attachment.detach(say_line);
    say_line(msg::detached(options.attach.pin, drained.returned, drained.left));
}

} // namespace sfc
