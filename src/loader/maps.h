// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "config/plan.h"
#include "loader/objects.h"
#include "sfc_abi.h"

struct bpf_object;

namespace sfc {

/// References in the cache's slots, whatever their age; `stale` of them are past their hold time.
struct CacheUse {
    std::uint64_t live = 0;
    std::uint64_t stale = 0;
};

/// The header in a slot, as far as it is in there: no bytes beyond SFC_HEADER_INLINE.
[[nodiscard]] sfc_header_fields slot_header(const sfc_slot& slot);
/// Packets in the SF that the slot belongs to, which `word` of the index names.
[[nodiscard]] unsigned slot_references(const sfc_slot& slot, std::uint32_t word);

/// The first match of the plan for each position of the map match_hints.
[[nodiscard]] std::map<std::uint32_t, sfc_match_hint> match_hints(const Plan& plan);

/// The maps of the programs, in this process's programs or pinned by another: all that user space reads and writes.
class Maps {
public:
    /// `open` gives a new descriptor of the map of that name, or throws.
    explicit Maps(const std::function<Fd(std::string_view)>& open);

    [[nodiscard]] int fd(MapId id) const;
    /// The object, not loaded yet, gets these maps in the place of those of its own with their names. Throws Error.
    void share_with(const bpf_object* object) const;

    void fill(const Plan& plan) const;
    /// What services match: nothing is stripped without it. Throws Error.
    void set_matches(const Plan& plan) const;
    /// Where messages to senders come from, at each port. Throws Error.
    void set_icmp_sources(const Plan& plan) const;
    void clear_matches(const Plan& plan) const;
    /// Makes `ifindex` the interface behind port `id`.
    void set_interface(std::uint16_t id, std::uint32_t ifindex) const;
    /// Packets that leave the kernel through port `id` go to interface `in` and come back out of `out`; both 0 = no
    /// longer.
    void set_hairpin(std::uint16_t id, std::uint32_t in, std::uint32_t out) const;
    /// Nothing is sent to the port any more (it is down); what comes from it is still accepted.
    void stop_sending(std::uint16_t id) const;
    /// The port has no interface (any more): nothing is accepted from it or sent to it.
    void clear_interface(std::uint16_t id) const;
    void set_port(std::uint16_t id, const sfc_port& port) const;
    void set_sf(std::uint16_t id, const sfc_sf& sf) const;
    void set_service(std::uint16_t id, const sfc_service& service) const;
    void set_time(std::uint64_t ns) const; ///< with SFC_CLOCK_MAP
    /// Those of this host, to which encapsulations in UDP may come; others are forgotten.
    void set_own_addresses(const std::vector<sfc_address>& addresses) const;
    /// The port's own MACs beside that of its interface; others of it are forgotten.
    void set_own_macs(std::uint16_t id, const std::vector<Mac>& macs) const;

    [[nodiscard]] sfc_port port(std::uint16_t id) const;
    [[nodiscard]] std::vector<Mac> own_macs(std::uint16_t id) const; ///< in order
    [[nodiscard]] sfc_sf sf(std::uint16_t id) const;
    [[nodiscard]] sfc_service service(std::uint16_t id) const;
    /// The interface that frames for port `id` are sent to; 0 where there is none.
    [[nodiscard]] std::uint32_t sends_to(std::uint16_t id) const;

    /// How the last frame ended that a program ran on `cpu`. `scratch` is the caller's buffer of scratch_size() bytes.
    [[nodiscard]] sfc_result result(int cpu, std::span<std::uint8_t> scratch) const;
    [[nodiscard]] std::size_t scratch_size() const;
    [[nodiscard]] sfc_counters port_counters(std::uint16_t id) const; ///< summed over CPUs
    [[nodiscard]] sfc_counters service_counters(std::uint16_t id) const;
    /// Every entry of the cache, live or stale. While packets come in it is a picture of no one moment.
    void each_entry(const std::function<void(const sfc_slot& slot, unsigned references)>& what) const;
    [[nodiscard]] CacheUse cache_use(std::uint64_t now_ns) const;

private:
    std::array<Fd, kMapNames.size()> fds_;
    std::uint32_t buckets_;
    std::uint32_t slot_mask_;
    std::uint32_t scratch_value_;
    std::size_t cpus_;

    [[nodiscard]] sfc_counters sum(MapId map, std::uint32_t id) const;
};

} // namespace sfc
