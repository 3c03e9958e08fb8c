// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "attach/reconciler.h"
#include "cli/attach_common.h"
#include "cli/commands.h"
#include "cli/config_difference.h"
#include "cli/messages.h"
#include "probe/prober.h"
#include "report/readiness.h"

namespace sfc {
namespace {

Fd signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    Fd fd(signalfd(-1, &set, SFD_CLOEXEC));
    if (!fd) {
        throw system_error(msg::cannot_wait_signals(), errno, ExitCode::Failed);
    }
    return fd;
}

Fd ticks(int ms) {
    Fd fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    const timespec step = {ms / 1000, (ms % 1000) * 1'000'000L};
    const itimerspec spec = {step, step};
    if (!fd || timerfd_settime(fd.get(), 0, &spec, nullptr) != 0) {
        throw system_error(msg::cannot_start_timer(), errno, ExitCode::Failed);
    }
    return fd;
}

/// Takes over what a `run` that was killed left behind, if it is what is wanted; else attaches everything anew.
Attachment take_over_or_create(const AttachOptions& options) {
    State state = wanted_state(options);
    need_privileges();
    refuse_while_kept(options.pin, state, false);
    auto found = Attachment::open(options.pin, Attachment::Access::Change);
    if (!found) {
        const Plan plan = make_plan(parse_config(state.config, state.file));
        return Attachment::create(plan, std::move(state), options.pin, log_line);
    }
    refuse_other(*found, state);
    log_line(msg::going_on(options.pin));
    found->reopen();
    return std::move(*found);
}

/// Probes while packets flow: what was not possible is tried again when a neighbour or a link has changed.
class RunningProbes {
public:
    explicit RunningProbes(Attachment& attachment) : prober_(attachment, log_line) { prober_.look(); }

    void changed() { changed_ = true; }
    /// With the reconciler's tick, so that a burst of changes is looked at once.
    void tick() {
        if (std::exchange(changed_, false)) {
            prober_.look();
        }
        if (ticks_ % kAgainTicks == 0) {
            prober_.look_again();
        }
        if (++ticks_ == kPatienceTicks) { // the first neighbours have had time to answer
            prober_.say_waiting();
        }
    }
    void collect() { prober_.collect(); }
    /// Nothing more is said at the start.
    [[nodiscard]] bool started() const {
        return !prober_.in_flight() && (!prober_.waits() || ticks_ >= kPatienceTicks);
    }
    /// For poll.
    [[nodiscard]] int timeout_ms() const { return prober_.in_flight() ? Prober::kStepMs : -1; }

private:
    static constexpr int kPatienceTicks = 3, kAgainTicks = 3;
    Prober prober_;
    bool changed_ = true;
    int ticks_ = 0;
};

/// Says whether packets can pass: at the end of the start, and when that changes.
class ReadinessTeller {
public:
    explicit ReadinessTeller(const Attachment& attachment) : attachment_(attachment) {}

    /// With the reconciler's tick, once all else has been said at the start. A neighbour may just not have answered
    /// yet.
    void tick(bool started) {
        if ((ticks_++ > kPatienceTicks && ticks_ % kLookTicks != 0) || (said_.empty() && !started)) {
            return;
        }
        const std::vector<std::string> lines = readiness_lines(look_at_readiness(attachment_));
        if ((ticks_ < kPatienceTicks && said_.empty() && lines != kReady) || lines == said_) {
            return;
        }
        for (const std::string& line : lines) {
            if (std::find(said_.begin(), said_.end(), line) == said_.end()) {
                log_line(lines == kReady ? line : msg::warning(line));
            }
        }
        said_ = lines;
    }

private:
    static constexpr int kPatienceTicks = 4, kLookTicks = 3;
    const std::vector<std::string> kReady = readiness_lines({});
    const Attachment& attachment_;
    std::vector<std::string> said_;
    int ticks_ = 0;
};

void keep(Reconciler& reconciler, RunningProbes& probes, ReadinessTeller& readiness) {
    const Fd stop = signals(), timer = ticks(Reconciler::kWatchMs);
    std::array<pollfd, 3> wait = {pollfd{stop.get(), POLLIN, 0}, pollfd{timer.get(), POLLIN, 0},
                                  pollfd{reconciler.events_fd(), POLLIN, 0}};
    signalfd_siginfo signal{};
    unsigned watches = 0;
    while (true) {
        // Taken from the queue, or it would end this process as soon as signals are let through again.
        if (wait[0].revents != 0 && read(stop.get(), &signal, sizeof(signal)) == sizeof(signal)) {
            if (signal.ssi_signo != SIGHUP) {
                return;
            }
            log_line(msg::hangup());
        }
        if (poll(wait.data(), wait.size(), probes.timeout_ms()) < 0 && errno != EINTR) {
            throw system_error(msg::cannot_wait_events(), errno, ExitCode::Failed);
        }
        if (wait[2].revents != 0) {
            reconciler.handle_events();
            probes.changed();
        }
        std::uint64_t expired = 0;
        if (wait[1].revents != 0 && read(timer.get(), &expired, sizeof(expired)) == sizeof(expired)) {
            reconciler.watch();
            if (++watches % (Reconciler::kTickMs / Reconciler::kWatchMs) == 0) {
                reconciler.tick();
                probes.tick();
                readiness.tick(probes.started());
            }
        }
        probes.collect();
    }
}

} // namespace

void command_run(const Options& options) {
    const NoInterrupts held; // they come through the descriptor
    Attachment attachment = take_over_or_create(options.attach);
    log_line(attached_text(attachment));
    Reconciler reconciler(attachment, log_line);
    RunningProbes probes(attachment);
    ReadinessTeller readiness(attachment);
    readiness.tick(probes.started());
    keep(reconciler, probes, readiness);
    if (options.keep) {
        log_line(msg::stays_attached(options.attach.pin));
        return;
    }
    const Attachment::Drained drained = drain_and_detach(attachment, log_line);
    log_line(msg::detached_at_end(drained.returned, drained.left));
}

} // namespace sfc
