// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the commands about a attachment share.
#pragma once

#include <chrono>
#include <csignal>
#include <string>

#include "attach/attachment.h"
#include "base/error.h"

namespace sfc {

/// Holds SIGINT, SIGTERM and SIGHUP back while it lives, so that a step is done whole.
class NoInterrupts {
public:
    NoInterrupts();
    ~NoInterrupts();
    NoInterrupts(const NoInterrupts&) = delete;
    NoInterrupts& operator=(const NoInterrupts&) = delete;

private:
    sigset_t before_{};
};

/// Throws Error{Permission} naming what this process lacks, before anything is tried.
void need_privileges();
/// Reads and checks the configuration, without touching anything. Throws Error{Usage}.
[[nodiscard]] State wanted_state(const AttachOptions& options);
/// The attachment under `pin`. Throws Error{Kernel} where there is none.
[[nodiscard]] Attachment must_open(const std::string& pin, Attachment::Access access);
/// Moves this process to the network namespace of the attachment's ports. Throws Error where it cannot be found.
void enter_home(const Attachment& attachment);
[[nodiscard]] std::string attached_text(const Attachment& attachment);
/// Waits so long for SIGINT or SIGTERM, which NoInterrupts holds back. Returns whether there was one.
[[nodiscard]] bool interrupted_within(std::chrono::milliseconds time);

/// A second signal ends the wait. Failures on the way are said, and the rest is done all the same.
Attachment::Drained drain_and_detach(Attachment& attachment, const Say& say);

/// One line on standard output, at once.
void say_line(const std::string& sentence);
/// The same of a process that stays: each line has its time and level (run_log.h).
void log_line(const std::string& sentences);

} // namespace sfc
