// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "probe/stopping_settings.h"

#include <algorithm>

#include "base/error.h"
#include "net/forwarding.h"

namespace sfc {
namespace {

std::string first_stop(const ProbeWay& way, const std::string& service, std::uint32_t in, std::uint32_t out) {
    const auto faults = forwarding_faults({KernelWay{.service = service, .in = {in}, .out = {out}, .six = way.six}});
    return faults.stops.empty() ? "" : faults.stops.front();
}

StoppingSetting look(const Attachment& attachment, const ProbeWay& way) {
    const Plan& plan = attachment.plan();
    const std::vector<std::size_t> services = services_of(plan, way);
    const std::string service = services.empty() ? "" : plan.services[services.front()].name;
    if (way.kind == ProbeKind::HostKernel) {
        return {first_stop(way, service, attachment.attached_to(way.in), attachment.attached_to(way.out))};
    }
    if (way.kind == ProbeKind::Ports && plan.ports[way.in].entry.routed == 0) {
        return {};
    }
    const auto in = locate(plan.ports[way.in]), out = locate(plan.ports[way.out]);
    if (!in || !out || !in->peer || !out->peer) {
        return {};
    }
    const InNetns inside(*in->peer_netns);
    return {first_stop(way, service, in->peer->index, out->peer->index), in->peer_netns->where()};
}

} // namespace

StoppingSetting stopping_setting(const Attachment& attachment, const ProbeWay& way) {
    try {
        return look(attachment, way);
    } catch (const Error&) { // it has gone, or may not be entered
        return {};
    }
}

} // namespace sfc
