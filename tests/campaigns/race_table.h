// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/plan.h"
#include "loader/programs.h"
#include "race/race_abi.h"
#include "report/report.h"

struct bpf_object;
struct race_bpf;

namespace sfc::test {

/// As the programs are, with forced stalls, and with a planted bug on top of them.
enum class RaceBuild : std::uint8_t { Plain, Stalled, Naive };

/// How the CPUs are to meet.
struct RaceSetup {
    RaceBuild build = RaceBuild::Plain;
    std::uint32_t numbers = 8; ///< different packets, a power of two
    bool crowded = false;      ///< all in one bucket and two overflow lines, so that words run out, and with 64
                               ///< fingerprints, so that they are equal
    bool expire = false;       ///< the clock moves, and takes references away
};

using RaceCounts = std::array<std::uint64_t, RACE_COUNTS>;

/// A cache of 64 slots, builds of the programs around it, and the harness that runs them inside the kernel. The process
/// must be in a sandbox with race_interfaces().
class RaceTable {
public:
    /// `seed` gives the secrets of the hash and what the CPUs draw; `encaps` is of enum race_encap.
    RaceTable(std::uint64_t seed, std::uint32_t encaps);
    ~RaceTable();
    RaceTable(const RaceTable&) = delete;
    RaceTable& operator=(const RaceTable&) = delete;

    /// Sets up the next batches.
    void set_up(const RaceSetup& setup);
    /// kRaceBatch packets on `cpu`, where the calling thread must be.
    void run_batch(int cpu) const;

    [[nodiscard]] RaceCounts counts() const; ///< since the beginning, of all CPUs
    [[nodiscard]] Conservation conservation() const;
    /// Faults that can be seen when nothing runs: headers restored more often than stripped, slots that are lost or
    /// have two owners.
    [[nodiscard]] std::vector<std::string> faults() const;

private:
    struct Close {
        void operator()(bpf_object* object) const;
        void operator()(race_bpf* harness) const;
    };
    using Object = std::unique_ptr<bpf_object, Close>;

    std::uint64_t seed_;
    std::uint32_t encaps_;
    Plan plan_;
    Programs programs_; ///< for its maps, which all builds share
    std::unique_ptr<race_bpf, Close> harness_;
    std::map<std::pair<RaceBuild, bool>, Object> builds_;
    IndexSize index_; ///< of the programs that were set up last

    [[nodiscard]] Object load(RaceBuild build, bool crowded) const;
    void seed_cpus() const;
};

/// Packets of one batch.
inline constexpr std::uint32_t kRaceBatch = 10'000;

/// The CPUs that this process may run on.
[[nodiscard]] std::vector<int> race_cpus();
[[nodiscard]] std::vector<std::string> race_interfaces();

} // namespace sfc::test
