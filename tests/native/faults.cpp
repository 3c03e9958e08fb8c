// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Each helper call of each run fails once, and behind each the frame is cut once. Whatever the programs make of that:
// no access outside, no lock left, and an action, a verdict and a reason that agree.
#include <gtest/gtest.h>

#include "frame_maker.h"
#include "native_runner.h"
#include "setup.h"

namespace sfc::test {
namespace {

constexpr std::uint32_t kFrames = 1500;

/// Empty where all is well.
std::string contradiction(const Ran& ran, bool redirected) {
    const bool has_reason = ran.result.reason > SFC_OK && ran.result.reason < SFC_REASON_USED;
    const auto is = [&](sfc_verdict verdict, bool reason) {
        return ran.result.verdict == verdict && (reason ? has_reason : ran.result.reason == SFC_OK);
    };
    switch (ran.action) {
    case XDP_ABORTED:
        return is(SFC_VERDICT_NONE, false) ? "" : "aborted with a verdict";
    case XDP_DROP:
        return is(SFC_VERDICT_DROPPED, true) && ran.result.egress == SFC_NONE ? "" : "dropped otherwise";
    case XDP_PASS:
        return is(SFC_VERDICT_PASSED, true) ? "" : "passed otherwise";
    case XDP_REDIRECT:
        return redirected && (is(SFC_VERDICT_TO_SF, false) || is(SFC_VERDICT_RESTORED, false)) ? "" : "sent otherwise";
    default:
        return "an action that the programs do not have";
    }
}

constexpr std::uint32_t kCapacity = 256; // the least for so many services

/// The campaign's configuration, but with so few slots that entries are evicted.
Plan small_plan() {
    return make_plan(parse_config(oracle::yaml(campaign_world(), kCapacity), "campaign"));
}

class Faults : public testing::Test {
protected:
    Plan plan = small_plan();
    NativeRunner runner{plan};
    Random random{1};
    FrameMaker make{random, campaign_chains(campaign_world())};

    /// Runs `once` as it is, then with each fault at each of its helper calls. `before` makes each run the same.
    template <class Once, class Before> void each_fault(const Bytes& frame, Once once, Before before) {
        before();
        once();
        const std::uint32_t calls = runner.machine.calls();
        for (std::uint32_t call = 0; call < calls; call++) {
            const auto size = static_cast<std::uint32_t>(frame.size());
            for (const Fault fault : {Fault{Fault::Refuse, call}, Fault{Fault::Cut, call, 0},
                                      Fault{Fault::Cut, call, 14}, Fault{Fault::Cut, call, random.below(size)}}) {
                before();
                runner.machine.fault = fault;
                const Ran ran = once();
                runner.machine.fault = {};
                const std::string wrong = contradiction(ran, runner.machine.redirected().has_value());
                ASSERT_EQ(wrong, "") << "fault " << fault.kind << " at call " << call;
                // A passed frame is the kernel's, who must get it as it came.
                ASSERT_TRUE(ran.action != XDP_PASS || fault.kind == Fault::Cut || std::ranges::equal(ran.bytes, frame));
            }
        }
    }
};

TEST_F(Faults, OnTheWayToTheSfAndBack) {
    const std::uint16_t domain = plan.port_id("p0");
    for (std::uint32_t n = 0; n < kFrames && !HasFatalFailure(); n++) {
        const Bytes frame = make.labelled();
        const auto strip = [&] { return runner.strip(domain, frame); };
        each_fault(frame, strip, [] {});
        const Ran stripped = strip();
        if (stripped.result.verdict != SFC_VERDICT_TO_SF) {
            continue;
        }
        const Bytes bare(stripped.bytes.begin(), stripped.bytes.end());
        const std::uint16_t back = plan.return_port(stripped.result.egress);
        each_fault(
            bare, [&] { return runner.restore(back, bare); }, strip);
    }
}

TEST_F(Faults, OfFramesThatNobodyStripped) {
    for (std::uint32_t n = 0; n < kFrames && !HasFatalFailure(); n++) {
        const Bytes frame = make_forged(random);
        for (const Plan::Sf& sf : std::span(plan.sfs).subspan(1)) {
            each_fault(
                frame, [&] { return runner.restore(sf.left, frame); }, [] {});
        }
    }
}

} // namespace
} // namespace sfc::test
