// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "race.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <future>
#include <sched.h>

#include <fmt/format.h>

#include "base/error.h"
#include "kernel_log.h"

namespace sfc::test {
namespace {

/// The ways of meeting. The table has 64 slots, a bucket 15 words.
std::array<RacePart, 4> parts(RaceBuild build) {
    return {{{"few", {.build = build, .numbers = 8}},
             {"expire", {.build = build, .numbers = 16, .expire = true}},
             {"evict", {.build = build, .numbers = 256}},
             {"crowd", {.build = build, .numbers = 64, .crowded = true}}}};
}
constexpr std::uint64_t kParts = 8; // four of each build

void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) {
        throw system_error(fmt::format("cannot stay on CPU {}", cpu), errno);
    }
}

/// Batches on all CPUs at once, each as many as it can, while `go_on` says so.
void run_batches(const RaceTable& table, const std::function<bool()>& go_on) {
    std::vector<std::future<void>> running;
    for (const int cpu : race_cpus()) {
        running.push_back(std::async(std::launch::async, [&, cpu] {
            pin(cpu);
            while (go_on()) {
                table.run_batch(cpu);
            }
        }));
    }
    for (std::future<void>& one : running) {
        one.get();
    }
}

RaceCounts since(RaceCounts now, const RaceCounts& before) {
    std::transform(now.begin(), now.end(), before.begin(), now.begin(), std::minus<>());
    return now;
}

/// Counts that must be zero, and those that must not, or the part tried nothing.
void judge(RacePart& part) {
    constexpr std::array<std::pair<race_count, const char*>, 4> kNever = {{
        {RACE_WRONG, "restored with a header that the packet never had"},
        {RACE_TORN, "restored with a header that no packet had"},
        {RACE_FALSE_AMBIGUOUS, "dropped as ambiguous, with one stack only"},
        {RACE_STRANGE, "ended in another way, or changed"},
    }};
    for (const auto& [count, what] : kNever) {
        if (part.counts[count] != 0) {
            part.faults.push_back(fmt::format("{} packets {}", part.counts[count], what));
        }
    }
    const auto must = [&part](std::uint64_t count, const char* what) {
        if (count == 0) {
            part.faults.push_back(fmt::format("never occurred: {}", what));
        }
    };
    must(part.counts[RACE_RESTORED], "restored");
    must(part.counts[RACE_RESTORED_LONG], "restored, of more than 32 bytes");
    must(part.counts[RACE_AMBIGUOUS], "ambiguous");
    must(part.setup.expire ? part.expired : 1, "expired");
    must(part.setup.crowded || part.setup.numbers > 64 ? part.evicted : 1, "evicted");
    if (!part.balanced) {
        part.faults.emplace_back("the equations do not hold");
    }
}

class Race {
public:
    explicit Race(const RaceOptions& options) : options_(options) {}

    RaceResult run() {
        KernelLog log;
        run_parts(RaceBuild::Plain);
        run_parts(RaceBuild::Stalled);
        run_naive();
        result_.kernel_trouble = log.trouble();
        return result_;
    }

private:
    RaceOptions options_;
    RaceResult result_;

    [[nodiscard]] RaceTable table_of() const {
        std::uint32_t encaps = 0;
        for (const oracle::Encapsulation which : options_.encaps) {
            encaps |= which == oracle::Encapsulation::Srv6  ? RACE_SRV6
                      : which == oracle::Encapsulation::Nsh ? RACE_NSH
                                                            : RACE_MPLS;
        }
        return {options_.seed, encaps};
    }

    void run_parts(RaceBuild build) {
        RaceTable table = table_of(), crowded = table_of(); // words of the two mean nothing to each other
        for (RacePart part : parts(build)) {
            run_part(part.setup.crowded ? crowded : table, part,
                     (options_.events / kParts + kRaceBatch - 1) / kRaceBatch);
            result_.parts.push_back(std::move(part));
        }
    }

    static void run_part(RaceTable& table, RacePart& part, std::uint64_t batches) {
        table.set_up(part.setup);
        const RaceCounts before = table.counts();
        const Conservation sums_before = table.conservation();
        std::atomic<std::uint64_t> left = batches;
        run_batches(table, [&] {
            std::uint64_t now = left;
            while (now > 0 && !left.compare_exchange_weak(now, now - 1)) {
            }
            return now > 0;
        });
        const Conservation sums = table.conservation();
        part.events = batches * kRaceBatch;
        part.counts = since(table.counts(), before);
        part.evicted = sums.cache.evicted - sums_before.cache.evicted;
        part.expired = sums.cache.expired - sums_before.cache.expired;
        part.live = sums.cache.live;
        part.balanced = sums.balanced();
        part.faults = table.faults();
        judge(part);
    }

    /// In a table of its own: nothing of it can be trusted afterwards.
    void run_naive() {
        using Clock = std::chrono::steady_clock;
        const auto seconds_since = [](Clock::time_point then) {
            return std::chrono::duration<double>(Clock::now() - then).count();
        };
        RaceTable table = table_of();
        table.set_up({.build = RaceBuild::Naive, .numbers = 256});
        const auto start = Clock::now();
        const auto caught = [&table] {
            const RaceCounts counts = table.counts();
            return counts[RACE_WRONG] + counts[RACE_TORN] > 0;
        };
        run_batches(table,
                    [&] { return !caught() && seconds_since(start) < static_cast<double>(options_.seconds_naive); });
        if (caught()) {
            result_.naive_caught_s = seconds_since(start);
        }
        result_.naive = table.counts();
    }
};

} // namespace

RaceResult run_race(const RaceOptions& options) {
    return Race(options).run();
}

} // namespace sfc::test
