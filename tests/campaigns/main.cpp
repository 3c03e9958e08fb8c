// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// campaign mutate|oracle|flood|race|model, each with --help. The last line is "RESULT pass|fail key=value ...", the
// exit code says the same: 0 or 1; 2 is a command line that is wrong.
#include <array>
#include <iostream>

#include "base/error.h"
#include "commands.h"

namespace {

using namespace sfc::test; // NOLINT: the whole program is of it

int run(int argc, char** argv) {
    CLI::App app{"Long checks of the packet path", "campaign"};
    app.require_subcommand(1);
    const std::array commands = {mutate_command(app), oracle_command(app), flood_command(app), race_command(app),
                                 model_command(app)};
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        std::cout << app.help();
        return 0;
    } catch (const CLI::ParseError& error) {
        throw sfc::Error(sfc::ExitCode::Usage, std::string(error.what()) + "; see 'campaign --help'");
    }
    for (const Command& command : commands) {
        if (command.app->parsed()) {
            return command.run();
        }
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const sfc::Error& error) {
        std::cerr << "campaign: error: " << error.what() << '\n';
        return error.code() == sfc::ExitCode::Usage ? 2 : 1;
    } catch (const std::exception& error) {
        std::cerr << "campaign: error: " << error.what() << '\n';
        return 1;
    }
}
