// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Each helper call of each run fails once, and behind each the frame is cut once. Whatever the programs make of that:
// no access outside, no lock left, and an action, a verdict and a reason that agree.
#include "faults.h"
#include "frame_maker.h"
#include "native_runner.h"
#include "setup.h"

namespace sfc::test {
namespace {

constexpr std::uint32_t kFrames = 1500;

constexpr std::uint32_t kCapacity = 1024; // the least for so many services

/// The campaign's configuration, but with so few slots that entries are evicted.
class Faults : public testing::Test {
protected:
    oracle::World world = campaign_world(all_encaps());
    Plan plan = make_plan(parse_config(oracle::yaml(world, kCapacity), "campaign"));
    NativeRunner runner{plan};
    Random random{1};
    FrameMaker make{random, world};

    Faults() { runner.set_own_addresses(world.addresses); }

    template <class Once, class Before> void each(const Bytes& frame, Once once, Before before) {
        each_fault(runner.machine, random, frame, once, before);
    }
};

TEST_F(Faults, OnTheWayToTheSfAndBack) {
    const std::uint16_t domain = plan.port_id("p0");
    for (std::uint32_t n = 0; n < kFrames && !HasFatalFailure(); n++) {
        const Bytes frame = make.domain_frame();
        const auto strip = [&] { return runner.strip(domain, frame); };
        each(frame, strip, [] {});
        const Ran stripped = strip();
        if (stripped.result.verdict != SFC_VERDICT_TO_SF) {
            continue;
        }
        const Bytes bare(stripped.bytes.begin(), stripped.bytes.end());
        const std::uint16_t back = plan.return_port(stripped.result.egress);
        each(
            bare, [&] { return runner.restore(back, bare); }, strip);
    }
}

TEST_F(Faults, OfFramesThatNobodyStripped) {
    for (std::uint32_t n = 0; n < kFrames && !HasFatalFailure(); n++) {
        const Bytes frame = make_forged(random);
        for (const Plan::Sf& sf : std::span(plan.sfs).subspan(1)) {
            each(
                frame, [&] { return runner.restore(sf.left, frame); }, [] {});
        }
    }
}

} // namespace
} // namespace sfc::test
