// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Loads all programs into the running kernel and prints how many instructions the verifier walked; those of the lab and
// of the benches are loaded too. Run on the host and, by tests/vm, in a guest with another kernel. Exit code 0 only if
// all loaded, and the proxy's within the budget.
#include <iostream>

#include <fmt/format.h>
#include <sys/utsname.h>

#include "../bench/ceiling.h" // the skeleton has it in its read-only data
#include "base/error.h"
#include "ceiling.skel.h"
#include "chain.skel.h"
#include "edge.skel.h"
#include "loader/programs.h"
#include "micro.skel.h"
#include "paper.skel.h"
#include "wire.skel.h"

namespace {

constexpr std::uint32_t kBudget = 200'000; // a fifth of the kernel's limit: room for what is still to come

sfc::Plan smallest_plan() {
    sfc::Plan plan;
    plan.capacity = 65536;
    plan.ports.resize(2);
    plan.sfs.resize(2);
    plan.sfs[1].entry.stack = 1; // with all that is left out otherwise
    plan.services.resize(2);
    return plan;
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
        const sfc::Programs programs(smallest_plan(), {});
        std::uint32_t most = 0;
        for (const sfc::ProgramInfo& program : programs.info()) {
            std::cout << fmt::format("program {} verified_insns {} kernel {}\n", program.name,
                                     program.verified_instructions, kernel.release);
            most = std::max(most, program.verified_instructions);
        }
        bool around = loads<edge_bpf>("lab/edge");
        around = loads<micro_bpf>("bench/micro") && around;
        around = loads<chain_bpf>("bench/chain") && around;
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
