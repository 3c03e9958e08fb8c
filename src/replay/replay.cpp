// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "replay/replay.h"

#include <algorithm>
#include <cerrno>

#include <net/if.h>

#include "base/error.h"
#include "replay/messages.h"
#include "replay/sandbox.h"

namespace sfc {
namespace {

constexpr std::uint64_t kReplaySeed = 1; // the same secrets each time: a replay can be repeated

bool any_nanoseconds(const ReplayOptions& options) {
    const auto fine = [](const PortFile& input) { return CaptureReader(input.file).nanoseconds(); };
    return std::any_of(options.in.begin(), options.in.end(), fine) ||
           std::any_of(options.from_sf.begin(), options.from_sf.end(), fine);
}

/// Where a MAC is not known an attached proxy drops; a replay has nobody to ask and writes zeros. It has no routes
/// either, so packets leave by the first port that they could lead to.
Plan with_all_ready(Plan plan) {
    plan.shape.fib = false;
    for (Plan::Port& port : plan.ports) {
        port.entry.unready = 0;
    }
    for (Plan::Service& service : plan.services) {
        service.entry.next_hop_ready = 1;
    }
    return plan;
}

} // namespace

Replay::Replay(const Plan& plan, const ReplayOptions& options)
    : plan_(plan), options_(options), programs_(with_all_ready(plan), {.clock = SFC_CLOCK_MAP,
                                                                       .header_limit = SFC_HEADER_MAX,
                                                                       .any_address = true,
                                                                       .any_mac = true,
                                                                       .seed = kReplaySeed}),
      test_run_(programs_), ifindex_(plan.ports.size()), outside_(plan.ports.size()) {
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        ifindex_[id] = if_nametoindex(sandbox_interface(id).c_str());
        programs_.maps().set_interface(id, ifindex_[id]);
    }
    const bool nanoseconds = any_nanoseconds(options);
    to_sf_ = std::make_unique<CaptureWriter>(options.to_sf, nanoseconds);
    out_ = std::make_unique<CaptureWriter>(options.out, nanoseconds);
}

void Replay::run() {
    std::uint64_t stripped = 0;
    each_frame(options_.in, [&](const Frame& frame, std::uint32_t n, std::uint16_t port) {
        strip(frame, n, port);
        if (options_.from_sf.empty() && ++stripped % options_.window == 0) {
            return_all();
        }
    });
    return_all();
    each_frame(options_.from_sf,
               [&](const Frame& frame, std::uint32_t n, std::uint16_t port) { restore(frame, n, port); });
    // Both or none: neither gets its name before both are written.
    to_sf_->flush();
    out_->flush();
    to_sf_->finish();
    out_->finish();
}

template <class Visit> void Replay::each_frame(const std::vector<PortFile>& inputs, Visit visit) {
    for (const PortFile& input : inputs) {
        CaptureReader reader(input.file);
        file_ = input.file;
        const std::uint16_t port = plan_.port_id(input.port);
        std::uint32_t n = 0;
        while (const auto frame = reader.next()) {
            visit(*frame, n++, port);
        }
    }
}

void Replay::strip(const Frame& frame, std::uint32_t n, std::uint16_t port) {
    if (refuse(frame, n, port, false)) {
        return;
    }
    next_tick();
    const TestRun::Outcome outcome = test_run_.strip(frame.bytes, ifindex_[port]);
    record(outcome, n, false);
    if (outcome.result.verdict == SFC_VERDICT_BYPASSED || outcome.result.answered != 0) {
        out_->write({outcome.bytes, 0, frame.seconds, frame.nanoseconds});
    }
    if (outcome.result.verdict != SFC_VERDICT_TO_SF) {
        return;
    }
    to_sf_->write({outcome.bytes, 0, frame.seconds, frame.nanoseconds});
    if (options_.from_sf.empty()) {
        in_sf_.push_back(
            {n, plan_.return_port(outcome.result.egress), frame, {outcome.bytes.begin(), outcome.bytes.end()}});
    }
}

void Replay::restore(const Frame& frame, std::uint32_t n, std::uint16_t port) {
    if (refuse(frame, n, port, true)) {
        return;
    }
    next_tick();
    const TestRun::Outcome outcome = test_run_.restore(frame.bytes, ifindex_[port]);
    record(outcome, n, true);
    if (outcome.result.verdict == SFC_VERDICT_RESTORED || outcome.result.answered != 0) {
        out_->write({outcome.bytes, 0, frame.seconds, frame.nanoseconds});
    }
}

void Replay::return_all() {
    for (InSf& back : in_sf_) {
        back.frame.bytes = back.bytes;
        back.frame.wire_len = static_cast<std::uint32_t>(back.bytes.size());
        restore(back.frame, back.n, back.port);
    }
    in_sf_.clear();
}

/// The k-th program run sees time k x tick.
void Replay::next_tick() {
    programs_.maps().set_time(runs_++ * options_.tick_ns);
}

/// Frames that the kernel would not run a program on, or that are not whole: counted as the port would count them.
bool Replay::refuse(const Frame& frame, std::uint32_t n, std::uint16_t port, bool sf_side) {
    const bool snapped = frame.bytes.size() < frame.wire_len;
    if (frame.bytes.size() > kRunMost) {
        throw Error(ExitCode::Failed, msg::frame_too_long(file_, n, frame.bytes.size(), kRunMost));
    }
    if (!snapped && frame.bytes.size() >= kRunLeast) {
        return false;
    }
    const sfc_reason reason = snapped ? SFC_REASON_snapped : SFC_REASON_runt;
    for (sfc_count* cell : {&outside_[port].event[SFC_EVENT_RECEIVED], &outside_[port].dropped[reason]}) {
        cell->packets++;
        cell->bytes += frame.bytes.size();
    }
    entries_.push_back(
        {n, 0, SFC_NONE, static_cast<std::uint8_t>(sf_side), SFC_VERDICT_DROPPED, static_cast<std::uint8_t>(reason)});
    return true;
}

void Replay::record(const TestRun::Outcome& outcome, std::uint32_t n, bool sf_side) {
    const sfc_result& result = outcome.result;
    if (result.verdict == SFC_VERDICT_NONE) {
        throw Error(ExitCode::Failed, msg::no_verdict(n, outcome.action));
    }
    const bool left = result.verdict == SFC_VERDICT_TO_SF || result.verdict == SFC_VERDICT_RESTORED ||
                      result.verdict == SFC_VERDICT_BYPASSED ||
                      result.answered != 0; // by an ICMP error that left in its place
    const auto out_len = static_cast<std::uint32_t>(left ? outcome.bytes.size() : 0);
    entries_.push_back({n, out_len, result.service, static_cast<std::uint8_t>(sf_side), result.verdict, result.reason});
}

Snapshot Replay::snapshot() const {
    const std::uint64_t now = runs_ == 0 ? 0 : (runs_ - 1) * options_.tick_ns;
    Snapshot snapshot = take_snapshot(programs_.maps(), plan_, now);
    for (std::size_t id = 1; id < outside_.size(); id++) {
        sfc_counters& port = snapshot.ports[id];
        const sfc_counters& extra = outside_[id];
        for (const sfc_reason reason : {SFC_REASON_snapped, SFC_REASON_runt}) {
            port.dropped[reason].packets += extra.dropped[reason].packets;
            port.dropped[reason].bytes += extra.dropped[reason].bytes;
        }
        port.event[SFC_EVENT_RECEIVED].packets += extra.event[SFC_EVENT_RECEIVED].packets;
        port.event[SFC_EVENT_RECEIVED].bytes += extra.event[SFC_EVENT_RECEIVED].bytes;
    }
    return snapshot;
}

} // namespace sfc
