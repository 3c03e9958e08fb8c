// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// bench hints: services whose matches share a position have one hint. All but one of them are found by the hash map.
#include <iostream>

#include <nlohmann/json.hpp>

#include "commands.h"
#include "config/config.h"
#include "loader/maps.h"
#include "loader/programs.h"

namespace sfc::bench {

int run_hints(const std::string& path) {
    const Plan plan = make_plan(load_config(path));
    std::cout << nlohmann::ordered_json{{"version", 1},
                                        {"bench", "hints"},
                                        {"matches", plan.matches.size()},
                                        {"match_positions", match_hints(plan).size()},
                                        {"number_positions", load_constants(plan, {}).number_mask + 1}}
              << '\n';
    return 0;
}

} // namespace sfc::bench
