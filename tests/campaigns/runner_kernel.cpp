// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runner_kernel.h"

#include <vector>

#include <net/if.h>

#include "programs.h"
#include "report.h"
#include "test_run.h"

namespace sfc::test {
namespace {

constexpr std::uint64_t kSeed = 1; // of the hash secrets: a campaign can be repeated

class KernelRunner : public Runner {
public:
    explicit KernelRunner(const Plan& plan)
        : plan_(plan), programs_(plan, {.clock = SFC_CLOCK_MAP, .seed = kSeed}), test_run_(programs_),
          ifindex_(plan.ports.size()) {
        for (std::size_t id = 1; id < plan.ports.size(); id++) {
            ifindex_[id] = if_nametoindex(plan.ports[id].name.c_str());
            programs_.maps().set_interface(static_cast<std::uint16_t>(id), ifindex_[id]);
        }
    }

    Ran strip(std::uint16_t port_id, std::span<const std::uint8_t> frame) override {
        return ran(test_run_.strip(frame, ifindex_[port_id]));
    }
    Ran restore(std::uint16_t port_id, std::span<const std::uint8_t> frame) override {
        return ran(test_run_.restore(frame, ifindex_[port_id]));
    }
    void set_time(std::uint64_t ns) override {
        programs_.maps().set_time(ns);
        now_ = ns;
    }
    Totals totals() override {
        const Conservation sums = conserve(take_snapshot(programs_.maps(), plan_, now_), plan_);
        return {sums.balanced(), sums.cache.evicted, sums.cache.expired, sums.cache.flushed, sums.cache.live};
    }

private:
    Plan plan_;
    Programs programs_;
    TestRun test_run_;
    std::vector<std::uint32_t> ifindex_;
    std::uint64_t now_ = 0;

    static Ran ran(const TestRun::Outcome& outcome) { return {outcome.action, outcome.result, outcome.bytes}; }
};

} // namespace

std::unique_ptr<Runner> make_kernel_runner(const Plan& plan) {
    return std::make_unique<KernelRunner>(plan);
}

} // namespace sfc::test
