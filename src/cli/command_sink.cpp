// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <chrono>

#include "cli/attach_common.h"
#include "cli/commands.h"
#include "traffic/live_capture.h"
#include "traffic/messages.h"
#include "traffic/next_mac.h"
#include "traffic/tally.h"

namespace sfc {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kStep{50};
constexpr std::chrono::milliseconds kBehindLast{200}; // for duplicates, and packets that others have overtaken
constexpr std::chrono::seconds kSayEvery{1};
constexpr unsigned kFaultsShown = 5;

/// Says the first faults, and a line now and then.
class Voice {
public:
    void fault(const std::string& sentence) {
        faults_++;
        if (faults_ <= kFaultsShown) {
            say_line(msg::fault_of_packet(sentence));
        } else if (faults_ == kFaultsShown + 1) {
            say_line(msg::more_faults(kFaultsShown));
        }
    }

    void now_and_then(const Tally& tally) {
        if (Clock::now() - said_ >= kSayEvery && tally.received() != said_received_) {
            said_ = Clock::now();
            said_received_ = tally.received();
            say_line(msg::so_many(tally.received(), tally.wrong()));
        }
    }

private:
    unsigned faults_ = 0;
    Clock::time_point said_ = Clock::now();
    std::uint64_t said_received_ = 0;
};

void listen(LiveCapture& capture, Tally& tally, std::chrono::seconds timeout) {
    Voice voice;
    auto last = Clock::now(); // when a packet came
    while (Clock::now() - last < (tally.last_seen() ? kBehindLast : timeout)) {
        const std::uint64_t before = tally.received();
        capture.take(kStep, [&](std::span<const std::uint8_t> frame) {
            if (const auto fault = tally.take(frame)) {
                voice.fault(*fault);
            }
        });
        last = tally.received() == before ? last : Clock::now();
        voice.now_and_then(tally);
        if (interrupted_within(std::chrono::milliseconds(0))) {
            return;
        }
    }
}

void say_outcome(const Tally& tally, const LiveCapture& capture, const std::string& interface) {
    if (const std::uint64_t overrun = capture.overrun(); overrun != 0) {
        say_line(msg::ring_full(overrun));
    }
    if (tally.received() == 0) {
        say_line(msg::nothing_came(interface));
    } else if (tally.lost() != 0) {
        say_line(msg::some_lost(tally.lost(), interface));
    }
    say_line(tally.result());
}

} // namespace

ExitCode command_sink(const Options& options) {
    const NoInterrupts held; // the end by a signal has a result, too
    const SinkOptions& sink = options.sink;
    (void)traffic_interface(sink.interface, TrafficEnd::Sink);
    LiveCapture capture(sink.interface);
    Tally tally(sink.expected, sink.count);
    say_line(msg::listening(sink.interface));
    listen(capture, tally, std::chrono::seconds(sink.timeout_s));
    say_outcome(tally, capture, sink.interface);
    return tally.passed() ? ExitCode::Ok : ExitCode::Failed;
}

} // namespace sfc
