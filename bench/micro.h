// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <memory>

#include "config/plan.h"
#include "headers.h"
#include "loader/programs.h"
#include "nocache.h"

struct micro_bpf;
struct paper_bpf;

namespace sfc::bench {

struct MicroState;

/// The variants that are measured side by side. Nothing is the harness by itself.
enum class Variant : std::uint8_t { Proxy, NoCache, Paper, Nothing };
inline constexpr std::array kVariants = {Variant::Proxy, Variant::NoCache, Variant::Paper, Variant::Nothing};

/// Nanoseconds per packet, with the harness in them.
struct Cost {
    double strip = 0, restore = 0;
};

/// The cache while so many packets are in the SF.
struct Fill {
    std::uint32_t header = 0;   ///< bytes of a header in it
    std::uint32_t tail = 0;     ///< bytes that a slot has for what it has no room for itself
    std::uint32_t buckets = 0;  ///< of the index
    std::uint32_t used = 0;     ///< lines of it with a word at least
    std::uint32_t largest = 0;  ///< most words of a bucket, with those in overflow lines
    std::uint32_t overflow = 0; ///< words in overflow lines
};

/// How two CPUs share the work: one alone does all of it, each does all of it for packets of its own, or the first one
/// strips and the second one restores.
enum class Sharing : std::uint8_t { One, Both, Split };

/// So many make about `packets`.
[[nodiscard]] constexpr std::uint64_t batches_of(std::uint32_t in_flight, std::uint64_t packets) {
    return packets < in_flight ? 1 : packets / in_flight;
}

/// The programs of all variants, and a harness that gives them packets inside the kernel. The interfaces of the plan
/// must be in this network namespace: d0, e0, left and right.
class Micro {
public:
    explicit Micro(const Plan& plan);
    ~Micro();
    Micro(const Micro&) = delete;
    Micro& operator=(const Micro&) = delete;

    /// Batches of `in_flight` packets through strip, then the same ones through restore, about `packets` of each in
    /// all. Throws Error where the last one was not redirected, or one was not restored.
    Cost measure(Variant variant, const Kind& kind, const Header& header, std::uint32_t in_flight,
                 std::uint64_t packets);
    /// The same on CPUs. Costs are those of one packet on the CPU that has it, without waiting for the other one.
    Cost measure(Sharing sharing, const std::array<unsigned, 2>& cpus, Variant variant, const Kind& kind,
                 const Header& header, std::uint32_t in_flight, std::uint64_t packets);
    /// Strips so many packets, looks at the cache, and restores them.
    [[nodiscard]] Fill fill(const Kind& kind, const Header& header, std::uint32_t in_flight);
    [[nodiscard]] std::uint64_t evicted() const; ///< packets that made room for another one, so far

private:
    template <class Skeleton> struct Close { void operator()(Skeleton* skeleton) const; };
    Plan plan_;
    Programs programs_;
    NoCache nocache_;
    std::unique_ptr<micro_bpf, Close<micro_bpf>> harness_;
    std::unique_ptr<paper_bpf, Close<paper_bpf>> paper_;

    void load_paper();
    void load_harness();
    void set_own_addresses() const;
    void set_frame(std::uint32_t phase, Variant variant, const Kind& kind, const Header& header);
    void start(std::uint32_t run, const MicroState& state);
    [[nodiscard]] MicroState state_of(std::uint32_t run) const;
    void run(const char* interface, std::uint64_t packets);
    [[nodiscard]] std::uint64_t ended() const; ///< packets restored, and those that made room for another one
    void must_have_ended(std::uint64_t packets, const Kind& kind, const Header& header, std::uint32_t in_flight) const;
};

} // namespace sfc::bench
