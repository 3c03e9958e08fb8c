// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "micro.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <net/if.h>

#include "error.h"
#include "micro.skel.h"

namespace sfc::bench {
namespace {

enum Role : std::uint32_t { kStrip, kRestore, kNothing };

constexpr std::size_t kFrameMax = sizeof(Frame::bytes);

void set_entry(const bpf_map* map, std::uint32_t key, const void* value) {
    if (bpf_map_update_elem(bpf_map__fd(map), &key, value, BPF_ANY) != 0) {
        throw system_error(fmt::format("cannot fill map {} of the harness", bpf_map__name(map)), errno);
    }
}

} // namespace

void Micro::Close::operator()(micro_bpf* skeleton) const {
    micro_bpf::destroy(skeleton);
}

Micro::Micro(const Plan& plan, std::uint32_t in_flight)
    : in_flight_(in_flight), programs_(plan, {.clock = SFC_CLOCK_KERNEL}), skeleton_(micro_bpf::open_and_load()) {
    if (!skeleton_) {
        throw system_error("cannot load the harness into this kernel", errno);
    }
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        programs_.maps().set_interface(static_cast<std::uint16_t>(id), if_nametoindex(plan.ports[id].name.c_str()));
    }
    const int nothing = bpf_program__fd(skeleton_->progs.micro_nothing);
    const int strip = programs_.strip_fd(), restore = programs_.restore_fd();
    set_entry(skeleton_->maps.programs, kStrip, &strip);
    set_entry(skeleton_->maps.programs, kRestore, &restore);
    set_entry(skeleton_->maps.programs, kNothing, &nothing);
}

Micro::~Micro() = default;

void Micro::set_frame(std::uint32_t role, const Bytes& bytes, std::uint32_t number_off) {
    if (bytes.empty() || bytes.size() > kFrameMax) {
        throw Error(ExitCode::Usage,
                    fmt::format("a frame of {} bytes; the harness takes 1 to {}", bytes.size(), kFrameMax));
    }
    Frame entry{.len = static_cast<std::uint32_t>(bytes.size()), .number_off = number_off, .limit = in_flight_};
    std::copy(bytes.begin(), bytes.end(), entry.bytes);
    set_entry(skeleton_->maps.frames, role, &entry);
}

double Micro::run(const bpf_program* program, std::uint32_t len, const char* port) {
    std::vector<std::uint8_t> data(len);
    xdp_md context{};
    context.data_end = len;
    context.ingress_ifindex = if_nametoindex(port);
    bpf_test_run_opts opts{};
    opts.sz = sizeof(opts);
    opts.data_in = data.data();
    opts.data_size_in = len;
    opts.ctx_in = &context;
    opts.ctx_size_in = sizeof(context);
    opts.repeat = static_cast<int>(in_flight_);
    if (bpf_prog_test_run_opts(bpf_program__fd(program), &opts) != 0) {
        throw system_error("cannot run the harness", errno);
    }
    if (opts.retval != XDP_REDIRECT) {
        throw Error(ExitCode::Failed, fmt::format("a packet was not redirected: XDP action {}", opts.retval));
    }
    return opts.duration;
}

Cost Micro::measure(const Kind& kind, unsigned labels) {
    const Bytes in = frame(kind.ip, labels), bare = frame(kind.ip, 0);
    set_frame(kStrip, in, in.size() - kind.ip.size() + kind.number_off);
    set_frame(kRestore, bare, bare.size() - kind.ip.size() + kind.number_off);
    set_frame(kNothing, in, in.size() - kind.ip.size() + kind.number_off);
    Cost cost;
    cost.harness = run(skeleton_->progs.micro_harness, in.size(), "d0");
    cost.strip = run(skeleton_->progs.micro_strip, in.size(), "d0");
    cost.restore = run(skeleton_->progs.micro_restore, bare.size(), "right");
    return cost;
}

} // namespace sfc::bench
