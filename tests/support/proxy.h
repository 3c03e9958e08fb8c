// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <memory>

#include "config/plan.h"
#include "loader/programs.h"
#include "loader/test_run.h"
#include "packet.h"
#include "report/report.h"

namespace sfc::test {

/// Port, SF and service ids of the standard plan: domain port d0, SF `fw` with ports left and right, next hop through
/// e0.
enum Id : std::uint16_t { kLeft = 1, kRight = 2, kDomain = 3, kEgress = 4, kFw = 1, kOut = 1 };

/// Where the frames of packet.h go.
inline constexpr Mac kFrameMac = {0x02, 0, 0, 0, 0, 0x01};
/// All ports have that MAC, as interfaces would give them one.
[[nodiscard]] Plan with_macs(Plan plan);

/// One service: label 16001 on d0, through fw from left to right, out of e0.
[[nodiscard]] Plan standard_plan(std::uint32_t capacity = 64);

/// The programs with the standard plan and a clock that the test sets, on interfaces of the test's own network
/// namespace.
class Proxy {
public:
    explicit Proxy(const Plan& plan = standard_plan(), LoadSettings settings = {.clock = SFC_CLOCK_MAP});

    Programs programs;
    TestRun::Outcome strip(const Bytes& frame) { return test_run_.strip(frame, ifindex_[kDomain]); }
    TestRun::Outcome restore(const Bytes& frame, std::uint16_t port = kRight) {
        return test_run_.restore(frame, ifindex_[port]);
    }
    [[nodiscard]] std::uint32_t ifindex(std::uint16_t port) const { return ifindex_[port]; }
    [[nodiscard]] Conservation conservation(std::uint64_t now_ns = 0) const;

private:
    Plan plan_;
    TestRun test_run_;
    std::vector<std::uint32_t> ifindex_;
};

} // namespace sfc::test
