// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "native_runner.h"
#include "random.h"

namespace sfc::test {

/// Whether action, verdict and reason of a run agree: empty where they do.
inline std::string contradiction(const Ran& ran, bool redirected) {
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
        return is(SFC_VERDICT_PASSED, true) || is(SFC_VERDICT_BYPASSED, true) ? "" : "passed otherwise";
    case XDP_REDIRECT:
        if (ran.result.answered != 0) {
            return redirected && is(SFC_VERDICT_DROPPED, true) ? "" : "answered otherwise";
        }
        return redirected && (is(SFC_VERDICT_TO_SF, false) || is(SFC_VERDICT_RESTORED, false) ||
                              (is(SFC_VERDICT_BYPASSED, true) && ran.result.egress != SFC_NONE))
                   ? ""
                   : "sent otherwise";
    default:
        return "an action that the programs do not have";
    }
}

/// Runs `once` as it is, then with each fault at each of its helper calls. `before` makes each run the same.
template <class Once, class Before>
void each_fault(Machine& machine, Random& random, const Bytes& frame, Once once, Before before) {
    before();
    once();
    const std::uint32_t calls = machine.calls();
    for (std::uint32_t call = 0; call < calls; call++) {
        const auto size = static_cast<std::uint32_t>(frame.size());
        for (const Fault fault : {Fault{Fault::Refuse, call}, Fault{Fault::Cut, call, 0}, Fault{Fault::Cut, call, 14},
                                  Fault{Fault::Cut, call, random.below(size)}}) {
            before();
            machine.fault = fault;
            const Ran ran = once();
            machine.fault = {};
            const std::string wrong = contradiction(ran, machine.redirected().has_value());
            ASSERT_EQ(wrong, "") << "fault " << fault.kind << " at call " << call;
            // A passed frame is the kernel's, who must get it as it came.
            ASSERT_TRUE(ran.action != XDP_PASS || ran.result.verdict == SFC_VERDICT_BYPASSED ||
                        fault.kind == Fault::Cut || std::ranges::equal(ran.bytes, frame));
        }
    }
}

} // namespace sfc::test
