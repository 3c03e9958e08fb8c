// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "loader/programs.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <span>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/random.h>
#include <sys/utsname.h>

#include "base/error.h"
#include "loader/ip_summed.h"
#include "loader/messages.h"
#include "loader/ticks.h"
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
    // Maps whose values are shorter than their type have no BTF; libbpf makes them without.
    constexpr std::string_view kNoFault = "Retrying without BTF";
    if (std::string_view(format).find(kNoFault) != std::string_view::npos) {
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

/// By the kernel, or by a seed, so that a replay is the same each time.
void draw(std::span<__u64> secrets, std::uint64_t* state) {
    if (state == nullptr &&
        getrandom(secrets.data(), secrets.size_bytes(), 0) != static_cast<ssize_t>(secrets.size_bytes())) {
        throw system_error(msg::cannot_draw_secrets(), errno);
    }
    for (auto& secret : secrets) {
        secret = state != nullptr ? split_mix(*state) : secret;
    }
}

void draw_secrets(sfc_config& config, const std::optional<std::uint64_t>& seed) {
    std::uint64_t state = seed.value_or(0);
    for (const std::span<__u64> multipliers :
         {std::span<__u64>(config.key_secret), std::span<__u64>(config.digest_secret)}) {
        draw(multipliers, seed ? &state : nullptr);
        for (auto& multiplier : multipliers) {
            multiplier |= 1; // odd, so that no multiplier maps a difference of one word to zero (hash.h)
        }
    }
    draw(config.ticket_secret, seed ? &state : nullptr);
    config.plain_check = sfc_ticket_hash(config.ticket_secret, 0, 0, SFC_TICKET_IN_METADATA);
    config.plain_mark = sfc_ticket_hash(config.ticket_secret, 0, 0, SFC_TICKET_IN_MARK);
}

void resize(bpf_map* map, std::uint32_t entries) {
    if (const int error = bpf_map__set_max_entries(map, entries)) {
        throw system_error(msg::cannot_size_map(bpf_map__name(map), entries), -error);
    }
}

void set_value_size(bpf_map* map, std::uint32_t size) {
    if (const int error = bpf_map__set_value_size(map, size)) {
        throw system_error(msg::cannot_size_values(bpf_map__name(map), size), -error);
    }
}

void set_key_size(bpf_map* map, std::uint32_t size) {
    if (const int error = bpf_map__set_key_size(map, size)) {
        throw system_error(msg::cannot_size_keys(bpf_map__name(map), size), -error);
    }
}

/// A header with its own fields, and as much before it, in whole cache lines: with 6 labels one is enough.
std::uint32_t interned_size(std::uint32_t before, std::uint32_t header_room) {
    const std::uint32_t size = before + SFC_HEADER_META * sizeof(std::uint64_t) + header_room;
    return (size + SFC_INTERNED_STEP - 1) / SFC_INTERNED_STEP * SFC_INTERNED_STEP;
}

/// Whether all CPUs see the stores of one in its own order: so it is on x86.
bool stores_stay_in_order() {
    utsname system{};
    return uname(&system) == 0 && (std::string_view(system.machine) == "x86_64" || system.machine[0] == 'i');
}

/// Whether packets of one flow may leave the kernel merged and single by turns. All must take the hairpin then: those
/// that did not would overtake the others.
bool merges(const Plan& plan) {
    return std::any_of(plan.sfs.begin(), plan.sfs.end(), [](const Plan::Sf& sf) { return sf.gro; });
}

/// Positions for numbers of headers: some for each header that packets of one service may have at a time.
std::uint32_t number_hints(const Plan& plan) {
    constexpr std::size_t kForService = 16;
    return std::clamp<std::uint32_t>(std::bit_ceil(kForService * plan.services.size()), SFC_NUMBER_HINTS,
                                     SFC_NUMBER_HINTS_MOST);
}

/// The plan with the hold times that the kernel's clock can tell.
Plan in_ticks(Plan plan) {
    for (Plan::Sf& sf : plan.sfs) {
        sf.entry.hold_ns = hold_in_ticks(sf.entry.hold_ns);
    }
    return plan;
}

} // namespace

sfc_config load_constants(const Plan& plan, const LoadSettings& settings) {
    sfc_config config{};
    const IndexSize index = plan.index_size();
    config.bucket_mask = index.buckets - 1;
    config.overflow_mask = index.overflow_lines == 0 ? 0 : index.overflow_lines - 1;
    config.slot_mask = plan.capacity - 1;
    config.number_mask = number_hints(plan) - 1;
    config.memory_mask = plan.memory_lines == 0 ? 0 : plan.memory_lines - 1;
    config.clock = settings.clock;
    config.tick_ns = tick_ns();
    config.header_limit = std::min(settings.header_limit, plan.shape.header_room);
    config.header_room = plan.shape.header_room;
    config.last = plan.any_last() ? 1 : 0;
    config.kernel_mode = plan.shape.kernel_mode ? 1 : 0;
    config.fib = plan.shape.fib ? 1 : 0;
    config.icmp = plan.shape.icmp;
    config.any_address = settings.any_address ? 1 : 0;
    config.any_mac = settings.any_mac ? 1 : 0;
    for (std::size_t encap = 0; encap < plan.shape.masks.size(); encap++) {
        const auto& masks = plan.shape.masks.at(encap);
        config.encaps |= masks.empty() ? 0U : 1U << encap;
        config.masks[encap] = masks.size();
        config.udp_port[encap] = plan.udp_ports.at(encap);
        std::copy(masks.begin(), masks.end(), config.mask[encap]);
    }
    if (plan.mark_mask != 0) {
        config.mark_mask = plan.mark_mask;
        config.mark_shift = std::countr_zero(plan.mark_mask);
        config.mark_number_bits = std::bit_width(plan.capacity);
        config.mark_check_bits = plan.mark_check_bits();
    }
    config.weak_order = stores_stay_in_order() ? 0 : 1;
    draw_secrets(config, settings.seed);
    return config;
}

void Programs::Close::operator()(proxy_bpf* skeleton) const {
    proxy_bpf::destroy(skeleton);
}

Programs::~Programs() = default;

Programs::Programs(const Plan& plan, const LoadSettings& settings) {
    libbpf_set_print(remember);
    last_words = {};
    skeleton_.reset(proxy_bpf::open());
    if (!skeleton_) {
        throw system_error(msg::cannot_open_programs(), errno);
    }
    skeleton_->rodata->sfc_config = load_constants(plan, settings);
    if (plan.through_host_kernel() && !merges(plan)) {
        set_ip_summed(skeleton_->rodata->sfc_config, skeleton_->progs.sfc_restore_tc);
    }
    for (std::size_t i = 0; i < kProgramNames.size(); i++) {
        bpf_program__set_autoload(program(static_cast<ProgramId>(i)), plan.shape.kernel_mode || !kKernelModeOnly.at(i));
    }
    size_maps(plan);
    if (const int error = proxy_bpf::load(skeleton_.get())) {
        // The verifier refuses with EACCES too; only without its log is it a matter of privileges.
        if (!last_words.verifier.empty()) {
            throw Error(ExitCode::Kernel, msg::verifier_refuses(last_words.warning, last_words.verifier));
        }
        throw system_error(msg::cannot_load_programs(), -error);
    }
    maps_ = std::make_unique<Maps>([this](std::string_view name) {
        return Fd(dup(bpf_object__find_map_fd_by_name(skeleton_->obj, std::string(name).c_str())));
    });
    maps_->fill(settings.clock == SFC_CLOCK_KERNEL ? in_ticks(plan) : plan);
}

void Programs::size_maps(const Plan& plan) {
    const auto& maps = skeleton_->maps;
    resize(maps.buckets, plan.index_size().lines());
    resize(maps.slots, plan.capacity);
    resize(maps.tails, plan.capacity);
    const auto if_any = [&](const auto& has) {
        return std::any_of(plan.services.begin(), plan.services.end(), has) ? plan.services.size() : 1;
    };
    resize(maps.tunnels, if_any([](const auto& of) { return of.tunnel.has_value(); }));
    resize(maps.last_headers, plan.any_last() ? plan.services.size() : 1);
    resize(maps.fixed_headers, if_any([](const auto& of) { return of.fixed.has_value(); }));
    resize(maps.memory, std::max<std::uint32_t>(plan.memory_lines, 1));
    set_value_size(maps.tails, plan.shape.header_room - SFC_HEADER_INLINE);
    resize(maps.matches, std::max<std::uint32_t>(plan.matches.size(), 1));
    for (bpf_map* map : {maps.services, maps.service_counters, maps.pools, maps.magazines}) {
        resize(map, plan.services.size());
    }
    resize(maps.sfs, plan.sfs.size());
    for (bpf_map* map : {maps.ports, maps.tx_ports, maps.port_counters}) {
        resize(map, plan.ports.size());
    }
    resize(maps.port_id_hash, 2 * plan.ports.size()); // a port's interface and its hairpin's
    resize(maps.icmp_ports, plan.shape.icmp == 0 ? 1 : plan.ports.size());
    set_value_size(maps.headers, interned_size(SFC_INTERNED_META, plan.shape.header_room));
    set_value_size(maps.arrivals, interned_size(SFC_ARRIVAL_META, plan.shape.header_room));
    set_key_size(maps.arrival_numbers, SFC_HEADER_META * sizeof(std::uint64_t) + plan.shape.header_room);
    if (plan.shape.kernel_mode) {
        resize(maps.headers, plan.capacity);
        resize(maps.arrivals, plan.capacity);
        resize(maps.arrival_numbers, plan.capacity);
        resize(maps.number_hints, number_hints(plan));
    }
}

bool Programs::loaded(ProgramId id) const {
    return bpf_program__autoload(program(id));
}

int Programs::fd(ProgramId id) const {
    return bpf_program__fd(program(id));
}

bpf_program* Programs::program(ProgramId id) const {
    // The skeleton lists them by name; the object is asked, so that no second list is needed.
    return bpf_object__find_program_by_name(skeleton_->obj, std::string(name_of(id)).c_str());
}

std::vector<ProgramInfo> Programs::info() const {
    std::vector<ProgramInfo> list;
    for (std::size_t i = 0; i < kProgramNames.size(); i++) {
        const auto id = static_cast<ProgramId>(i);
        const std::string_view name = kProgramNames.at(i);
        if (!loaded(id)) {
            continue;
        }
        bpf_prog_info info{};
        __u32 size = sizeof(info);
        if (bpf_obj_get_info_by_fd(fd(id), &info, &size) != 0) {
            throw system_error(msg::cannot_ask_program(name), errno);
        }
        list.push_back({std::string(name), info.verified_insns, info.xlated_prog_len / 8});
    }
    return list;
}

} // namespace sfc
