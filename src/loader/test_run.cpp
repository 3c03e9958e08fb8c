// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "loader/test_run.h"

#include <cerrno>
#include <sched.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "loader/messages.h"
#include "loader/programs.h"

namespace sfc {

int send_frame(int program, std::span<const std::uint8_t> frame, std::uint32_t ifindex) {
    xdp_md context{};
    context.data_end = frame.size();
    context.ingress_ifindex = ifindex;
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame.data(), .data_size_in = static_cast<__u32>(frame.size()),
                .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = 1, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
                .batch_size = 1);
    return bpf_prog_test_run_opts(program, &opts) == 0 ? 0 : errno;
}

TestRun::TestRun(const Programs& programs, int cpu)
    : programs_(programs), cpu_(cpu < 0 ? sched_getcpu() : cpu), out_(kRunMost + SFC_HEADER_MAX),
      scratch_(programs.maps().scratch_size()) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu_, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) {
        throw system_error(msg::cannot_stay_on_cpu(cpu_), errno);
    }
}

TestRun::Outcome TestRun::run(int program, std::span<const std::uint8_t> frame, std::uint32_t ifindex) {
    xdp_md context{};
    context.data_end = frame.size();
    context.ingress_ifindex = ifindex;
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame.data(), .data_out = out_.data(),
                .data_size_in = static_cast<__u32>(frame.size()), .data_size_out = static_cast<__u32>(out_.size()),
                .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = 1);
    if (bpf_prog_test_run_opts(program, &opts) != 0) {
        throw system_error(msg::cannot_run_program(frame.size()), errno);
    }
    const bool skip = skip_redirected_ && opts.retval == XDP_REDIRECT;
    return {opts.retval, skip ? sfc_result{} : programs_.maps().result(cpu_, scratch_),
            std::span(out_).first(opts.data_size_out)};
}

TestRun::Outcome TestRun::strip(std::span<const std::uint8_t> frame, std::uint32_t ifindex) {
    return run(programs_.fd(ProgramId::sfc_strip), frame, ifindex);
}

TestRun::Outcome TestRun::restore(std::span<const std::uint8_t> frame, std::uint32_t ifindex) {
    return run(programs_.fd(ProgramId::sfc_restore), frame, ifindex);
}

} // namespace sfc
