// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>

#include "native_runner.h"

namespace sfc::test {

constexpr std::uint32_t kHairpinIn = 900, kHairpinOut = 901;
constexpr std::uint32_t kMark = 0xfffff800; ///< as split_mark() has it
constexpr std::uint64_t kSomeTime = 1'000'000'000;

/// Every way out of a kernel has the hairpin; what comes out of it leaves by the port of that name.
inline void set_hairpins(Machine& machine, const Plan& plan, const char* way_out = "e0") {
    for (std::uint32_t id = 1; id < plan.ports.size(); id++) {
        machine.map("ports").at<sfc_port>(id).hairpin = plan.ports[id].kernel_egress ? kHairpinIn : 0;
    }
    machine.map("port_id_array").set(kHairpinOut, std::uint32_t{plan.port_id(way_out)});
}

/// Of kMark, 7 bits for numbers of a cache of 64, 4 for generations, 10 for checks. The mask says whether it is used.
inline void split_mark(sfc_config& constants) {
    constants.mark_shift = 11;
    constants.mark_number_bits = 7;
    constants.mark_check_bits = 10;
}

} // namespace sfc::test
