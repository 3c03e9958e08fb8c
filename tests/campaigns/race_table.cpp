// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "race_table.h"

#include <algorithm>
#include <cerrno>
#include <sched.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <net/if.h>

#include "base/error.h"
#include "config/config.h"
#include "proxy.skel.h"
#include "race.skel.h"
#include "race_naive.skel.h"
#include "race_slots.h"
#include "race_stall.skel.h"

namespace sfc::test {
namespace {

constexpr std::uint64_t kHoldNs = 100'000'000;
constexpr const char* kConfig = R"(
cache: {capacity: 64}
sfs: [{name: fw, ports: {left: left, right: right}, hold: 100ms}]
services:
)";
constexpr const char* kMplsService = R"(
  - {name: out, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: fw, in: left},
     next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
)";
constexpr const char* kNshService = R"(
  - {name: nsh-out, match: {encapsulation: nsh, spi: 777, si: 7}, domain: d0, sf: {name: fw, in: left},
     next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
)";

/// Both behaviours that a list needs: a SID, and a compressed one. The harness compares the packet behind, hops and
/// all.
constexpr const char* kSrv6Services = R"(
  - {name: srv6-out, match: {encapsulation: srv6, sid: "2001:db8:f::1"}, domain: d0, sf: {name: fw, in: left},
     inner_ttl: keep, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: srv6-csid, match: {encapsulation: srv6, sid: "2001:db8:100::/48", lblen: 32}, domain: d0,
     sf: {name: fw, in: left}, inner_ttl: keep, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
)";

constexpr IndexSize kCrowd = {1, 2};
/// Bits of a word that are no fingerprint: all but six.
constexpr std::uint32_t kFewFingerprints = 0x3fc0ffff;

LoadSettings settings(std::uint64_t seed) {
    return {.clock = SFC_CLOCK_MAP, .any_mac = true, .seed = seed};
}

std::string config(std::uint32_t encaps) {
    return std::string(kConfig) + ((encaps & RACE_MPLS) != 0 ? kMplsService : "") +
           ((encaps & RACE_NSH) != 0 ? kNshService : "") + ((encaps & RACE_SRV6) != 0 ? kSrv6Services : "");
}

std::string interface_of(int cpu) {
    return fmt::format("cpu{}", cpu);
}

void load_object(bpf_object* object, const Maps& maps) {
    maps.share_with(object);
    if (const int error = bpf_object__load(object)) {
        throw system_error("cannot load a build of the programs into this kernel", -error);
    }
}

template <class Skeleton> bpf_object* open() {
    std::size_t size = 0;
    const void* elf = Skeleton::elf_bytes(&size);
    bpf_object* object = bpf_object__open_mem(elf, size, nullptr);
    if (object == nullptr) {
        throw system_error("cannot open a build of the programs", errno);
    }
    return object;
}

bpf_object* open(RaceBuild build) {
    switch (build) {
    case RaceBuild::Stalled:
        return open<race_stall_bpf>();
    case RaceBuild::Naive:
        return open<race_naive_bpf>();
    default:
        return open<proxy_bpf>();
    }
}

/// The only constant that the programs have.
void set_constants(const bpf_object* object, const sfc_config& config) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object) {
        if (std::string_view(bpf_map__name(map)).ends_with(".rodata") &&
            bpf_map__set_initial_value(map, &config, sizeof(config)) == 0) {
            return;
        }
    }
    throw Error(ExitCode::Failed, "a build of the programs has other constants than struct sfc_config");
}

void set_entry(const bpf_map* map, std::uint32_t key, const void* value) {
    if (bpf_map_update_elem(bpf_map__fd(map), &key, value, BPF_ANY) != 0) {
        throw system_error(fmt::format("cannot fill map {} of the harness", bpf_map__name(map)), errno);
    }
}

/// The values of all CPUs.
template <class T> std::vector<T> per_cpu(const bpf_map* map, std::uint32_t key) {
    std::vector<T> values(libbpf_num_possible_cpus());
    if (bpf_map_lookup_elem(bpf_map__fd(map), &key, values.data()) != 0) {
        throw system_error(fmt::format("cannot read map {} of the harness", bpf_map__name(map)), errno);
    }
    return values;
}

/// With so few slots no CPU would keep a chunk of its own, so each keeps one.
Plan race_plan(std::uint32_t encaps) {
    Plan plan = make_plan(parse_config(config(encaps), "race"));
    for (Plan::Service& service : plan.services) {
        service.entry.chunks = 1;
    }
    return plan;
}

} // namespace

void RaceTable::Close::operator()(bpf_object* object) const {
    bpf_object__close(object);
}

void RaceTable::Close::operator()(race_bpf* harness) const {
    race_bpf::destroy(harness);
}

RaceTable::RaceTable(std::uint64_t seed, std::uint32_t encaps)
    : seed_(seed), encaps_(encaps), plan_(race_plan(encaps)), programs_(plan_, settings(seed)),
      harness_(race_bpf::open()) {
    if (!harness_) {
        throw system_error("cannot open the harness", errno);
    }
    load_object(harness_->obj, programs_.maps());
    for (std::size_t id = 1; id < plan_.ports.size(); id++) {
        programs_.maps().set_interface(static_cast<std::uint16_t>(id), if_nametoindex(plan_.ports[id].name.c_str()));
    }
    seed_cpus();
}

RaceTable::~RaceTable() = default;

void RaceTable::seed_cpus() const {
    std::vector<race_cpu> cpus(libbpf_num_possible_cpus());
    for (std::size_t i = 0; i < cpus.size(); i++) {
        cpus[i].random = (seed_ + 1) * 0x9e3779b97f4a7c15 + i * 0xbf58476d1ce4e5b9 + 1;
        cpus[i].random += cpus[i].random == 0 ? 1 : 0; // the one that xorshift never leaves
        cpus[i].left = kRaceBatch;
    }
    set_entry(harness_->maps.race_cpus, 0, cpus.data());
}

RaceTable::Object RaceTable::load(RaceBuild build, bool crowded) const {
    Object object(open(build));
    sfc_config config = load_constants(plan_, settings(seed_));
    if (crowded) {
        config.bucket_mask = kCrowd.buckets - 1;
        config.overflow_mask = kCrowd.overflow_lines - 1;
        config.slot_mask = kFewFingerprints;
    }
    set_constants(object.get(), config);
    load_object(object.get(), programs_.maps());
    return object;
}

void RaceTable::set_up(const RaceSetup& setup) {
    Object& build = builds_[{setup.build, setup.crowded}];
    index_ = setup.crowded ? kCrowd : plan_.index_size();
    if (!build) {
        build = load(setup.build, setup.crowded);
    }
    std::uint32_t position = 0; // as in race.bpf.c
    for (const char* name : {"sfc_strip", "sfc_restore"}) {
        const int fd = bpf_program__fd(bpf_object__find_program_by_name(build.get(), name));
        set_entry(harness_->maps.programs, position++, &fd);
    }
    const race_setup harness = {.numbers = setup.numbers,
                                .encaps = encaps_,
                                .batch = kRaceBatch,
                                .domain_port = plan_.port_id("d0"),
                                .sf_port = plan_.port_id("right"),
                                .clock_step = setup.expire ? kHoldNs / 4 : 0};
    set_entry(harness_->maps.race_setups, 0, &harness);
}

void RaceTable::run_batch(int cpu) const {
    std::array<std::uint8_t, RACE_FRAME> frame{};
    xdp_md context{};
    context.data_end = frame.size();
    context.ingress_ifindex = if_nametoindex(interface_of(cpu).c_str());
    bpf_test_run_opts opts{};
    opts.sz = sizeof(opts);
    opts.data_in = frame.data();
    opts.data_size_in = frame.size();
    opts.ctx_in = &context;
    opts.ctx_size_in = sizeof(context);
    opts.repeat = kRaceBatch + 1;
    if (bpf_prog_test_run_opts(bpf_program__fd(harness_->progs.race_run), &opts) != 0) {
        throw system_error("cannot run the harness", errno);
    }
    if (opts.retval != XDP_PASS) {
        throw Error(ExitCode::Failed, fmt::format("the harness ended early: XDP action {}", opts.retval));
    }
}

RaceCounts RaceTable::counts() const {
    RaceCounts sums{};
    for (const race_cpu& cpu : per_cpu<race_cpu>(harness_->maps.race_cpus, 0)) {
        std::transform(sums.begin(), sums.end(), cpu.count, sums.begin(), std::plus<>());
    }
    return sums;
}

Conservation RaceTable::conservation() const {
    return conserve(take_snapshot(programs_.maps(), plan_, 0), plan_);
}

std::vector<std::string> RaceTable::faults() const {
    std::vector<std::string> faults = slot_faults(programs_.maps(), plan_, index_);
    for (std::uint32_t i = 0; i < RACE_NUMBERS * RACE_STACKS; i++) {
        race_tally sum{};
        for (const race_tally& one : per_cpu<race_tally>(harness_->maps.race_tallies, i)) {
            sum.to_sf += one.to_sf;
            sum.restored += one.restored;
        }
        if (sum.restored > sum.to_sf) {
            faults.push_back(fmt::format("header {} of packet {}: stripped {} times and restored {} times",
                                         i % RACE_STACKS, i / RACE_STACKS, sum.to_sf, sum.restored));
        }
    }
    return faults;
}

std::vector<int> race_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        throw system_error("cannot ask which CPUs there are", errno);
    }
    std::vector<int> cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &set)) {
            cpus.push_back(cpu);
        }
    }
    return cpus;
}

std::vector<std::string> race_interfaces() {
    std::vector<std::string> names = {"left", "right", "d0", "e0"};
    for (const int cpu : race_cpus()) {
        names.push_back(interface_of(cpu));
    }
    return names;
}

} // namespace sfc::test
