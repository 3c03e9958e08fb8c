// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <csignal>
#include <exception>
#include <iostream>

#include "cli/commands.h"
#include "cli/messages.h"

namespace sfc {
namespace {

/// Of the others the work is done, whoever reads what they say about it.
bool speaks_by_output(Command command) {
    return command != Command::Run && command != Command::Attach && command != Command::Detach;
}

} // namespace
} // namespace sfc

namespace {

int run(int argc, char** argv) {
    const auto options = sfc::parse_options(argc, argv);
    if (!options) {
        return static_cast<int>(sfc::ExitCode::Ok);
    }
    auto code = sfc::ExitCode::Ok;
    switch (options->command) {
    case sfc::Command::Run:
        sfc::command_run(*options);
        break;
    case sfc::Command::Attach:
        sfc::command_attach(*options);
        break;
    case sfc::Command::Detach:
        sfc::command_detach(*options);
        break;
    case sfc::Command::Status:
        code = sfc::command_status(*options);
        break;
    case sfc::Command::Stats:
        sfc::command_stats(*options);
        break;
    case sfc::Command::Check:
        sfc::command_check(*options);
        break;
    case sfc::Command::Replay:
        sfc::command_replay(*options);
        break;
    case sfc::Command::Send:
        sfc::command_send(*options);
        break;
    case sfc::Command::Sink:
        code = sfc::command_sink(*options);
        break;
    case sfc::Command::Version:
        sfc::command_version(*options);
        break;
    case sfc::Command::Help: // has been printed
    case sfc::Command::None:
        break;
    }
    std::cout.flush();
    if (!std::cout && sfc::speaks_by_output(options->command)) {
        throw sfc::Error(sfc::ExitCode::Failed, sfc::msg::cannot_write_output());
    }
    return static_cast<int>(code);
}

} // namespace

int main(int argc, char** argv) {
    (void)std::signal(SIGPIPE,
                      SIG_IGN); // a reader that goes is an error of writing, and no end in the middle of a step
    try {
        return run(argc, argv);
    } catch (const sfc::Error& error) {
        std::cerr << "sfcproxy: error: " << error.what() << '\n';
        return static_cast<int>(error.code());
    } catch (const std::exception& error) {
        std::cerr << "sfcproxy: error: " << error.what() << '\n';
        return static_cast<int>(sfc::ExitCode::Failed);
    }
}
