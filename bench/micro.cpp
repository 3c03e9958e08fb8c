// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "micro.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <map>
#include <set>
#include <vector>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>

#include "base/error.h"
#include "micro.skel.h"
#include "paper.skel.h"

namespace sfc::bench {

/// As struct micro_state in micro.bpf.c.
struct MicroState {
    std::uint32_t phase = 0;
    std::uint32_t next = 0;
    std::uint32_t batch = 0;
    std::uint32_t ifindex = 0;
    std::uint32_t left = 0;
    std::uint32_t number = 0;
    std::uint32_t flip = 1;
    std::uint32_t done = 0;
    std::uint64_t since = 0;
    std::array<std::uint64_t, 2> ns{};
    std::array<std::uint64_t, 2> packets{};
};

namespace {

enum Phase : std::uint32_t { kStrip, kRestore };
constexpr std::uint32_t kFrameLongest = 2048, kNumber = 4; // bytes

/// As struct micro_frame in micro.bpf.c.
struct Frame {
    std::uint32_t len = 0;
    std::uint32_t number_off = 0;
    std::uint32_t port = 0;
    std::uint32_t program = 0;
    std::uint32_t balance_off = 0;
    std::uint32_t reserved = 0;
    std::array<std::uint8_t, kFrameLongest> bytes{};
};

void set_entry(const bpf_map* map, std::uint32_t key, const void* value) {
    if (bpf_map_update_elem(bpf_map__fd(map), &key, value, BPF_ANY) != 0) {
        throw system_error(fmt::format("cannot fill map {} of the harness", bpf_map__name(map)), errno);
    }
}

std::uint32_t program_at(Variant variant, std::uint32_t phase) {
    return static_cast<std::uint32_t>(variant) * 2 + phase;
}

/// By which frames come in, of each run.
constexpr std::array kInterfaces = {"d0", "e0"};

/// A packet's, over all runs.
Cost cost_of(const std::vector<MicroState>& runs) {
    std::array<double, 2> ns{}, packets{};
    for (const MicroState& run : runs) {
        for (std::size_t phase = 0; phase < ns.size(); phase++) {
            ns.at(phase) += static_cast<double>(run.ns.at(phase));
            packets.at(phase) += static_cast<double>(run.packets.at(phase));
        }
    }
    return {ns[kStrip] / packets[kStrip], ns[kRestore] / packets[kRestore]};
}

void pin_to(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) {
        throw system_error(fmt::format("cannot run on CPU {}", cpu), errno);
    }
}

template <class Skeleton> Skeleton* opened(Skeleton* skeleton) {
    if (skeleton == nullptr) {
        throw system_error("cannot open a program of the harness", errno);
    }
    return skeleton;
}

template <class Skeleton> void loaded(Skeleton* skeleton) {
    if (const int error = Skeleton::load(skeleton)) {
        throw system_error("cannot load a program of the harness into this kernel", -error);
    }
}

} // namespace

template <class Skeleton> void Micro::Close<Skeleton>::operator()(Skeleton* skeleton) const {
    Skeleton::destroy(skeleton);
}

Micro::Micro(const Plan& plan) : plan_(plan), programs_(plan, {.clock = SFC_CLOCK_KERNEL}), nocache_(plan, programs_) {
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        programs_.maps().set_interface(static_cast<std::uint16_t>(id), if_nametoindex(plan.ports[id].name.c_str()));
    }
    set_own_addresses();
    load_paper();
    load_harness();
}

Micro::~Micro() = default;

void Micro::load_paper() {
    paper_.reset(opened(paper_bpf::open()));
    paper_->rodata->paper_redirects = 1;
    loaded(paper_.get());
    const std::uint32_t to_sf = if_nametoindex("left"), next_hop = if_nametoindex("e0");
    set_entry(paper_->maps.paper_ports, 0, &to_sf);
    set_entry(paper_->maps.paper_ports, 1, &next_hop);
}

void Micro::load_harness() {
    harness_.reset(opened(micro_bpf::open()));
    programs_.maps().share_with(harness_->obj);
    loaded(harness_.get());
    const std::array fds = {programs_.fd(ProgramId::sfc_strip),
                            programs_.fd(ProgramId::sfc_restore),
                            nocache_.strip(),
                            nocache_.restore(),
                            bpf_program__fd(paper_->progs.paper_strip),
                            bpf_program__fd(paper_->progs.paper_restore_xdp),
                            bpf_program__fd(harness_->progs.micro_nothing),
                            bpf_program__fd(harness_->progs.micro_nothing)};
    for (std::uint32_t i = 0; i < fds.size(); i++) {
        set_entry(harness_->maps.programs, i, &fds[i]);
    }
}

void Micro::set_own_addresses() const {
    sfc_address ipv4{.word = {0, 0, htonl(0xffff), 0}}, ipv6{};
    std::memcpy(&ipv4.word[3], kOwnIpv4.data(), kOwnIpv4.size());
    std::memcpy(ipv6.word, kOwnIpv6.data(), kOwnIpv6.size());
    programs_.maps().set_own_addresses({ipv4, ipv6});
}

void Micro::set_frame(std::uint32_t phase, Variant variant, const Kind& kind, const Header& header) {
    Bytes ip = kind.ip;
    if (header.summed) { // the frame whose number is 0, and its complement at the end
        std::fill_n(ip.begin() + kind.number_off, kNumber, 0);
        std::fill(ip.end() - kNumber, ip.end(), 0xff);
    }
    const Bytes bytes = phase == kStrip ? header.frame(ip) : bare_frame(ip);
    if (bytes.size() > kFrameLongest) {
        throw Error(ExitCode::Usage,
                    fmt::format("a frame of {} bytes; the harness takes 1 to {}", bytes.size(), kFrameLongest));
    }
    const auto len = static_cast<std::uint32_t>(bytes.size()), inner = static_cast<std::uint32_t>(ip.size());
    Frame entry{.len = len,
                .number_off = len - inner + kind.number_off,
                .port = plan_.port_id(phase == kStrip ? "d0" : "right"),
                .program = program_at(variant, phase),
                .balance_off = header.summed ? len - kNumber : 0};
    std::copy(bytes.begin(), bytes.end(), entry.bytes.begin());
    set_entry(harness_->maps.frames, phase, &entry);
}

void Micro::start(std::uint32_t run, const MicroState& state) {
    set_entry(harness_->maps.state, run, &state);
}

MicroState Micro::state_of(std::uint32_t run) const {
    MicroState state;
    if (bpf_map_lookup_elem(bpf_map__fd(harness_->maps.state), &run, &state) != 0) {
        throw system_error("cannot read the state of the harness", errno);
    }
    return state;
}

void Micro::run(const char* interface, std::uint64_t packets) {
    std::array<std::uint8_t, kFrameLongest> data{};
    xdp_md context{};
    context.data_end = data.size();
    context.ingress_ifindex = if_nametoindex(interface);
    bpf_test_run_opts opts{};
    opts.sz = sizeof(opts);
    opts.data_in = data.data();
    opts.data_size_in = data.size();
    opts.ctx_in = &context;
    opts.ctx_size_in = sizeof(context);
    opts.repeat = static_cast<int>(packets);
    if (bpf_prog_test_run_opts(bpf_program__fd(harness_->progs.micro_cycle), &opts) != 0) {
        throw system_error("cannot run the harness", errno);
    }
    if (opts.retval != XDP_REDIRECT) {
        throw Error(ExitCode::Failed, fmt::format("a packet was not redirected: XDP action {}", opts.retval));
    }
}

std::uint64_t Micro::ended() const {
    const sfc_counters counters = programs_.maps().service_counters(1);
    return counters.event[SFC_EVENT_RESTORED].packets + counters.event[SFC_EVENT_EVICTED].packets;
}

/// A bucket may overflow with nearly all slots in use, and then one packet makes room for another one.
void Micro::must_have_ended(std::uint64_t packets, const Kind& kind, const Header& header,
                            std::uint32_t in_flight) const {
    if (ended() != packets) {
        throw Error(ExitCode::Failed,
                    fmt::format("{} packets were restored or evicted, and not {}: {}, {}, {} in flight", ended(),
                                packets, kind.name, header.name, in_flight));
    }
}

Cost Micro::measure(Variant variant, const Kind& kind, const Header& header, std::uint32_t in_flight,
                    std::uint64_t packets) {
    const std::uint64_t batches = batches_of(in_flight, packets), before = ended();
    set_frame(kStrip, variant, kind, header);
    set_frame(kRestore, variant, kind, header);
    start(0, {.batch = in_flight, .ifindex = if_nametoindex("d0"), .left = static_cast<std::uint32_t>(2 * batches)});
    run("d0", batches * 2 * in_flight + 1);
    if (variant == Variant::Proxy) {
        must_have_ended(before + batches * in_flight, kind, header, in_flight);
    }
    return cost_of({state_of(0)});
}

std::uint64_t Micro::evicted() const {
    return programs_.maps().service_counters(1).event[SFC_EVENT_EVICTED].packets;
}

Fill Micro::fill(const Kind& kind, const Header& header, std::uint32_t in_flight) {
    const std::uint64_t before = ended();
    const auto one_batch = [&](std::uint32_t phase) {
        set_frame(phase, Variant::Proxy, kind, header);
        start(0, {.phase = phase, .batch = in_flight, .ifindex = if_nametoindex("d0"), .left = 1});
        run("d0", std::uint64_t{in_flight} + 1);
    };
    one_batch(kStrip);
    Fill fill{.tail = plan_.shape.header_room - SFC_HEADER_INLINE, .buckets = plan_.index_size().buckets};
    std::map<std::uint32_t, std::uint32_t> words;
    std::set<std::uint32_t> lines;
    programs_.maps().each_entry([&](const sfc_slot& slot, unsigned /*references*/) {
        fill.header = slot_header(slot).len;
        fill.largest = std::max(fill.largest, ++words[slot.bucket % fill.buckets]);
        fill.overflow += slot.bucket >= fill.buckets ? 1 : 0;
        lines.insert(slot.bucket);
    });
    fill.used = static_cast<std::uint32_t>(lines.size());
    one_batch(kRestore);
    must_have_ended(before + in_flight, kind, header, in_flight);
    return fill;
}

Cost Micro::measure(Sharing sharing, const std::array<unsigned, 2>& cpus, Variant variant, const Kind& kind,
                    const Header& header, std::uint32_t in_flight, std::uint64_t packets) {
    const auto batches = static_cast<std::uint32_t>(batches_of(in_flight, packets));
    const std::uint64_t before = ended();
    const bool split = sharing == Sharing::Split;
    const std::uint32_t runs = sharing == Sharing::One ? 1 : 2;
    set_frame(kStrip, variant, kind, header);
    set_frame(kRestore, variant, kind, header);
    for (std::uint32_t i = 0; i < kInterfaces.size(); i++) {
        start(i, {.phase = split ? i : kStrip,
                  .batch = in_flight,
                  .ifindex = if_nametoindex(kInterfaces.at(i)),
                  .left = split ? batches : 2 * batches,
                  .number = i << 24U,
                  .flip = split ? 0U : 1U});
    }
    std::vector<std::future<void>> threads;
    for (std::uint32_t i = 0; i < runs; i++) {
        threads.push_back(std::async(std::launch::async, [&, i] {
            pin_to(cpus.at(i));
            run(kInterfaces.at(i), std::uint64_t{split ? batches : 2 * batches} * in_flight + 1);
        }));
    }
    for (std::future<void>& thread : threads) {
        thread.get();
    }
    if (variant == Variant::Proxy) {
        must_have_ended(before + std::uint64_t{batches} * in_flight * (split ? 1 : runs), kind, header, in_flight);
    }
    return runs == 1 ? cost_of({state_of(0)}) : cost_of({state_of(0), state_of(1)});
}

} // namespace sfc::bench
