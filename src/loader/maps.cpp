// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "loader/maps.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include "base/error.h"
#include "loader/map_values.h"
#include "loader/messages.h"

namespace sfc {
namespace {

/// All keys and values of an array map, by one call.
template <class Value>
std::pair<std::vector<std::uint32_t>, std::vector<Value>> read_all(const Maps& maps, MapId map, std::uint32_t count) {
    std::vector<std::uint32_t> keys(count);
    std::vector<Value> values(count);
    std::uint32_t next = 0;
    if (bpf_map_lookup_batch(maps.fd(map), nullptr, &next, keys.data(), values.data(), &count, nullptr) != 0 &&
        errno != ENOENT) { // which says that these were the last
        throw map_error("read", 0, map);
    }
    keys.resize(count);
    values.resize(count);
    return {std::move(keys), std::move(values)};
}

bpf_map_info info_of(int fd) {
    bpf_map_info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) {
        throw system_error(msg::cannot_ask_map(), errno);
    }
    return info;
}

} // namespace

std::map<std::uint32_t, sfc_match_hint> match_hints(const Plan& plan) {
    std::map<std::uint32_t, sfc_match_hint> hints;
    for (const Plan::Match& match : plan.matches) {
        hints.try_emplace(sfc_match_position(sfc_match_scope(match.match.port, match.match.encap, match.match.mask),
                                             match.match.value[0], match.match.value[1]),
                          sfc_match_hint{.match = match.match,
                                         .service = match.service,
                                         .sf = plan.services[match.service].entry.sf});
    }
    return hints;
}

Maps::Maps(const std::function<Fd(std::string_view)>& open) : cpus_(libbpf_num_possible_cpus()) {
    std::transform(kMapNames.begin(), kMapNames.end(), fds_.begin(), open);
    buckets_ = info_of(fd(MapId::buckets)).max_entries;
    slot_mask_ = info_of(fd(MapId::slots)).max_entries - 1;
    scratch_value_ = info_of(fd(MapId::scratch)).value_size;
}

int Maps::fd(MapId id) const {
    return fds_.at(static_cast<std::size_t>(id)).get();
}

void Maps::share_with(const bpf_object* object) const {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object) {
        const auto id = map_named(bpf_map__name(map));
        if (id && bpf_map__reuse_fd(map, fd(*id)) != 0) {
            throw system_error(msg::cannot_share_map(name_of(*id)), errno);
        }
    }
}

void Maps::fill(const Plan& plan) const {
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        set_port(id, plan.ports[id].entry);
    }
    for (std::size_t id = 1; id < plan.sfs.size(); id++) {
        set_sf(id, plan.sfs[id].entry);
    }
    for (std::size_t id = 1; id < plan.services.size(); id++) {
        set_service(id, plan.services[id].entry);
        if (const auto& tunnel = plan.services[id].tunnel) {
            write(*this, MapId::tunnels, static_cast<std::uint32_t>(id), *tunnel);
        }
        if (const auto& fixed = plan.services[id].fixed) {
            write(*this, MapId::fixed_headers, static_cast<std::uint32_t>(id), *fixed);
        }
    }
    if (plan.shape.fib) {
        write(*this, MapId::handover, 0, std::uint32_t{SFC_HANDOVER_MAX});
    }
    set_icmp_sources(plan);
    set_matches(plan);
}

void Maps::set_icmp_sources(const Plan& plan) const {
    for (std::size_t id = 1; plan.shape.icmp != 0 && id < plan.icmp.size(); id++) {
        const auto port = static_cast<std::uint32_t>(id);
        const auto now = read<sfc_icmp>(*this, MapId::icmp_ports, port);
        sfc_icmp wanted = plan.icmp[id];
        wanted.due = now.due;
        if (std::memcmp(&now, &wanted, sizeof(now)) != 0) { // programs write there too, so only what is new
            write(*this, MapId::icmp_ports, port, wanted);
        }
    }
}

void Maps::set_matches(const Plan& plan) const {
    for (const Plan::Match& match : plan.matches) {
        if (bpf_map_update_elem(fd(MapId::matches), &match.match, &match.service, BPF_ANY) != 0) {
            throw system_error(msg::cannot_enter_match(plan.services[match.service].name), errno);
        }
    }
    for (const auto& [position, hint] : match_hints(plan)) {
        write(*this, MapId::match_hints, position, hint);
    }
}

void Maps::clear_matches(const Plan& plan) const {
    for (const auto& [position, hint] : match_hints(plan)) {
        write(*this, MapId::match_hints, position, sfc_match_hint{});
    }
    for (const Plan::Match& match : plan.matches) {
        bpf_map_delete_elem(fd(MapId::matches), &match.match); // gone already where a process died in between
    }
}

void Maps::set_interface(std::uint16_t id, std::uint32_t ifindex) const {
    const std::uint32_t port = id;
    write(*this, ifindex < SFC_PORT_ARRAY ? MapId::port_id_array : MapId::port_id_hash, ifindex, port);
    write(*this, MapId::tx_ports, port, ifindex);
}

void Maps::set_hairpin(std::uint16_t id, std::uint32_t in, std::uint32_t out) const {
    const std::uint32_t number = id;
    if (out != 0) {
        write(*this, out < SFC_PORT_ARRAY ? MapId::port_id_array : MapId::port_id_hash, out, number);
    }
    sfc_port entry = port(id);
    entry.hairpin = in;
    set_port(id, entry);
}

void Maps::stop_sending(std::uint16_t id) const {
    const std::uint32_t port = id;
    bpf_map_delete_elem(fd(MapId::tx_ports),
                        &port); // may be gone: the kernel does it itself when the interface vanishes
}

void Maps::clear_interface(std::uint16_t id) const {
    std::vector<std::uint32_t> stale; // an interface's number may be given to another one later
    std::uint32_t ifindex = 0;
    for (int more = bpf_map_get_next_key(fd(MapId::port_id_hash), nullptr, &ifindex); more == 0;
         more = bpf_map_get_next_key(fd(MapId::port_id_hash), &ifindex, &ifindex)) {
        if (read<std::uint32_t>(*this, MapId::port_id_hash, ifindex) == id) {
            stale.push_back(ifindex);
        }
    }
    for (const std::uint32_t gone : stale) {
        bpf_map_delete_elem(fd(MapId::port_id_hash), &gone);
    }
    const auto [interfaces, ids] = read_all<std::uint32_t>(*this, MapId::port_id_array, SFC_PORT_ARRAY);
    for (std::size_t at = 0; at < ids.size(); at++) {
        if (ids[at] == id) {
            write(*this, MapId::port_id_array, interfaces[at], std::uint32_t{SFC_NONE});
        }
    }
    stop_sending(id);
}

void Maps::set_port(std::uint16_t id, const sfc_port& port) const {
    write(*this, MapId::ports, id, port);
}

void Maps::set_sf(std::uint16_t id, const sfc_sf& sf) const {
    write(*this, MapId::sfs, id, sf);
}

void Maps::set_service(std::uint16_t id, const sfc_service& service) const {
    write(*this, MapId::services, id, service);
}

void Maps::set_time(std::uint64_t ns) const {
    write(*this, MapId::set_clock, 0, ns);
}

sfc_port Maps::port(std::uint16_t id) const {
    return read<sfc_port>(*this, MapId::ports, id);
}

sfc_sf Maps::sf(std::uint16_t id) const {
    return read<sfc_sf>(*this, MapId::sfs, id);
}

sfc_service Maps::service(std::uint16_t id) const {
    return read<sfc_service>(*this, MapId::services, id);
}

std::uint32_t Maps::sends_to(std::uint16_t id) const {
    const std::uint32_t port = id;
    std::uint32_t ifindex = 0;
    return bpf_map_lookup_elem(fd(MapId::tx_ports), &port, &ifindex) == 0 ? ifindex : 0;
}

std::size_t Maps::scratch_size() const {
    return std::size_t{scratch_value_} * cpus_;
}

sfc_result Maps::result(int cpu, std::span<std::uint8_t> scratch) const {
    const std::uint32_t zero = 0;
    if (bpf_map_lookup_elem(fd(MapId::scratch), &zero, scratch.data()) != 0) {
        throw system_error(msg::cannot_read_verdict(), errno);
    }
    sfc_result result;
    std::memcpy(&result, scratch.data() + std::size_t{scratch_value_} * cpu, sizeof(result));
    return result;
}

sfc_counters Maps::sum(MapId map, std::uint32_t id) const {
    std::vector<sfc_counters> per_cpu(cpus_);
    if (bpf_map_lookup_elem(fd(map), &id, per_cpu.data()) != 0) {
        throw map_error("read", id, map);
    }
    // All cells are counts but the two times at the end, of which the latest is wanted.
    constexpr std::size_t kCells = offsetof(sfc_counters, last_to_sf) / sizeof(std::uint64_t);
    sfc_counters total{};
    std::array<std::uint64_t, kCells> sums{};
    for (const sfc_counters& one : per_cpu) {
        std::array<std::uint64_t, kCells> cells{};
        std::memcpy(cells.data(), &one, sizeof(cells));
        std::transform(sums.begin(), sums.end(), cells.begin(), sums.begin(), std::plus<>());
        total.last_to_sf = std::max(total.last_to_sf, one.last_to_sf);
        total.last_claimed = std::max(total.last_claimed, one.last_claimed);
    }
    std::memcpy(&total, sums.data(), sizeof(sums));
    return total;
}

sfc_counters Maps::port_counters(std::uint16_t id) const {
    return sum(MapId::port_counters, id);
}

sfc_counters Maps::service_counters(std::uint16_t id) const {
    return sum(MapId::service_counters, id);
}

namespace {

/// The values of an array map with BPF_F_MMAPABLE, read in place while programs write them.
class Mapped {
public:
    explicit Mapped(int fd) {
        const bpf_map_info info = info_of(fd);
        constexpr std::size_t kStep = 8; // the kernel puts values at multiples of it
        stride_ = (info.value_size + kStep - 1) / kStep * kStep;
        size_ = stride_ * info.max_entries;
        at_ = mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0);
        if (at_ == MAP_FAILED) {
            throw system_error(msg::cannot_map(static_cast<const char*>(info.name)), errno);
        }
    }
    ~Mapped() { munmap(at_, size_); }
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;
    Mapped(Mapped&&) = delete;
    Mapped& operator=(Mapped&&) = delete;

    template <class Value> [[nodiscard]] Value read(std::uint32_t index) const {
        Value value;
        std::memcpy(&value, static_cast<const std::uint8_t*>(at_) + index * stride_, sizeof(value));
        return value;
    }

private:
    void* at_ = nullptr;
    std::size_t stride_ = 0, size_ = 0;
};

} // namespace

void Maps::each_entry(const std::function<void(const sfc_slot& slot, unsigned references)>& what) const {
    const Mapped slots(fd(MapId::slots)); // buckets have a lock, so they cannot be mapped
    for (const sfc_bucket& bucket : read_all<sfc_bucket>(*this, MapId::buckets, buckets_).second) {
        for (const std::uint32_t word : bucket.word) {
            if (word != 0) {
                const auto slot = slots.read<sfc_slot>(word & slot_mask_);
                what(slot, slot_references(slot, word));
            }
        }
    }
}

CacheUse Maps::cache_use(std::uint64_t now_ns) const {
    CacheUse use;
    each_entry([&](const sfc_slot& slot, unsigned references) {
        use.live += references;
        use.stale += now_ns > slot.deadline ? references : 0;
    });
    return use;
}

sfc_header_fields slot_header(const sfc_slot& slot) {
    sfc_header_fields header{};
    std::memcpy(&header, slot.header, sizeof(slot.header));
    return header;
}

unsigned slot_references(const sfc_slot& slot, std::uint32_t word) {
    return (word & SFC_WORD_SHARED) != 0 ? slot_header(slot).refs : 1;
}

} // namespace sfc
