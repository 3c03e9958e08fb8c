// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tc_hook.h"

#include <cerrno>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "clsact.h"
#include "error.h"
#include "hook.h"

namespace sfc {
namespace {

constexpr auto kTcxEgress = static_cast<bpf_attach_type>(47); // BPF_TCX_EGRESS; the headers of Debian 12 are of 6.1

} // namespace

EgressHook attach_egress(int program, const Link& link) {
    Fd hook(bpf_link_create(program, static_cast<int>(link.index), kTcxEgress, nullptr));
    if (hook) {
        return {std::move(hook), false, false};
    }
    // What a kernel says that does not know this kind of attachment, or was built without it. One that does says it
    // only of a program that is of another type, and clsact refuses that as well.
    if (errno == EINVAL) {
        const bool created = attach_clsact(program, link);
        return {Fd(), true, created};
    }
    throw system_error(fmt::format("cannot attach a TC program to the egress of interface '{}'", link.name), errno);
}

std::uint32_t egress_program(const Link& link, const EgressHook& hook) {
    return hook.clsact ? clsact_program(link) : hooked_program(hook.link);
}

void detach_egress(const Link& link, const EgressHook& hook) {
    if (hook.clsact) {
        detach_clsact(link, hook.created_qdisc);
    } else if (hook.link) {
        bpf_link_detach(hook.link.get()); // fails only where the interface has gone already
    }
}

} // namespace sfc
