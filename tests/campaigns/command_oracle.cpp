// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include <fmt/format.h>

#include "command_json.h"
#include "commands.h"
#include "replay/sandbox.h"
#include "traffic.h"

namespace sfc::test {
namespace {

constexpr std::uint64_t kMillion = 1'000'000;

bool passed(const TrafficOptions& options, const TrafficResult& result) {
    return result.wrong == 0 && result.counters.at("forgotten") == 0 && result.balanced && result.untried.empty() &&
           result.kernel_trouble.empty() && result.early * kMillion <= options.early_limit * result.to_sf;
}

void print_text(const TrafficResult& result) {
    print_counts("events", result.classes);
    print_counts("references in the cache", result.counters);
    std::cout << fmt::format("evicted early: {} of services with fewer than {} entries in flight\n", result.early,
                             result.quota);
    if (result.wrong > 0) {
        print_counts("differences", result.differences);
    }
    for (const std::string& line : result.examples) {
        std::cout << line << '\n';
    }
    for (const std::string& what : result.untried) {
        std::cout << "never occurred: " << what << '\n';
    }
    for (const std::string& line : result.kernel_trouble) {
        std::cout << "kernel: " << line;
    }
}

} // namespace

int oracle_command(const TrafficOptions& options, bool json) {
    if (options.build != Build::Native) {
        enter_sandbox(traffic_interfaces(options));
    }
    const TrafficResult result = run_traffic(options);
    if (json) {
        std::cout << json_of(options, result) << '\n';
    } else {
        print_text(result);
    }
    std::cout << fmt::format("RESULT {} events={} seed={} wrong={} limit={} early={} balanced={}\n",
                             passed(options, result) ? "pass" : "fail", result.events, options.seed, result.wrong,
                             result.limit, result.early, result.balanced ? "yes" : "no");
    return passed(options, result) ? 0 : 1;
}

} // namespace sfc::test
