// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/hook.h"

#include <cerrno>

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include "base/error.h"
#include "net/below.h"
#include "net/messages.h"

namespace sfc {
namespace {

/// What the kernel's bare error number means here; its own sentence (extack) does not reach callers of bpf(2).
std::string attach_hint(int error, const Link& link, bool generic) {
    switch (error) {
    case EOPNOTSUPP:
        return generic               ? msg::hint_no_xdp()
               : above_another(link) ? msg::hint_above_another(link.kind, name_below(link, false))
                                     : msg::hint_no_native_xdp();
    case ERANGE:
        return msg::hint_mtu_too_large(link.mtu);
    case ENOSPC:
        return msg::hint_few_queues(link.name);
    case EBUSY:
    case EEXIST:
        return msg::hint_other_program();
    case ENODEV:
        return msg::hint_just_gone();
    default:
        return "";
    }
}

bpf_link_info info_of(const Fd& hook) {
    bpf_link_info info{};
    __u32 size = sizeof(info);
    if (!hook || bpf_obj_get_info_by_fd(hook.get(), &info, &size) != 0) {
        return {};
    }
    return info;
}

} // namespace

Fd attach_xdp(int program, const Link& link, bool generic) {
    LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
    Fd hook(bpf_link_create(program, static_cast<int>(link.index), BPF_XDP, &opts));
    if (!hook) {
        const int error = errno;
        const std::string hint = attach_hint(error, link, generic);
        throw system_error(msg::cannot_attach_xdp(link.name, hint.empty() ? "" : ": ", hint), error);
    }
    return hook;
}

std::uint32_t program_id(int program) {
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    return bpf_obj_get_info_by_fd(program, &info, &size) == 0 ? info.id : 0;
}

std::string program_name(std::uint32_t id) {
    const Fd program(bpf_prog_get_fd_by_id(id));
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    return program && bpf_obj_get_info_by_fd(program.get(), &info, &size) == 0 ? info.name : "?";
}

std::uint32_t hooked_interface(const Fd& hook) {
    return info_of(hook).xdp.ifindex;
}

std::uint32_t hooked_program(const Fd& hook) {
    return info_of(hook).prog_id;
}

void detach_xdp(const Fd& hook) {
    if (hook) {
        bpf_link_detach(hook.get()); // fails only where the interface has gone already
    }
}

void check_free(const Link& link) {
    if (link.xdp != XdpMode::None) {
        const std::string name = program_name(link.xdp_program);
        if (name.starts_with("sfc_")) {
            throw Error(ExitCode::Kernel, msg::other_sfcproxy(link.name, name, link.xdp_program));
        }
        throw Error(ExitCode::Kernel,
                    msg::xdp_program_there(link.name, name, link.xdp_program, xdp_mode_name(link.xdp), link.name));
    }
}

} // namespace sfc
