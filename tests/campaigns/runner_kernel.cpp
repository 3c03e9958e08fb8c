// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runner_kernel.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <net/if.h>

#include "base/error.h"
#include "loader/programs.h"
#include "loader/test_run.h"
#include "report/report.h"

namespace sfc::test {
namespace {

constexpr std::uint64_t kSeed = 1; // of the hash secrets: a campaign can be repeated

/// What the kernel says that a map takes, in bytes.
std::uint64_t charged(int fd) {
    std::ifstream info(fmt::format("/proc/self/fdinfo/{}", fd));
    std::string word;
    std::uint64_t bytes = 0;
    while (info >> word && word != "memlock:") {
    }
    if (!(info >> bytes)) {
        throw Error(ExitCode::Failed, "the kernel does not say how large a map is");
    }
    return bytes;
}

class KernelRunner : public Runner {
public:
    explicit KernelRunner(const Plan& plan)
        : plan_(plan), programs_(plan, {.clock = SFC_CLOCK_MAP, .any_mac = true, .seed = kSeed}), test_run_(programs_),
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
    void set_own_addresses(const std::vector<std::array<std::uint8_t, 16>>& addresses) override {
        std::vector<sfc_address> own(addresses.size());
        std::transform(addresses.begin(), addresses.end(), own.begin(),
                       [](const auto& address) { return std::bit_cast<sfc_address>(address); });
        programs_.maps().set_own_addresses(own);
    }
    Totals totals() override {
        const Conservation sums = conserve(snapshot(), plan_);
        return {sums.balanced(), sums.cache.evicted, sums.cache.expired, sums.cache.flushed, sums.cache.live};
    }
    void skip_redirected(bool skip) override { test_run_.skip_redirected(skip); }
    void raise_epoch(std::uint16_t sf_id) override {
        sfc_sf entry = programs_.maps().sf(sf_id);
        entry.epoch++;
        programs_.maps().set_sf(sf_id, entry);
    }
    Snapshot snapshot() override { return take_snapshot(programs_.maps(), plan_, now_); }
    sfc_counters service_counters(std::uint16_t id) override { return programs_.maps().service_counters(id); }
    std::vector<std::uint64_t> live_of_services() override {
        std::vector<std::uint64_t> live(plan_.services.size());
        programs_.maps().each_entry(
            [&](const sfc_slot& slot, unsigned references) { live.at(slot_header(slot).service) += references; });
        return live;
    }
    std::uint64_t memory() override {
        std::uint64_t bytes = 0;
        for (std::size_t i = 0; i < kMapNames.size(); i++) {
            bytes += charged(programs_.maps().fd(static_cast<MapId>(i)));
        }
        return bytes;
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
