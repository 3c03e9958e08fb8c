// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/attach_common.h"

#include <array>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "cli/messages.h"
#include "cli/run_log.h"

namespace sfc {

NoInterrupts::NoInterrupts() {
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigprocmask(SIG_BLOCK, &held, &before_);
}

NoInterrupts::~NoInterrupts() {
    // One that came when the work was done already is no reason to end by it.
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    const timespec at_once{};
    while (sigtimedwait(&held, nullptr, &at_once) > 0) {
    }
    sigprocmask(SIG_SETMASK, &before_, nullptr);
}

bool interrupted_within(std::chrono::milliseconds time) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    const timespec wait = {time.count() / 1000, (time.count() % 1000) * 1'000'000L};
    return sigtimedwait(&set, nullptr, &wait) > 0;
}

Attachment::Drained drain_and_detach(Attachment& attachment, const Say& say) {
    Attachment::Drained drained;
    try {
        drained = attachment.drain(interrupted_within);
    } catch (const std::exception& error) { // without memory, say: nobody could take it off otherwise
        say(error.what());
    }
    attachment.detach(say);
    return drained;
}

void need_privileges() {
    struct Need {
        unsigned bit;
        const char* name;
    };
    constexpr std::array kNeeds = {Need{12, "CAP_NET_ADMIN"}, Need{13, "CAP_NET_RAW"}, Need{39, "CAP_BPF"}};
    constexpr std::uint64_t kSysAdmin = 1ULL << 21; // stands for CAP_BPF too, and lets other namespaces be entered
    std::ifstream status("/proc/thread-self/status");
    std::string word, missing;
    std::uint64_t effective = 0;
    while (status >> word && word != "CapEff:") {
    }
    status >> std::hex >> effective;
    for (const Need& need : kNeeds) {
        const bool stands_in = need.bit == 39 && (effective & kSysAdmin) != 0;
        if ((effective >> need.bit & 1) == 0 && !stands_in) {
            missing += (missing.empty() ? "" : ", ") + std::string(need.name);
        }
    }
    if (!missing.empty()) {
        throw Error(ExitCode::Permission, msg::lacks_privileges(missing));
    }
}

State wanted_state(const AttachOptions& options) {
    State state;
    state.file = config_name(options.config);
    state.config = read_config_text(options.config);
    state.generic = options.generic;
    state.netns = Netns::current().cookie();
    (void)parse_config(state.config, state.file);
    return state;
}

Attachment must_open(const std::string& pin, Attachment::Access access) {
    auto attachment = Attachment::open(pin, access);
    if (!attachment) {
        throw Error(ExitCode::Kernel, msg::nothing_attached(pin));
    }
    enter_home(*attachment);
    return std::move(*attachment);
}

void enter_home(const Attachment& attachment) {
    const std::uint64_t home = attachment.state().netns;
    if (Netns::current().cookie() == home) {
        return;
    }
    const auto netns = Netns::find_by_cookie(home);
    if (!netns) {
        throw Error(ExitCode::Kernel, msg::home_netns_gone(attachment.pins().path()));
    }
    netns->enter();
}

std::string attached_text(const Attachment& attachment) {
    const unsigned check_bits = attachment.plan().mark_check_bits();
    return (check_bits == 0 ? "" : msg::mark_odds(attachment.plan().mark_mask, 1U << check_bits) + "\n") +
           msg::attached(attachment.plan().ports.size() - 1, attachment.state().generic ? "generic" : "native",
                         attachment.plan().services.size() - 1, attachment.state().file, attachment.pins().path());
}

namespace {

/// Writes each sentence as `line` makes it. A pipe that is full, because nobody reads it, must not keep `run` from its
/// work nor from its end.
void write_line(const std::string& sentence, const std::function<std::string(const std::string&)>& line) {
    constexpr int kPatienceMs = 200;
    static std::uint64_t lost = 0;
    pollfd out{STDOUT_FILENO, POLLOUT, 0};
    if (poll(&out, 1, kPatienceMs) == 0) {
        lost++;
        return;
    }
    if (lost != 0) {
        std::cout << line(msg::lines_lost(std::exchange(lost, 0))) << '\n';
    }
    std::cout << line(sentence) << std::endl; // NOLINT: `run` may be read by another program, line by line
    std::cout.clear();                        // a reader that has gone ends no command
}

} // namespace

void say_line(const std::string& sentence) {
    write_line(sentence, [](const std::string& line) { return line; });
}

void log_line(const std::string& sentences) {
    static const bool journal = journal_reads(STDOUT_FILENO);
    std::istringstream in(sentences);
    for (std::string sentence; std::getline(in, sentence);) {
        write_line(sentence, [](const std::string& text) { return logged(text, journal, std::time(nullptr)); });
    }
}

} // namespace sfc
