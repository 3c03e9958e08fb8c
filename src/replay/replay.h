// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/plan.h"
#include "loader/programs.h"
#include "loader/test_run.h"
#include "replay/capture.h"
#include "replay/replay_options.h"
#include "report/report.h"

namespace sfc {

/// One program run, or one frame that no program can be run on. Small: a capture may have millions.
struct ReplayEntry {
    std::uint32_t n = 0; ///< position in its own input file
    std::uint32_t out_len = 0;
    std::uint16_t service = SFC_NONE;
    std::uint8_t sf_side = 0;
    std::uint8_t verdict = 0; ///< enum sfc_verdict
    std::uint8_t reason = 0;  ///< enum sfc_reason
};

/// Pushes captures through the real programs and writes what the SF and the next hop get.
class Replay {
public:
    /// The process is in its sandbox already, so that the plan's port names are interfaces.
    Replay(const Plan& plan, const ReplayOptions& options);
    void run();
    [[nodiscard]] const std::vector<ReplayEntry>& entries() const { return entries_; }
    [[nodiscard]] Snapshot snapshot() const;

private:
    /// A frame in the SF, kept until it is its turn to return.
    struct InSf {
        std::uint32_t n;
        std::uint16_t port;
        Frame frame; ///< its bytes are those below
        std::vector<std::uint8_t> bytes;
    };

    const Plan& plan_;
    const ReplayOptions& options_;
    Programs programs_;
    TestRun test_run_;
    std::vector<std::uint32_t> ifindex_; ///< by port id
    std::unique_ptr<CaptureWriter> to_sf_, out_;
    std::vector<ReplayEntry> entries_;
    std::vector<InSf> in_sf_;
    std::vector<sfc_counters> outside_; ///< by port id: frames that no program can be run on
    std::uint64_t runs_ = 0;
    std::string file_; ///< that is being read, for messages

    /// Visits all frames of all inputs in order: frame, its number in its file, port id.
    template <class Visit> void each_frame(const std::vector<PortFile>& inputs, Visit visit);
    void strip(const Frame& frame, std::uint32_t n, std::uint16_t port);
    void restore(const Frame& frame, std::uint32_t n, std::uint16_t port);
    void return_all();
    void next_tick();
    bool refuse(const Frame& frame, std::uint32_t n, std::uint16_t port, bool sf_side);
    void record(const TestRun::Outcome& outcome, std::uint32_t n, bool sf_side);
};

} // namespace sfc
