// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "probe/prober.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include <bpf/bpf.h>
#include <sys/random.h>

#include "base/error.h"
#include "loader/test_run.h"
#include "net/mark_conflicts.h"
#include "net/netlink.h"
#include "probe/messages.h"

namespace sfc {
namespace {

constexpr Mac kNobody = {0x06, 0, 0, 0, 0, 9};         // locally administered, and not how tickets begin
constexpr unsigned kFirstPort = 49152, kPorts = 16384; // RFC 6335 6: those that nobody is registered for

bool open(ProbeOutcome outcome) {
    return outcome == ProbeOutcome::Waiting || outcome == ProbeOutcome::NoAddress;
}

sfc_probe_entry read_entry(const Maps& maps, std::uint32_t index) {
    sfc_probe_entry entry{};
    if (bpf_map_lookup_elem(maps.fd(MapId::probes), &index, &entry) != 0) {
        throw system_error(msg::cannot_read_probe(), errno);
    }
    return entry;
}

/// Where only the fields matter one tells it all.
unsigned copies(const ProbeWay& way) {
    return way.kind == ProbeKind::Ports ? 1 : SFC_PROBE_COPIES;
}

ProbeFinding not_probed(const std::string& why) {
    return {ProbeOutcome::NotProbed, msg::not_probed(why)};
}

} // namespace

bool same_way(const ProbeRecord& one, const ProbeRecord& other) {
    return one.sf == other.sf && one.from == other.from && one.to == other.to;
}

Prober::Prober(Attachment& attachment, Say say) : attachment_(attachment), say_(std::move(say)) {
    const Plan& plan = attachment_.plan();
    for (const ProbeWay& way : probe_ways(plan)) {
        ProbeRecord record{.sf = plan.sfs[way.sf].name,
                           .from = plan.ports[way.in].name,
                           .to = plan.ports[way.out].name,
                           .six = way.six,
                           .finding = {}};
        for (const ProbeRecord& before : attachment_.state().probes) {
            if (same_way(before, record) && before.six == record.six && is_settled(before.finding.outcome) &&
                before.finding.outcome != ProbeOutcome::Lost) {
                record.finding = before.finding;
            }
        }
        if (probes_.size() >= SFC_PROBES_MAX) {
            record.finding = not_probed(msg::too_many_ways(+SFC_PROBES_MAX));
        }
        probes_.push_back({.way = way, .record = std::move(record)});
    }
}

/// Says in one sentence what goes wrong in `step`, and goes on.
template <class Step> void Prober::try_step(Step step) {
    try {
        step();
    } catch (const Error& error) {
        for (Probe& probe : probes_) { // nobody would wait for it in vain
            if (probe.record.finding.outcome == ProbeOutcome::InFlight) {
                probe.record.finding = not_probed(error.what());
            }
        }
        if (trouble_ != error.what()) {
            trouble_ = error.what();
            say_(msg::probes_trouble(trouble_));
        }
    }
}

void Prober::look() {
    if (std::any_of(probes_.begin(), probes_.end(),
                    [](const Probe& one) { return open(one.record.finding.outcome); })) {
        try_step([this] { look_at_all(); });
    }
}

void Prober::look_again() {
    try_step([this] {
        constexpr unsigned kMost = 16; // each takes about 1 ms; the others have their turn next time
        bool send = false;
        unsigned lost = 0;
        for (std::size_t n = 0; n < probes_.size() && lost < kMost; n++) {
            next_ = (next_ + 1) % probes_.size();
            if (probes_[next_].record.finding.outcome == ProbeOutcome::Lost) {
                lost++;
                send = look_again_at(probes_[next_]) || send;
            }
        }
        if (send) {
            look_at_all();
        } else if (lost != 0) {
            save();
        }
    });
}

void Prober::look_at_all() {
    const LinkHosts hosts = read_link_hosts();
    for (std::size_t index = 0; index < probes_.size(); index++) {
        Probe& probe = probes_[index];
        if (!open(probe.record.finding.outcome)) {
            continue;
        }
        const ProbeEnds ends = ends_of(probe.way, hosts);
        if (ends.why.empty()) {
            send(index, ends);
        } else {
            probe.record.finding = {ends.outcome, ends.why};
        }
        if (probe.record.finding.outcome == ProbeOutcome::NotProbed) {
            unsaid_.push_back(probe.record);
        }
    }
    save();
}

/// Says what is still missing on our side, before it is asked where the packet could go. Empty if nothing is.
std::string Prober::missing(const ProbeWay& way) const {
    const Plan& plan = attachment_.plan();
    for (const std::uint16_t id : {way.ingress, way.in, way.out}) {
        if (attachment_.attached_to(id) == 0) {
            return msg::port_not_attached(plan.ports[id].name);
        }
    }
    if (way.kind == ProbeKind::HostKernel) {
        return "";
    }
    if (attachment_.maps().sends_to(way.in) == 0) {
        return msg::port_down(plan.ports[way.in].name);
    }
    return attachment_.maps().port(way.in).unready != 0 ? msg::sf_mac_unknown(plan.ports[way.in].name) : "";
}

ProbeEnds Prober::ends_of(const ProbeWay& way, const LinkHosts& hosts) const {
    if (std::string why = missing(way); !why.empty()) {
        return {.source = {}, .destination = {}, .outcome = ProbeOutcome::Waiting, .why = std::move(why)};
    }
    if (way.kind == ProbeKind::HostKernel) {
        return ends_in_kernel(attachment_.plan(), way, hosts, attachment_.attached_to(way.in),
                              attachment_.attached_to(way.out));
    }
    if (attachment_.state().generic) {
        return {
            .source = {}, .destination = {}, .outcome = ProbeOutcome::NotProbed, .why = msg::generic_sends_nothing()};
    }
    std::vector<std::uint32_t> interfaces(attachment_.plan().ports.size());
    for (std::size_t id = 1; id < interfaces.size(); id++) {
        interfaces[id] = attachment_.attached_to(id);
    }
    return ends_behind_ports(attachment_.plan(), way, hosts, interfaces);
}

ProbePacket Prober::packet_of(std::size_t index, const ProbeEnds& ends) const {
    const ProbeWay& way = probes_[index].way;
    const sfc_port in = attachment_.maps().port(way.in);
    ProbePacket packet{.source = ends.source, .destination = ends.destination};
    if (way.kind == ProbeKind::HostKernel) {
        packet.source_mac = kNobody;
        packet.destination_mac = to_mac(in.mac);
    } else {
        packet.source_mac = to_mac(in.mac);
        packet.destination_mac = in.routed != 0      ? to_mac(in.sf_mac)
                                 : way.in == way.out ? kNobody
                                                     : to_mac(attachment_.maps().port(way.out).mac);
    }
    if (getrandom(packet.name.nonce, sizeof(packet.name.nonce), 0) != sizeof(packet.name.nonce)) {
        throw system_error(msg::cannot_draw_nonce(), errno);
    }
    packet.name.index = index;
    // Another one each time: connection tracking knows a flow for half a minute, and what NAT made of it then.
    packet.source_port = kFirstPort + packet.name.nonce[0] % kPorts;
    packet.ipv4_id = index + 1;
    return packet;
}

void Prober::send(std::size_t index, const ProbeEnds& ends) {
    Probe& probe = probes_[index];
    const ProbePacket packet = packet_of(index, ends);
    sfc_probe_entry entry{};
    std::copy(std::begin(packet.name.nonce), std::end(packet.name.nonce), entry.nonce);
    entry.active = 1;
    entry.to_port = probe.way.kind == ProbeKind::HostKernel ? +SFC_NONE : probe.way.in;
    entry.ticketed = probe.way.kind == ProbeKind::Ports ? 0 : 1;
    const __u32 key = index;
    if (bpf_map_update_elem(attachment_.maps().fd(MapId::probes), &key, &entry, BPF_ANY) != 0) {
        throw system_error(msg::cannot_write_probe(), errno);
    }
    probe.sent = probe_frame(packet);
    const Fd program = attachment_.pins().get(ProgramId::sfc_probe);
    int error = 0;
    for (unsigned copy = 0; copy < copies(probe.way) && error == 0; copy++) {
        error = send_frame(program.get(), probe.sent, attachment_.attached_to(probe.way.ingress));
    }
    if (error != 0) {
        probe.record.finding = not_probed(msg::kernel_refuses_probe(std::strerror(error)));
    } else if (read_entry(attachment_.maps(), index).sent == 0) {
        probe.record.finding = not_probed(msg::no_room_for_metadata(attachment_.plan().ports[probe.way.ingress].name));
    } else {
        probe.record.finding = {ProbeOutcome::InFlight, msg::on_its_way()};
        probe.end = Clock::now() + std::chrono::milliseconds(kPatienceMs);
    }
}

bool Prober::in_flight() const {
    return std::any_of(probes_.begin(), probes_.end(),
                       [](const Probe& one) { return one.record.finding.outcome == ProbeOutcome::InFlight; });
}

bool Prober::waits() const {
    return std::any_of(probes_.begin(), probes_.end(),
                       [](const Probe& one) { return one.record.finding.outcome == ProbeOutcome::Waiting; });
}

bool Prober::collect() {
    bool changed = false;
    try_step([&] {
        for (std::size_t index = 0; index < probes_.size(); index++) {
            Probe& probe = probes_[index];
            if (probe.record.finding.outcome != ProbeOutcome::InFlight) {
                continue;
            }
            const sfc_probe_entry entry = read_entry(attachment_.maps(), index);
            const bool all = entry.done != 0 && entry.came >= copies(probe.way);
            if (all || Clock::now() >= probe.end) {
                probe.record.finding = judge(probe, entry);
                unsaid_.push_back(probe.record);
                changed = true;
            }
        }
        if (changed) {
            save();
        }
    });
    const bool more = in_flight();
    if (!more) { // both IP versions in one line
        for (const ProbeLine& line : probe_lines(std::exchange(unsaid_, {}))) {
            say_(line.warning ? msg::probe_warning(line.sf, line.way, line.text)
                              : msg::probe_finding(line.sf, line.way, line.text));
        }
    }
    return more;
}

void Prober::say_waiting() {
    std::vector<ProbeRecord> all, waiting;
    for (const Probe& probe : probes_) {
        all.push_back(probe.record);
    }
    for (const ProbeLine& line : probe_lines(all)) {
        const bool still = std::any_of(all.begin(), all.end(), [&](const ProbeRecord& one) {
            return open(one.finding.outcome) && one.sf == line.sf && one.finding.text == line.text;
        });
        if (still) {
            say_(msg::probe_finding(line.sf, line.way, line.text));
        }
    }
}

ProbeFinding Prober::judge(Probe& probe, const sfc_probe_entry& entry) const {
    const Plan& plan = attachment_.plan();
    ProbeQuestion question{.kind = probe.way.kind,
                           .from = probe.record.from,
                           .to = probe.record.to,
                           .egress = egress_of(plan, probe.way),
                           .mark = plan.mark_mask != 0,
                           .key_parts = plan.sfs[probe.way.sf].entry.key_parts,
                           .own = own_macs(probe.way.out),
                           .sent = probe.sent};
    if (entry.done == 0) {
        return judge_lost(probe, std::move(question));
    }
    look_into_sf(probe.way, question);
    ProbeSight sight{.at = name_of(entry.ifindex), .ticket = entry.bare == 0, .frame = {}};
    sight.frame.assign(std::begin(entry.frame), std::end(entry.frame));
    return judge_probe(question, sight);
}

/// Of a port that accepts these alone; else none.
std::vector<Mac> Prober::own_macs(std::uint16_t port) const {
    const sfc_port entry = attachment_.maps().port(port);
    if (entry.accept != SFC_ACCEPT_OWN) {
        return {};
    }
    std::vector<Mac> macs = attachment_.maps().own_macs(port);
    macs.push_back(to_mac(entry.mac));
    return macs;
}

/// Looks for causes of lost tickets and changed packets where the SF is, if that can be entered.
void Prober::look_into_sf(const ProbeWay& way, ProbeQuestion& question) const {
    std::optional<Location> location;
    std::optional<InNetns> inside;
    if (way.kind != ProbeKind::HostKernel) {
        location = locate(attachment_.plan().ports[way.in]);
        if (!location || !location->peer_netns) {
            return;
        }
        inside.emplace(*location->peer_netns);
    }
    Netlink netlink;
    for (const Link& link : all_links(netlink)) {
        if (link.kind == "tun" && !link.ethernet && link.usable) { // with Ethernet it is a tap
            question.tun = link.name;
        }
    }
    if (question.mark) {
        question.mark_user = mark_conflict(attachment_.plan().mark_mask).value_or("");
    }
}

std::string Prober::name_of(std::uint32_t ifindex) const {
    const Plan& plan = attachment_.plan();
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        if (attachment_.attached_to(id) == ifindex) {
            return plan.ports[id].name;
        }
    }
    Netlink netlink;
    const auto link = find_link(netlink, ifindex);
    return link ? link->name : msg::numbered_interface(ifindex);
}

void Prober::save() {
    std::vector<ProbeRecord> records;
    records.reserve(probes_.size());
    for (const Probe& probe : probes_) {
        records.push_back(probe.record);
    }
    if (records != attachment_.state().probes) {
        attachment_.keep_probes(std::move(records));
    }
}

void probe_now(Attachment& attachment, const Say& say) {
    Prober prober(attachment, say);
    prober.look();
    while (prober.collect()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(Prober::kStepMs));
    }
    prober.say_waiting();
}

std::vector<ProbeLine> probe_lines(const std::vector<ProbeRecord>& records) {
    std::vector<ProbeLine> lines;
    const auto of_way = [&](const ProbeRecord& record, auto good) {
        return std::find_if(records.begin(), records.end(), [&](const ProbeRecord& other) {
            return same_way(record, other) && other.six != record.six && good(other);
        });
    };
    for (const ProbeRecord& record : records) {
        const auto twin = of_way(record, [&](const ProbeRecord& other) {
            return other.finding.outcome == record.finding.outcome &&
                   (other.finding.text == record.finding.text || record.finding.outcome == ProbeOutcome::NoAddress);
        });
        const bool other_says_more = record.finding.outcome == ProbeOutcome::NoAddress && twin == records.end() &&
                                     of_way(record, [](const ProbeRecord&) { return true; }) != records.end();
        if (other_says_more || (twin != records.end() && record.six)) {
            continue;
        }
        const char* versions = twin != records.end() ? "IPv4 and IPv6" : record.six ? "IPv6" : "IPv4";
        lines.push_back({record.sf, msg::probe_way(record.from, record.to, versions), record.finding.text,
                         is_warning(record.finding.outcome)});
    }
    return lines;
}

} // namespace sfc
