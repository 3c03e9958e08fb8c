// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Probes that did not come out: why, and whether that still is so.
#include <algorithm>

#include "probe/messages.h"
#include "probe/prober.h"
#include "probe/stopping_settings.h"

namespace sfc {

std::uint64_t Prober::came_back(const ProbeWay& way) const {
    std::uint64_t packets = 0;
    for (const std::size_t id : services_of(attachment_.plan(), way)) {
        const sfc_counters counters = attachment_.maps().service_counters(id);
        packets += counters.event[way.kind == ProbeKind::Ports ? SFC_EVENT_CLAIMED : SFC_EVENT_RESTORED].packets;
    }
    return packets;
}

/// Returns whether it must be sent again. Packets of both IP versions are counted as one: where a probe of the other
/// one came back, they say nothing about this one.
bool Prober::look_again_at(Probe& probe) {
    if (stopping_setting(attachment_, probe.way).sentence != probe.stop) {
        probe.record.finding = {};
        return true;
    }
    const bool other_passes = std::any_of(probes_.begin(), probes_.end(), [&](const Probe& other) {
        return same_way(other.record, probe.record) && other.record.six != probe.record.six &&
               other.record.finding.outcome >= ProbeOutcome::Survives && !is_warning(other.record.finding.outcome) &&
               other.record.finding.outcome != ProbeOutcome::Passes;
    });
    if (!other_passes && came_back(probe.way) > probe.came) {
        probe.record.finding = {ProbeOutcome::Passes, msg::packets_come_back()};
        unsaid_.push_back(probe.record);
    }
    return false;
}

ProbeFinding Prober::judge_lost(Probe& probe, ProbeQuestion question) const {
    const Plan::Port& in = attachment_.plan().ports[probe.way.in];
    const StoppingSetting setting = stopping_setting(attachment_, probe.way);
    probe.stop = setting.sentence;
    probe.came = came_back(probe.way);
    question.stop = setting.sentence;
    question.netns = setting.netns;
    if (probe.way.kind != ProbeKind::HostKernel && in.entry.routed != 0 && !in.ip) {
        question.sf_mac = to_mac(in.entry.sf_mac);
    }
    return judge_probe(question, std::nullopt);
}

} // namespace sfc
