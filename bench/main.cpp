// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// bench keys|micro [options] [-j]: figures; the last line is RESULT pass|fail key=value ...
#include <iostream>

#include <CLI/CLI.hpp>

#include "commands.h"

namespace {

int run(int argc, char** argv) {
    CLI::App app{"What the packet path costs", "bench"};
    app.require_subcommand(1);
    int code = 0;
    sfc::bench::add_keys(app, code);
    sfc::bench::add_micro(app, code);
    CLI11_PARSE(app, argc, argv);
    return code;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "bench: error: " << error.what() << "\nRESULT fail\n";
        return 1;
    }
}
