// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <memory>

#include "kinds.h"
#include "plan.h"
#include "programs.h"

struct micro_bpf;
struct bpf_program;

namespace sfc::bench {

/// As struct micro_frame in micro.bpf.c.
struct Frame {
    std::uint32_t len = 0;
    std::uint32_t number_off = 0;
    std::uint32_t next = 0;
    std::uint32_t limit = 0;
    std::uint8_t bytes[256] = {};
};

/// Nanoseconds per packet, each with the harness in it; `harness` is what it takes by itself.
struct Cost {
    double harness = 0, strip = 0, restore = 0;
};

/// The programs, and a harness that gives them packets inside the kernel. The interfaces d0, e0, left and right of the
/// plan must be in this network namespace.
class Micro {
public:
    Micro(const Plan& plan, std::uint32_t in_flight);
    ~Micro();
    Micro(const Micro&) = delete;
    Micro& operator=(const Micro&) = delete;

    /// `in_flight` packets through strip, then the same ones through restore. Throws Error where one of them is not
    /// redirected.
    Cost measure(const Kind& kind, unsigned labels);

private:
    struct Close {
        void operator()(micro_bpf* skeleton) const;
    };
    std::uint32_t in_flight_;
    Programs programs_;
    std::unique_ptr<micro_bpf, Close> skeleton_;

    void set_frame(std::uint32_t role, const Bytes& bytes, std::uint32_t number_off);
    double run(const bpf_program* program, std::uint32_t len, const char* port);
};

} // namespace sfc::bench
