// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plan.h"
#include "sfc_abi.h"

struct bpf_map;
struct bpf_program;
struct proxy_bpf;

namespace sfc {

/// What is fixed when the programs are loaded.
struct LoadSettings {
    sfc_clock clock = SFC_CLOCK_KERNEL;
    std::uint32_t header_limit = SFC_HEADER_MAX; ///< bytes
    /// Seeds the hash secrets, so that a replay is the same each time; without it they are random.
    std::optional<std::uint64_t> seed;
};

/// References in the cache's slots, whatever their age; `stale` of them are past their hold time.
struct CacheUse {
    std::uint64_t live = 0;
    std::uint64_t stale = 0;
};

struct ProgramInfo {
    std::string name;
    std::uint32_t verified_instructions = 0; ///< how many the verifier walked, over all paths
};

/// Both programs and their maps, loaded into the kernel and filled from a plan. Interfaces are set afterwards.
class Programs {
public:
    /// Throws Error{Kernel} with the verifier's last words, or Error{Permission}.
    Programs(const Plan& plan, const LoadSettings& settings);
    ~Programs();
    Programs(const Programs&) = delete;
    Programs& operator=(const Programs&) = delete;

    /// Makes `ifindex` the interface behind port `id`.
    void set_interface(std::uint16_t id, std::uint32_t ifindex);
    /// The port has no interface (any more): nothing is accepted from it or sent to it.
    void clear_interface(std::uint16_t id, std::uint32_t ifindex);
    void set_port(std::uint16_t id, const sfc_port& port);
    void set_sf(std::uint16_t id, const sfc_sf& sf);
    void set_service(std::uint16_t id, const sfc_service& service);
    void set_time(std::uint64_t ns); ///< with SFC_CLOCK_MAP

    [[nodiscard]] std::vector<ProgramInfo> info() const;
    [[nodiscard]] int strip_fd() const;
    [[nodiscard]] int restore_fd() const;
    /// How the last frame ended that a program ran on `cpu`. `scratch` is the caller's buffer of scratch_size() bytes.
    [[nodiscard]] sfc_result result(int cpu, std::span<std::uint8_t> scratch) const;
    [[nodiscard]] std::size_t scratch_size() const;
    [[nodiscard]] sfc_counters port_counters(std::uint16_t id) const; ///< summed over CPUs
    [[nodiscard]] sfc_counters service_counters(std::uint16_t id) const;
    [[nodiscard]] CacheUse cache_use(std::uint64_t now_ns) const;

private:
    struct Close {
        void operator()(proxy_bpf* skeleton) const;
    };
    std::unique_ptr<proxy_bpf, Close> skeleton_;
    std::uint32_t buckets_;
    std::size_t cpus_;

    void size_maps(const Plan& plan);
    void fill(const Plan& plan);
    [[nodiscard]] sfc_counters sum(const bpf_map* map, std::uint32_t id) const;
};

} // namespace sfc
