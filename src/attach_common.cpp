// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach_common.h"

#include <iostream>

#include <fmt/format.h>

namespace sfc {

NoInterrupts::NoInterrupts() {
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigprocmask(SIG_BLOCK, &held, &before_);
}

NoInterrupts::~NoInterrupts() {
    sigprocmask(SIG_SETMASK, &before_, nullptr);
}

State wanted_state(const AttachOptions& options) {
    State state;
    state.file = options.config;
    state.config = read_config_text(options.config);
    state.generic = options.generic;
    state.netns = Netns::current().inode();
    (void)parse_config(state.config, state.file);
    return state;
}

Attachment must_open(const std::string& pin) {
    auto attachment = Attachment::open(pin);
    if (!attachment) {
        throw Error(ExitCode::Kernel, fmt::format("nothing is attached under '{}'", pin));
    }
    enter_home(*attachment);
    return std::move(*attachment);
}

void enter_home(const Attachment& attachment) {
    const std::uint64_t home = attachment.state().netns;
    if (Netns::current().inode() == home) {
        return;
    }
    const auto netns = Netns::find_by_inode(home);
    if (!netns) {
        throw Error(ExitCode::Kernel,
                    fmt::format("the network namespace that '{}' is attached in cannot be found; if it is gone, remove "
                                "the directory",
                                attachment.pins().path()));
    }
    netns->enter();
}

std::string attached_text(const Attachment& attachment) {
    return fmt::format("attached {} ports ({} XDP) and {} services of '{}', pinned under '{}'",
                       attachment.plan().ports.size() - 1, attachment.state().generic ? "generic" : "native",
                       attachment.plan().services.size() - 1, attachment.state().file, attachment.pins().path());
}

void say_line(const std::string& sentence) {
    std::cout << sentence << std::endl; // NOLINT: `run` may be read by another program, line by line
}

} // namespace sfc
