// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/tc_hook.h"

#include <cerrno>

#include <bpf/bpf.h>

#include "base/error.h"
#include "net/clsact.h"
#include "net/hook.h"
#include "net/messages.h"

namespace sfc {
namespace {

constexpr std::uint32_t kBefore = 1U << 3; // BPF_F_BEFORE; before none in particular is before all

// BPF_TCX_INGRESS, BPF_TCX_EGRESS; the headers of Debian 12 are of 6.1
constexpr bpf_attach_type tcx(TcSide side) {
    return static_cast<bpf_attach_type>(side == TcSide::Ingress ? 46 : 47);
}

} // namespace

TcHook attach_tc(int program, const Link& link, TcSide side) {
    LIBBPF_OPTS(bpf_link_create_opts, first, .flags = kBefore);
    Fd hook(bpf_link_create(program, static_cast<int>(link.index), tcx(side), &first));
    if (hook) {
        return {side, std::move(hook), false, false};
    }
    // EINVAL comes from a kernel that does not know this kind of attachment, or was built without it. A kernel that
    // does says it only of a program that is of another type, and clsact refuses that as well.
    if (errno == EINVAL) {
        const bool created = attach_clsact(program, link, side);
        return {side, Fd(), true, created};
    }
    throw system_error(msg::cannot_attach_tc(side_name(side), link.name), errno);
}

std::uint32_t tc_program(const Link& link, const TcHook& hook) {
    return hook.clsact ? clsact_program(link, hook.side) : hooked_program(hook.link);
}

void detach_tc(const Link& link, const TcHook& hook) {
    if (hook.clsact) {
        detach_clsact(link, hook.side, hook.created_qdisc);
    } else if (hook.link) {
        bpf_link_detach(hook.link.get()); // fails only where the interface has gone already
    }
}

} // namespace sfc
