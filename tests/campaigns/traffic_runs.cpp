// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic_runs.h"

#include "srv6_maker.h"
#include "traffic_world.h"

namespace sfc::test::traffic {
namespace {

constexpr std::uint64_t kWindow = 128; // events between two readings of what was evicted
constexpr std::uint64_t kSample = 64;  // every so many events the result of a redirected frame is read too
constexpr std::size_t kMemory = 64;    // entries made while a packet may be in an SF, at most, per slot of the cache
constexpr std::size_t kIpv6Bytes = 40;

} // namespace

Runs::Runs(const oracle::World& world, const Plan& plan, Runner& runner, PacketMaker& maker)
    : world_(world), runner_(runner), maker_(maker), truth_(holds(world), kMemory * plan.capacity, world.remember != 0),
      ids_(ids_of(world, plan)), quota_(plan.capacity / static_cast<std::uint32_t>(world.services.size())),
      books_(runner, truth_, ids_, quota_), epochs_(world.sfs.size(), 1) {}

void Runs::set_time(std::uint64_t ns) {
    now_ns_ = ns;
    runner_.set_time(ns);
    truth_.set_time(ns);
}

void Runs::raise_epoch(std::size_t sf) {
    epochs_[sf]++;
    runner_.raise_epoch(ids_.sfs[sf]);
}

/// Counts the event. True where the program's result will be there, whatever becomes of the frame.
bool Runs::begin(int port) {
    const bool sampled = ++events_ % kSample == 0;
    runner_.skip_redirected(!sampled);
    books_.port(port).received++;
    if (events_ % kWindow == 0) {
        books_.read_evictions();
    }
    return sampled;
}

Class Runs::note(const Judgement& judgement, int port, const Frame& frame) {
    const char* wrong = judgement.wrong;
    if (wrong == nullptr && !books_.explains(judgement)) {
        wrong = "an entry is missing in time, but nothing was evicted";
    }
    const Class is = wrong == nullptr ? judgement.is : Class::Wrong;
    notes_.count(is);
    if (wrong != nullptr) {
        notes_.wrong(wrong, {events_, now_ns_, world_.ports[port].name}, frame.view());
    }
    return is;
}

const InSf* Runs::strip(const Packet& packet) {
    const oracle::Service& service = world_.services[packet.service];
    maker_.build(packet, frame_);
    const bool sampled = begin(packet.port);
    const Ran ran = runner_.strip(ids_.ports[packet.port], frame_.view());
    const std::uint64_t key = name(packet.number, service.return_port);
    in_sf_.reference.header = maker_.header_of(packet, frame_, to_sf_);
    in_sf_.reference.epoch = epoch_of(service.return_port);
    Judgement judgement{.wrong = "a frame that should have gone to the SF ended otherwise"};
    const bool to_sf = ran.action == XDP_REDIRECT;
    if (to_sf) {
        judgement = truth_.stripped(key, in_sf_.reference);
        if (judgement.wrong == nullptr && !went_to_sf(packet, ran, sampled)) {
            judgement.wrong = "to the SF, but other bytes, port or service";
        }
        in_sf_.frame.clear();
        in_sf_.frame.append(ran.bytes.first(std::min(ran.bytes.size(), Frame::kMost)));
        in_sf_.number = packet.number;
        in_sf_.masked = maker_.is_masked(packet);
        std::size_t last = 0;
        in_sf_.srh =
            static_cast<std::uint8_t>(in_sf_.masked ? srh_at(std::span(packet.head).first(packet.size), last) : 0);
        in_sf_.listed = static_cast<std::uint8_t>(in_sf_.masked ? packet.size - kEthernet - kIpv6Bytes : 0);
        in_sf_.return_port = static_cast<std::uint8_t>(service.return_port);
    } else if (ran.result.verdict == SFC_VERDICT_DROPPED && ran.result.reason == SFC_REASON_ambiguous) {
        judgement = truth_.refused(key, in_sf_.reference.header);
    }
    note(judgement, packet.port, frame_);
    return to_sf ? &in_sf_ : nullptr;
}

bool Runs::went_to_sf(const Packet& packet, const Ran& ran, bool sampled) const {
    return std::ranges::equal(to_sf_.view(), ran.bytes) &&
           (!sampled ||
            (ran.result.verdict == SFC_VERDICT_TO_SF && ran.result.service == ids_.services[packet.service] &&
             ran.result.egress == ids_.ports[world_.services[packet.service].to_port]));
}

Class Runs::restore(int port, const Returned& returned, const Reference* reference, Class missing) {
    const bool sampled = begin(port);
    const Ran ran = runner_.restore(ids_.ports[port], returned.frame.view());
    const std::uint64_t key = name(returned.number, port);
    const bool dropped = ran.action == XDP_DROP && ran.result.verdict == SFC_VERDICT_DROPPED;
    const std::uint8_t no_header = returned.masked ? SFC_REASON_sfc_from_sf : SFC_REASON_miss;
    Judgement judgement{.wrong = "a frame from the SF was neither restored nor missed nor late"};
    if (ran.action == XDP_REDIRECT) {
        judgement = truth_.restored(key, reference, returned.frame.view(), ran.bytes);
        if (judgement.is == Class::Right && sampled && !left_rightly(reference->header, ran.result)) {
            judgement.wrong = "restored, but another port or service";
        }
    } else if (dropped && ran.result.reason == SFC_REASON_sfc_from_sf && ran.result.claimed == 1) {
        judgement = truth_.changed(key, returned.frame.view());
    } else if (dropped && ran.result.reason == SFC_REASON_late) {
        books_.port(port).late++;
        judgement = truth_.late(key);
    } else if (dropped && ran.result.reason == no_header && ran.result.claimed == 0) {
        books_.port(port).missed++;
        judgement = truth_.missed(key, reference, epoch_of(port), missing);
    }
    return note(judgement, port, returned.frame);
}

bool Runs::left_rightly(const Header& header, const sfc_result& result) const {
    return result.verdict == SFC_VERDICT_RESTORED && result.claimed == 1 &&
           result.service == ids_.services[header.service] && result.egress == ids_.ports[header.egress];
}

TrafficResult Runs::finish(bool all_tried) {
    books_.read_evictions();
    for (const Books::Difference& difference : books_.differences()) {
        notes_.wrong(difference.what, difference.figures);
    }
    TrafficResult result;
    result.events = events_;
    result.early = books_.early();
    result.quota = quota_;
    result.balanced = runner_.totals().balanced;
    for (const Account& account : truth_.accounts()) {
        result.to_sf += account.to_sf;
        result.counters["evicted, missing in time"] += account.evicted;
    }
    for (const std::uint16_t id : ids_.services) {
        const sfc_counters counters = runner_.service_counters(id);
        result.counters["expired"] += counters.event[SFC_EVENT_EXPIRED].packets;
        result.counters["evicted"] += counters.event[SFC_EVENT_EVICTED].packets;
        result.counters["flushed"] += counters.event[SFC_EVENT_FLUSHED].packets;
        result.counters["forgotten"] += counters.event[SFC_EVENT_FORGOTTEN].packets;
    }
    notes_.into(result, all_tried, world_);
    return result;
}

} // namespace sfc::test::traffic
