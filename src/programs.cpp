// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "programs.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <functional>
#include <span>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/random.h>

#include "error.h"
#include "proxy.skel.h"

namespace sfc {
namespace {

/// What libbpf said on the way to a failure: its first warning, and the tail of the verifier's log if there was one.
struct LastWords {
    std::string warning;
    std::string verifier;
};
LastWords last_words; // NOLINT: libbpf's print callback has no user pointer
constexpr std::size_t kLogTail = 1500;

// NOLINTBEGIN(clang-analyzer-valist.Uninitialized): clang 14 does not see that libbpf started `args`
std::string format_message(const char* format, va_list args) {
    va_list again;
    va_copy(again, args);
    std::string text(std::max(std::vsnprintf(nullptr, 0, format, args), 0), '\0');
    std::vsnprintf(text.data(), text.size() + 1, format, again);
    va_end(again);
    text.erase(text.find_last_not_of(" \n") + 1);
    return text;
}
// NOLINTEND(clang-analyzer-valist.Uninitialized)

int remember(libbpf_print_level level, const char* format, va_list args) {
    if (level != LIBBPF_WARN) {
        return 0;
    }
    std::string text = format_message(format, args);
    if (text.find("BEGIN PROG LOAD LOG") != std::string::npos) {
        last_words.verifier = text.substr(text.size() - std::min(text.size(), kLogTail));
    } else if (last_words.warning.empty()) {
        last_words.warning = std::move(text);
    }
    return 0;
}

/// SplitMix64 (Steele, Lea, Flood 2014): spreads a small seed over 64 bits.
std::uint64_t split_mix(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

void draw_secrets(sfc_config& config, const std::optional<std::uint64_t>& seed) {
    const std::array secrets = {std::span(config.key_secret), std::span(config.digest_secret)};
    std::uint64_t state = seed.value_or(0);
    for (const auto& group : secrets) {
        if (!seed && getrandom(group.data(), group.size_bytes(), 0) != static_cast<ssize_t>(group.size_bytes())) {
            throw system_error("cannot draw random secrets", errno);
        }
        for (auto& secret : group) {
            secret = seed ? split_mix(state) : secret;
        }
    }
}

template <class T> void update(const bpf_map* map, std::uint32_t key, const T& value) {
    if (bpf_map_update_elem(bpf_map__fd(map), &key, &value, BPF_ANY) != 0) {
        throw system_error(fmt::format("cannot write entry {} of map {}", key, bpf_map__name(map)), errno);
    }
}

void resize(bpf_map* map, std::uint32_t entries) {
    if (const int error = bpf_map__set_max_entries(map, entries)) {
        throw system_error(fmt::format("cannot give map {} {} entries", bpf_map__name(map), entries), -error);
    }
}

} // namespace

void Programs::Close::operator()(proxy_bpf* skeleton) const {
    proxy_bpf::destroy(skeleton);
}

Programs::~Programs() = default;

Programs::Programs(const Plan& plan, const LoadSettings& settings)
    : buckets_(plan.capacity / SFC_WAYS), cpus_(libbpf_num_possible_cpus()) {
    libbpf_set_print(remember);
    last_words = {};
    skeleton_.reset(proxy_bpf::open());
    if (!skeleton_) {
        throw system_error("cannot open the BPF programs", errno);
    }
    sfc_config& config = skeleton_->rodata->sfc_config;
    config.bucket_mask = buckets_ - 1;
    config.clock = settings.clock;
    config.header_limit = std::min<std::uint32_t>(settings.header_limit, SFC_HEADER_MAX);
    draw_secrets(config, settings.seed);
    size_maps(plan);
    if (const int error = proxy_bpf::load(skeleton_.get())) {
        // The verifier refuses with EACCES too; only without its log is it a matter of privileges.
        if (!last_words.verifier.empty()) {
            throw Error(ExitCode::Kernel, fmt::format("this kernel's verifier refuses the BPF programs: {}: {}",
                                                      last_words.warning, last_words.verifier));
        }
        throw system_error("cannot load the BPF programs into this kernel", -error);
    }
    fill(plan);
}

void Programs::size_maps(const Plan& plan) {
    const auto& maps = skeleton_->maps;
    resize(maps.cache, buckets_);
    resize(maps.matches, std::max<std::uint32_t>(plan.matches.size(), 1));
    resize(maps.services, plan.services.size());
    resize(maps.service_counters, plan.services.size());
    resize(maps.sfs, plan.sfs.size());
    for (bpf_map* map : {maps.ports, maps.port_ids, maps.tx_ports, maps.port_counters}) {
        resize(map, plan.ports.size());
    }
}

void Programs::fill(const Plan& plan) {
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        set_port(id, plan.ports[id].entry);
    }
    for (std::size_t id = 1; id < plan.sfs.size(); id++) {
        set_sf(id, plan.sfs[id].entry);
    }
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        set_service(id, plan.services[id].entry);
    }
    for (const Plan::Match& match : plan.matches) {
        if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.matches), &match.match, &match.service, BPF_NOEXIST) != 0) {
            throw system_error(fmt::format("cannot enter label {} of service '{}'", match.match.value,
                                           plan.services[match.service].name),
                               errno);
        }
    }
}

void Programs::set_interface(std::uint16_t id, std::uint32_t ifindex) {
    const std::uint32_t port = id;
    update(skeleton_->maps.port_ids, ifindex, port);
    update(skeleton_->maps.tx_ports, port, ifindex);
}

void Programs::clear_interface(std::uint16_t id, std::uint32_t ifindex) {
    const std::uint32_t port = id;
    // Either may be gone already: the kernel empties tx_ports itself when the interface vanishes.
    bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.port_ids), &ifindex);
    bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.tx_ports), &port);
}

void Programs::set_port(std::uint16_t id, const sfc_port& port) {
    update(skeleton_->maps.ports, id, port);
}

void Programs::set_sf(std::uint16_t id, const sfc_sf& sf) {
    update(skeleton_->maps.sfs, id, sf);
}

void Programs::set_service(std::uint16_t id, const sfc_service& service) {
    update(skeleton_->maps.services, id, service);
}

void Programs::set_time(std::uint64_t ns) {
    update(skeleton_->maps.set_clock, 0, ns);
}

std::vector<ProgramInfo> Programs::info() const {
    std::vector<ProgramInfo> list;
    for (const bpf_program* program : {skeleton_->progs.sfc_strip, skeleton_->progs.sfc_restore}) {
        bpf_prog_info info{};
        __u32 size = sizeof(info);
        if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) != 0) {
            throw system_error(fmt::format("cannot ask the kernel about program {}", bpf_program__name(program)),
                               errno);
        }
        list.push_back({bpf_program__name(program), info.verified_insns});
    }
    return list;
}

int Programs::strip_fd() const {
    return bpf_program__fd(skeleton_->progs.sfc_strip);
}

int Programs::restore_fd() const {
    return bpf_program__fd(skeleton_->progs.sfc_restore);
}

std::size_t Programs::scratch_size() const {
    return std::size_t{bpf_map__value_size(skeleton_->maps.scratch)} * cpus_;
}

sfc_result Programs::result(int cpu, std::span<std::uint8_t> scratch) const {
    const std::uint32_t zero = 0;
    const bpf_map* map = skeleton_->maps.scratch;
    if (bpf_map_lookup_elem(bpf_map__fd(map), &zero, scratch.data()) != 0) {
        throw system_error("cannot read the verdict", errno);
    }
    sfc_result result;
    std::memcpy(&result, scratch.data() + std::size_t{bpf_map__value_size(map)} * cpu, sizeof(result));
    return result;
}

sfc_counters Programs::sum(const bpf_map* map, std::uint32_t id) const {
    std::vector<sfc_counters> per_cpu(cpus_);
    if (bpf_map_lookup_elem(bpf_map__fd(map), &id, per_cpu.data()) != 0) {
        throw system_error(fmt::format("cannot read entry {} of map {}", id, bpf_map__name(map)), errno);
    }
    constexpr std::size_t kCells = sizeof(sfc_counters) / sizeof(std::uint64_t);
    std::array<std::uint64_t, kCells> total{};
    for (const sfc_counters& one : per_cpu) {
        std::array<std::uint64_t, kCells> cells{};
        std::memcpy(cells.data(), &one, sizeof(one));
        std::transform(total.begin(), total.end(), cells.begin(), total.begin(), std::plus<>());
    }
    sfc_counters counters;
    std::memcpy(&counters, total.data(), sizeof(counters));
    return counters;
}

sfc_counters Programs::port_counters(std::uint16_t id) const {
    return sum(skeleton_->maps.port_counters, id);
}

sfc_counters Programs::service_counters(std::uint16_t id) const {
    return sum(skeleton_->maps.service_counters, id);
}

CacheUse Programs::cache_use(std::uint64_t now_ns) const {
    CacheUse use;
    sfc_bucket bucket;
    for (std::uint32_t index = 0; index < buckets_; index++) {
        // Under the bucket's lock, or a slot that is being reused could be counted half.
        if (bpf_map_lookup_elem_flags(bpf_map__fd(skeleton_->maps.cache), &index, &bucket, BPF_F_LOCK) != 0) {
            throw system_error("cannot read the cache", errno);
        }
        for (const sfc_way& way : bucket.way) {
            use.live += way.refs;
            use.stale += now_ns > way.deadline ? way.refs : 0;
        }
    }
    return use;
}

} // namespace sfc
