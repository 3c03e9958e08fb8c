// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Loads all programs into the running kernel and prints how many instructions the verifier walked; those of the lab and
// of the benches are loaded too. Run on the host and, by tests/vm, in a guest with another kernel. Exit code 0 only if
// all loaded, and the proxy's within the budget.
#include <algorithm>
#include <array>
#include <iostream>

#include <fmt/format.h>
#include <sys/utsname.h>

#include "../bench/ceiling.h" // the skeleton has it in its read-only data
#include "base/error.h"
#include "ceiling.skel.h"
#include "chain.skel.h"
#include "edge.skel.h"
#include "edge_nsh.skel.h"
#include "edge_srv6.skel.h"
#include "loader/programs.h"
#include "loads.skel.h"
#include "micro.skel.h"
#include "paper.skel.h"
#include "sfc_encaps.h"
#include "wire.skel.h"

namespace {

constexpr std::uint32_t kBudget = 300'000; // less than a third of the kernel's limit: room for what is still to come

/// A shape that programs are loaded for: they lack all that is off in it.
struct Shape {
    const char* name;
    bool kernel_mode;
    std::uint32_t header_room;
    std::size_t masks;
    bool remember = false;
    bool icmp = false;
};
constexpr std::array kShapes = {
    Shape{"user mode, MPLS", false, SFC_HEADER_ROOM_LEAST, 1},
    Shape{"user mode, MPLS, keys remembered", false, SFC_HEADER_ROOM_LEAST, 1, true},
    Shape{"kernel mode, MPLS", true, SFC_HEADER_ROOM_LEAST, 1},
    Shape{"user mode, MPLS, ICMP", false, SFC_HEADER_ROOM_LEAST, 1, false, true},
    Shape{"everything", true, SFC_HEADER_MAX, SFC_MASKS_MAX, true, true},
};

sfc::Plan plan_of(const Shape& shape) {
    sfc::Plan plan;
    plan.capacity = 65536;
    plan.memory_lines = shape.remember ? 65536 : 0;
    plan.ports.resize(2);
    plan.sfs.resize(2);
    plan.services.resize(2);
    plan.shape.kernel_mode = shape.kernel_mode;
    plan.sfs[1].entry.kernel = shape.kernel_mode ? 1 : 0; // of this host: with all that may be pushed
    plan.shape.icmp = shape.icmp ? SFC_ICMP_IPV4 | SFC_ICMP_IPV6 : 0;
    plan.shape.header_room = shape.header_room;
    const bool all = shape.masks == SFC_MASKS_MAX;
    plan.shape.fib = all;
    plan.services[1].entry.options = all ? +SFC_OPTION_LAST : 0;
    for (unsigned encap = SFC_ENCAP_mpls; encap < (all ? SFC_ENCAP_USED : SFC_ENCAP_mpls + 1); encap++) {
        plan.shape.masks.at(encap).assign(shape.masks, {});
    }
    return plan;
}

/// The most instructions that the verifier walks for one of the programs, of those that `shape` loads.
std::uint32_t verify(const Shape& shape, const char* kernel) {
    const sfc::Programs programs(plan_of(shape), {});
    std::uint32_t most = 0;
    for (const sfc::ProgramInfo& program : programs.info()) {
        std::cout << fmt::format("program {} shape '{}' verified_insns {} insns {} kernel {}\n", program.name,
                                 shape.name, program.verified_instructions, program.instructions, kernel);
        most = std::max(most, program.verified_instructions);
    }
    return most;
}

/// Programs around the proxy: that they load is all that is asked of them.
template <class Skeleton> bool loads(const char* name) {
    Skeleton* skeleton = Skeleton::open_and_load();
    std::cout << fmt::format("{}: {}\n", name, skeleton != nullptr ? "loads" : "does not load");
    Skeleton::destroy(skeleton);
    return skeleton != nullptr;
}

} // namespace

int main() {
    utsname kernel{};
    uname(&kernel);
    try {
        std::uint32_t most = 0;
        for (const Shape& shape : kShapes) {
            most = std::max(most, verify(shape, kernel.release));
        }
        bool around = loads<edge_bpf>("lab/edge");
        around = loads<edge_nsh_bpf>("lab/edge_nsh") && around;
        around = loads<edge_srv6_bpf>("lab/edge_srv6") && around;
        around = loads<micro_bpf>("bench/micro") && around;
        around = loads<chain_bpf>("bench/chain") && around;
        around = loads<loads_bpf>("bench/loads") && around;
        around = loads<ceiling_bpf>("bench/ceiling") && around;
        around = loads<paper_bpf>("bench/paper") && around;
        around = loads<wire_bpf>("bench/wire") && around;
        const bool pass = most > 0 && most < kBudget && around;
        std::cout << fmt::format("RESULT {} most={} budget={} kernel={}\n", pass ? "pass" : "fail", most, kBudget,
                                 kernel.release);
        return pass ? 0 : 1;
    } catch (const sfc::Error& error) {
        std::cout << error.what() << '\n' << fmt::format("RESULT fail kernel={}\n", kernel.release);
        return 1;
    }
}
