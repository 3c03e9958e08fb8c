// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sfc_abi.h"

namespace sfc {

class Programs;

/// Frames shorter or longer than these the kernel refuses to run a program on.
constexpr std::size_t kRunLeast = 14;
constexpr std::size_t kRunMost = 65536 + 14;

/// Runs an XDP program once on a frame that is then treated as if it had come in by the interface: what the program
/// passes goes to the kernel, what it redirects is sent (kernel 5.18). Returns 0 or errno.
[[nodiscard]] int send_frame(int program, std::span<const std::uint8_t> frame, std::uint32_t ifindex);

/// Runs the loaded programs on frames, one at a time (BPF_PROG_TEST_RUN), as if they had arrived on an interface of the
/// network namespace this process is in. Its thread stays on one CPU, so that it finds the verdict there.
class TestRun {
public:
    /// Moves the calling thread to `cpu`; -1 is the one that it is on.
    explicit TestRun(const Programs& programs, int cpu = -1);

    struct Outcome {
        std::uint32_t action = 0; ///< XDP_*
        sfc_result result{};
        std::span<const std::uint8_t> bytes; ///< the frame as the program left it; valid until the next run
    };

    Outcome strip(std::span<const std::uint8_t> frame, std::uint32_t ifindex);
    Outcome restore(std::span<const std::uint8_t> frame, std::uint32_t ifindex);
    /// From here on a redirected frame has a zero `result`: to read one costs nearly as much as the run.
    void skip_redirected(bool skip) { skip_redirected_ = skip; }

private:
    const Programs& programs_;
    int cpu_;
    std::vector<std::uint8_t> out_;
    std::vector<std::uint8_t> scratch_; ///< one value of the map per possible CPU
    bool skip_redirected_ = false;

    Outcome run(int program, std::span<const std::uint8_t> frame, std::uint32_t ifindex);
};

} // namespace sfc
