// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/hook.h"

#include <cerrno>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>

#include "base/error.h"

namespace sfc {
namespace {

/// What the kernel's bare error number means here; its own sentence (extack) does not reach callers of bpf(2).
std::string attach_hint(int error, const Link& link, bool generic) {
    switch (error) {
    case EOPNOTSUPP:
        return generic ? "this interface takes no XDP program"
                       : "its driver has no native XDP, or not in this setting; '--generic' works everywhere, slower";
    case ERANGE:
        return fmt::format("its MTU of {} is too large for XDP here", link.mtu);
    case ENOSPC:
        return fmt::format("it has fewer receive queues than its far end has transmit queues; "
                           "'ethtool -L {} rx N' gives it more",
                           link.name);
    case EBUSY:
    case EEXIST:
        return "another XDP program is on it";
    case ENODEV:
        return "it has just gone";
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
        throw system_error(
            fmt::format("cannot attach to interface '{}'{}{}", link.name, hint.empty() ? "" : ": ", hint), error);
    }
    return hook;
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
            throw Error(ExitCode::Kernel,
                        fmt::format("interface '{}' is a port of another sfcproxy already (program '{}', "
                                    "id {}); 'sfcproxy detach --pin DIR' with its directory ends that",
                                    link.name, name, link.xdp_program));
        }
        throw Error(ExitCode::Kernel,
                    fmt::format("interface '{}' has an XDP program already: '{}' (id {}, {}); take it off first, for "
                                "example with 'ip link set dev {} xdp off'",
                                link.name, name, link.xdp_program, xdp_mode_name(link.xdp), link.name));
    }
}

} // namespace sfc
