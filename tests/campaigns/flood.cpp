// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "flood.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "kernel_log.h"
#include "runner_kernel.h"
#include "traffic_runs.h"
#include "traffic_world.h"

namespace sfc::test {
namespace traffic {
namespace {

enum Services : std::size_t { Flooded, Normal, EachEncap };
enum Mark : std::uint8_t { Unwatched, Beside, After };

constexpr std::uint32_t kTimesCapacity = 10; // in one hold time
constexpr std::uint32_t kNormalShare = 16;   // normal traffic has at most the 16th part of the capacity in the SF
constexpr std::uint32_t kLongest = 24;       // ticks in the SF: well within hold
constexpr std::uint64_t kAfterHolds = 4;     // how long the flooded service is watched from a hold time after the flood
constexpr std::uint64_t kFloodMost = std::uint64_t{kNumbersMost} / 4 * 3; // the rest of the keys is for normal traffic
constexpr std::uint64_t kLook = 16; // ticks between two counts of what is in the cache

class Flood {
public:
    Flood(const FloodOptions& options, const oracle::World& world, const Plan& plan, Runner& runner)
        : runner_(runner), random_(options.seed), maker_(world, random_), sf_(random_),
          runs_(world, plan, runner, maker_), encaps_(static_cast<std::uint32_t>(options.encaps.size())),
          flood_tick_(plan.capacity * kTimesCapacity / kTicksMost),
          flood_packets_(options.packets != 0 ? options.packets
                                              : options.seconds * 1'000'000'000 / kTickNs * flood_tick_) {
        const std::uint32_t most = plan.capacity / kNormalShare;
        normal_tick_ = std::max(1U, most / kLongest);
        sf_.behave(
            {.mean_ticks = std::min(kLongest, most / normal_tick_) / 2, .lost_in = 0, .twice_in = 0, .slow_in = 0});
        result_.capacity = plan.capacity;
        if (flood_packets_ > kFloodMost) {
            throw Error(ExitCode::Usage, fmt::format("a flood of {} packets is too long: at most {} are possible",
                                                     flood_packets_, kFloodMost));
        }
    }

    FloodResult run() {
        result_.memory_before = runner_.memory();
        while (result_.flooded < flood_packets_) {
            const std::uint64_t left = flood_packets_ - result_.flooded;
            tick({.flood = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, flood_tick_)),
                  .normal = normal_tick_},
                 Beside);
        }
        const std::uint64_t begin = tick_ + kTicksMost;
        const std::uint64_t end = begin + kAfterHolds * kTicksMost;
        while (tick_ < end) {
            const std::uint32_t flooded = tick_ >= begin ? normal_tick_ : 0;
            tick({.flood = 0, .normal = normal_tick_, .after = flooded}, Unwatched);
        }
        while (sf_.to_come() > 0) {
            tick({}, Unwatched);
        }
        return finish();
    }

private:
    /// Packets of one tick.
    struct Share {
        std::uint32_t flood = 0, normal = 0, after = 0;
        [[nodiscard]] std::uint32_t sum() const { return flood + normal + after; }
    };

    Runner& runner_;
    Random random_;
    PacketMaker maker_;
    SimulatedSf sf_;
    Runs runs_;
    std::uint32_t encaps_;
    std::uint32_t flood_tick_;
    std::uint32_t normal_tick_ = 1;
    std::uint64_t flood_packets_;
    std::uint64_t tick_ = 0;
    Served unwatched_;
    FloodResult result_;

    /// All in any order. `mark` is for the normal traffic.
    void tick(Share left, Mark mark) {
        runs_.set_time(++tick_ * kTickNs);
        std::vector<std::uint32_t>& due = sf_.due(tick_);
        while (!due.empty() || left.sum() > 0) {
            std::uint32_t which = random_.below(static_cast<std::uint32_t>(due.size()) + left.sum());
            if (which < left.flood) {
                left.flood--;
                result_.flooded++;
                (void)runs_.strip(maker_.fresh(any(Flooded)));
            } else if (which < left.flood + left.normal) {
                left.normal--;
                send(Normal, mark);
            } else if (which < left.sum()) {
                left.after--;
                send(Flooded, After);
            } else {
                which -= left.sum();
                give_back(due[which]);
                due[which] = due.back();
                due.pop_back();
            }
        }
        if (tick_ % kLook == 0) {
            look();
        }
    }

    void look() { result_.live_max = std::max(result_.live_max, runner_.totals().live); }

    Served& served(std::uint8_t mark) {
        return mark == Beside ? result_.beside : mark == After ? result_.after : unwatched_;
    }

    /// Such a service, of any encapsulation.
    std::size_t any(Services such) { return random_.below(encaps_) * EachEncap + such; }

    void send(Services service, std::uint8_t mark) {
        if (const InSf* in_sf = runs_.strip(maker_.fresh(any(service)))) {
            InSf packet = *in_sf;
            packet.mark = mark;
            served(mark).to_sf++;
            (void)sf_.take(tick_, kTicksMost, packet);
        }
    }

    void give_back(std::uint32_t index) {
        const InSf& packet = sf_.packet(index);
        if (runs_.restore(packet.frame, packet) == Class::Right) {
            served(packet.mark).restored++;
        }
        sf_.returned(index);
    }

    FloodResult finish() {
        look();
        result_.memory_after = runner_.memory();
        const TrafficResult all = runs_.finish(false);
        result_.classes = all.classes;
        result_.examples = all.examples;
        result_.wrong = all.wrong;
        result_.balanced = all.balanced;
        return result_;
    }
};

} // namespace
} // namespace traffic

FloodResult run_flood(const FloodOptions& options) {
    const oracle::World world = traffic::flood_world(options.encaps);
    const Plan plan = make_plan(parse_config(oracle::yaml(world, options.capacity), "campaign"));
    KernelLog log;
    const auto runner = make_kernel_runner(plan);
    runner->set_own_addresses(world.addresses);
    FloodResult result = traffic::Flood(options, world, plan, *runner).run();
    result.kernel_trouble = log.trouble();
    return result;
}

std::vector<std::string> flood_interfaces(const FloodOptions& options) {
    return oracle::interface_names(traffic::flood_world(options.encaps));
}

} // namespace sfc::test
