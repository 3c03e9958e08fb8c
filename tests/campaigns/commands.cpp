// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "commands.h"

#include <charconv>
#include <iostream>

#include <fmt/format.h>

namespace sfc::test {

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
    const auto check = [=](const std::string& text) -> std::string {
        std::uint64_t value = 0;
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        const bool right = error == std::errc() && stop == end && value >= least && value <= most;
        return right ? "" : fmt::format("'{}' is no whole number from {} to {}", text, least, most);
    };
    return {check, fmt::format("{}..{}", least, most), "whole number"};
}

void add_build_option(CLI::App& app, Build& build, bool both) {
    std::map<std::string, Build> builds{{"kernel", Build::Kernel}, {"native", Build::Native}};
    if (both) {
        builds.emplace("both", Build::Both);
    }
    const std::string names = both ? "kernel, native, both" : "kernel, native";
    const auto set = [=, &build](const std::string& name) {
        const auto found = builds.find(name);
        if (found == builds.end()) {
            throw CLI::ValidationError("--build", fmt::format("'{}' is none of {}", name, names));
        }
        build = found->second;
    };
    app.add_option_function<std::string>("--build", set,
                                         "Which build of the programs: the kernel's, or one for user space");
}

void print_counts(const std::string& title, const std::map<std::string, std::uint64_t>& counts) {
    std::cout << title << '\n';
    for (const auto& [name, count] : counts) {
        std::cout << fmt::format("  {:<40} {:>12}\n", name, count);
    }
}

} // namespace sfc::test
