// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include <fmt/format.h>

#include "command_json.h"
#include "commands.h"
#include "flood.h"
#include "replay/sandbox.h"
#include "sfc_abi.h"

namespace sfc::test {
namespace {

constexpr double kRateLeast = 0.999;

bool passed(const FloodResult& result) {
    return result.beside.rate() >= kRateLeast && result.after.rate() >= kRateLeast &&
           result.live_max <= result.capacity && result.memory_before == result.memory_after && result.wrong == 0 &&
           result.balanced && result.kernel_trouble.empty();
}

void print_text(const FloodResult& result) {
    print_counts("frames", result.classes);
    std::cout << fmt::format("flood: {} packets that never came back\n", result.flooded);
    std::cout << fmt::format("the other service, meanwhile: {} of {} restored\n", result.beside.restored,
                             result.beside.to_sf);
    std::cout << fmt::format("the flooded one, from a hold time after the flood: {} of {} restored\n",
                             result.after.restored, result.after.to_sf);
    std::cout << fmt::format("maps: {} bytes before, {} after; at most {} references live in {} slots\n",
                             result.memory_before, result.memory_after, result.live_max, result.capacity);
    for (const std::string& line : result.examples) {
        std::cout << line << '\n';
    }
    for (const std::string& line : result.kernel_trouble) {
        std::cout << "kernel: " << line;
    }
}

} // namespace

int flood_command(const FloodOptions& options, bool json) {
    enter_sandbox(flood_interfaces(options));
    const FloodResult result = run_flood(options);
    if (json) {
        std::cout << json_of(options, result) << '\n';
    } else {
        print_text(result);
    }
    std::cout << fmt::format("RESULT {} packets={} seed={} restore_rate={:.5f} after_rate={:.5f} live_max={} "
                             "capacity={} memory={} wrong={} balanced={}\n",
                             passed(result) ? "pass" : "fail", result.flooded, options.seed, result.beside.rate(),
                             result.after.rate(), result.live_max, result.capacity,
                             result.memory_before == result.memory_after ? "constant" : "changed", result.wrong,
                             result.balanced ? "yes" : "no");
    return passed(result) ? 0 : 1;
}

} // namespace sfc::test
