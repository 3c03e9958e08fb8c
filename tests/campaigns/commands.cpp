// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "commands.h"

#include <charconv>
#include <iostream>

#include <fmt/format.h>

namespace sfc::test {
namespace {

/// Returns whether the text is a number and nothing else.
bool digits(std::string_view text, std::uint64_t& value) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && stop == end;
}

} // namespace

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
    const auto check = [=](std::string& text) -> std::string {
        std::string wrong = fmt::format("'{}' is no whole number from {} to {}", text, least, most);
        const std::string::size_type mark = text.find('e');
        std::uint64_t value = 0, zeros = 0;
        if (!digits(std::string_view(text).substr(0, mark), value) ||
            (mark != std::string::npos && !digits(std::string_view(text).substr(mark + 1), zeros))) {
            return wrong;
        }
        for (; zeros > 0 && value != 0; zeros--) {
            if (__builtin_mul_overflow(value, std::uint64_t{10}, &value)) {
                return wrong;
            }
        }
        if (value < least || value > most) {
            return wrong;
        }
        text = fmt::format("{}", value);
        return "";
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
