// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "commands.h"

#include <iostream>

#include <fmt/format.h>

namespace sfc::test {

void print_counts(const std::string& title, const std::map<std::string, std::uint64_t>& counts) {
    std::cout << title << '\n';
    for (const auto& [name, count] : counts) {
        std::cout << fmt::format("  {:<40} {:>12}\n", name, count);
    }
}

} // namespace sfc::test
