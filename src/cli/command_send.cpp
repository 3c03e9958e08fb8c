// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/attach_common.h"
#include "cli/commands.h"
#include "traffic/messages.h"
#include "traffic/next_mac.h"
#include "traffic/sender.h"

namespace sfc {
namespace {

void check_fits(const SendOptions& options, const Link& link) {
    if (const std::size_t size = options.header.size() + options.inner.size; size > link.mtu) {
        throw Error(ExitCode::Usage, msg::frames_too_long(size, link.name, link.mtu));
    }
}

} // namespace

void command_send(const Options& options) {
    const NoInterrupts held; // an end in the middle still says how many were sent
    const SendOptions& send = options.send;
    const Location from = traffic_interface(send.interface, TrafficEnd::Send);
    check_fits(send, from.link);
    const Mac to = next_mac(from, send);
    const Sent sent = send_traffic(send, from.link, to, interrupted_within);
    say_line(msg::sent(sent.packets, sent.seconds, static_cast<double>(sent.packets) / sent.seconds, send.interface,
                       format_mac(to), send.kind->send_option, send.kind->text(send.header)));
}

} // namespace sfc
