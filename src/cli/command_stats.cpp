// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <chrono>
#include <iostream>
#include <thread>

#include <sys/stat.h>

#include <fmt/format.h>

#include "cli/attach_common.h"
#include "cli/commands.h"
#include "cli/messages.h"
#include "loader/ticks.h"
#include "report/rates.h"
#include "report/stats.h"

namespace sfc {
namespace {

void print_lost(const LostByPort& lost) {
    std::cout << fmt::format("after_verdict {} frames lost by the kernel behind our verdict\n", total_lost(lost));
    for (const auto& [port, frames] : lost) {
        if (frames.not_redirected != 0) {
            std::cout << fmt::format("  from {:<14} {:>12}   {}\n", port, frames.not_redirected, msg::not_redirected());
        }
        if (frames.not_sent != 0) {
            std::cout << fmt::format("  to {:<16} {:>12}   {}\n", port, frames.not_sent, msg::not_sent());
        }
        if (frames.unknown != 0) {
            std::cout << fmt::format("  to {:<9} at most {:>12}   {}\n", port, frames.unknown, msg::unknown_lost());
        }
    }
}

void print_text(const Attachment& attachment, const SteadySnapshot& steady) {
    const Plan& plan = attachment.plan();
    std::cout << counters_text(steady.snapshot, plan) << '\n' << conservation_text(conserve(steady.snapshot, plan));
    if (!steady.still) {
        std::cout << "             " << msg::moved_meanwhile() << '\n';
    }
    print_lost(after_verdict(attachment));
    for (const auto& [service, silence] : silent_services(attachment, steady.snapshot)) {
        std::cout << fmt::format("{:<12} service {}: {}\n", silence.title(), service, silence.text);
    }
}

/// Of a directory; another one that is made with its name has another identity. 0 for none.
ino_t identity(const std::string& path) {
    struct stat found {};
    return stat(path.c_str(), &found) == 0 ? found.st_ino : 0;
}

void watch(const Attachment& attachment, const Options& options) {
    const ino_t attached = identity(options.attach.pin);
    SteadySnapshot before{take_snapshot(attachment.maps(), attachment.plan(), path_now_ns()), false};
    auto then = std::chrono::steady_clock::now();
    while (std::cout) {
        std::this_thread::sleep_for(std::chrono::duration<double>(options.watch_s));
        if (identity(options.attach.pin) != attached) {
            throw Error(ExitCode::Kernel, msg::detached_meanwhile(options.attach.pin));
        }
        SteadySnapshot after{take_snapshot(attachment.maps(), attachment.plan(), path_now_ns()), false};
        const auto now = std::chrono::steady_clock::now();
        const Rates rates = rates_between(before.snapshot, after.snapshot, attachment.plan(),
                                          std::chrono::nanoseconds(now - then).count());
        const auto silent = silent_services(attachment, after.snapshot);
        if (options.json) {
            std::cout << rates_json(rates, silent) << std::endl; // NOLINT: read line by line
        } else {
            std::cout << rates_text(rates);
            for (const auto& [service, silence] : silent) {
                std::cout << fmt::format("  {} service {}: {}\n", silence.title(), service, silence.text);
            }
            std::cout << std::endl; // NOLINT: read line by line
        }
        before = std::move(after);
        then = now;
    }
}

} // namespace

void command_stats(const Options& options) {
    const Attachment attachment = must_open(options.attach.pin, Attachment::Access::Look);
    if (options.watch_s > 0) {
        watch(attachment, options);
    } else if (options.json) {
        std::cout << stats_json(attachment, take_steady_snapshot(attachment)) << '\n';
    } else {
        print_text(attachment, take_steady_snapshot(attachment));
    }
}

} // namespace sfc
