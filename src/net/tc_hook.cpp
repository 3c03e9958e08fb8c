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

TcHook plan_tc(int program, const Link& link, TcSide side) {
    TcHook hook{.side = side, .link = {}, .program = program_id(program), .clsact = false, .created_qdisc = false};
    __u32 none = 0;
    // EINVAL comes from a kernel that does not know this kind of attachment, or was built without it.
    hook.clsact = bpf_prog_query(static_cast<int>(link.index), tcx(side), 0, nullptr, nullptr, &none) == -EINVAL;
    hook.created_qdisc = hook.clsact && !has_clsact(link);
    return hook;
}

TcHook attach_tc(int program, const Link& link, TcSide side) {
    TcHook hook = plan_tc(program, link, side);
    if (hook.clsact) {
        hook.created_qdisc = attach_clsact(program, link, side);
        return hook;
    }
    LIBBPF_OPTS(bpf_link_create_opts, first, .flags = kBefore);
    hook.link = Fd(bpf_link_create(program, static_cast<int>(link.index), tcx(side), &first));
    if (!hook.link) {
        throw system_error(msg::cannot_attach_tc(side_name(side), link.name), errno);
    }
    return hook;
}

std::uint32_t tc_program(const Link& link, const TcHook& hook) {
    return hook.clsact ? clsact_program(link, hook.side) : hooked_program(hook.link);
}

void detach_tc(const Link& link, const TcHook& hook) {
    if (hook.clsact) {
        detach_clsact(link, hook.side, hook.program, hook.created_qdisc);
    } else if (hook.link) {
        bpf_link_detach(hook.link.get()); // fails only where the interface has gone already
    }
}

} // namespace sfc
