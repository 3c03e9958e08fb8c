// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/clsact.h"

#include <cerrno>
#include <functional>
#include <string>

#include <bpf/libbpf.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "base/error.h"
#include "net/hook.h"
#include "net/messages.h"
#include "net/netlink.h"

namespace sfc {
namespace {

// Before all others, of which one may end the run. The kernel numbers filters without a priority from 49152 down.
constexpr std::uint32_t kHandle = 0x5fc, kPriority = 1;

constexpr std::uint32_t parent_of(std::uint32_t side) {
    return (TC_H_CLSACT & TC_H_MAJ_MASK) | side;
}

constexpr int point_of(TcSide side) {
    return side == TcSide::Ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

bpf_tc_hook hook_of(const Link& link, int sides) {
    bpf_tc_hook hook{};
    hook.sz = sizeof(hook);
    hook.ifindex = static_cast<int>(link.index);
    hook.attach_point = static_cast<bpf_tc_attach_point>(sides);
    return hook;
}

bpf_tc_opts our_filter() {
    bpf_tc_opts filter{};
    filter.sz = sizeof(filter);
    filter.handle = kHandle;
    filter.priority = kPriority;
    return filter;
}

/// Answers of a kernel without traffic control: none.
void dump(NetlinkRequest& request, const Link& link, const Netlink::Visit& visit) {
    Netlink netlink;
    const int error = netlink.ask(request, visit);
    if (error != 0 && error != ENODEV && error != EOPNOTSUPP) {
        throw system_error(msg::cannot_ask_tc(link.name), error);
    }
}

/// The qdisc that holds filters of ingress and egress: "clsact", "ingress" (which has no egress) or none.
std::string qdisc_kind(const Link& link) {
    NetlinkRequest request(RTM_GETQDISC, NLM_F_DUMP);
    request.family_header<tcmsg>().tcm_ifindex = static_cast<int>(link.index);
    std::string kind;
    dump(request, link, [&](const nlmsghdr& answer) {
        const auto& about = *static_cast<const tcmsg*>(mnl_nlmsg_get_payload(&answer));
        if (about.tcm_ifindex != static_cast<int>(link.index) || about.tcm_parent != TC_H_CLSACT) {
            return; // the kernel answers for all interfaces
        }
        each_attribute<tcmsg>(answer, [&](const nlattr& attribute) {
            if (mnl_attr_get_type(&attribute) == TCA_KIND) {
                kind = mnl_attr_get_str(&attribute);
            }
        });
    });
    return kind;
}

/// Visits each filter on one side. One per priority that has handle 0 stands for all of that priority: left out.
void each_filter(const Link& link, std::uint32_t side,
                 const std::function<void(const nlmsghdr&, const tcmsg&)>& visit) {
    NetlinkRequest request(RTM_GETTFILTER, NLM_F_DUMP);
    auto& wanted = request.family_header<tcmsg>();
    wanted.tcm_ifindex = static_cast<int>(link.index);
    wanted.tcm_parent = parent_of(side);
    dump(request, link, [&](const nlmsghdr& answer) {
        const auto& filter = *static_cast<const tcmsg*>(mnl_nlmsg_get_payload(&answer));
        if (filter.tcm_handle != 0) {
            visit(answer, filter);
        }
    });
}

bool unused(const Link& link) {
    bool none = true;
    for (const std::uint32_t side : {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS}) {
        each_filter(link, side, [&](const nlmsghdr&, const tcmsg&) { none = false; });
    }
    return none;
}

std::uint32_t program_of(const nlmsghdr& filter) {
    std::uint32_t id = 0;
    each_attribute<tcmsg>(filter, [&](const nlattr& attribute) {
        if (mnl_attr_get_type(&attribute) == TCA_OPTIONS) {
            each_nested(attribute, [&](const nlattr& option) {
                if (mnl_attr_get_type(&option) == TCA_BPF_ID) {
                    id = mnl_attr_get_u32(&option);
                }
            });
        }
    });
    return id;
}

/// Returns true where there was none. libbpf itself would take an "ingress" qdisc for this one, and the kernel would
/// then run the program on ingress without a word.
bool make_qdisc(const Link& link) {
    const std::string kind = qdisc_kind(link);
    if (kind == "clsact") {
        return false;
    }
    if (!kind.empty()) {
        throw Error(ExitCode::Kernel, msg::no_room_on_egress(link.name, kind));
    }
    bpf_tc_hook both = hook_of(link, BPF_TC_INGRESS | BPF_TC_EGRESS);
    if (const int error = bpf_tc_hook_create(&both)) {
        throw system_error(msg::cannot_make_qdisc(link.name), -error);
    }
    return true;
}

void remove_qdisc(const Link& link) {
    if (qdisc_kind(link) == "clsact" && unused(link)) {
        bpf_tc_hook both = hook_of(link, BPF_TC_INGRESS | BPF_TC_EGRESS);
        bpf_tc_hook_destroy(&both); // fails only where it has gone already
    }
}

} // namespace

bool attach_clsact(int program, const Link& link, TcSide side) {
    const bool created = make_qdisc(link);
    if (const std::uint32_t other = clsact_program(link, side)) {
        throw Error(ExitCode::Kernel, msg::tc_program_there(link.name, side_name(side), kPriority, program_name(other),
                                                            other, link.name, side_name(side), kPriority));
    }
    const bpf_tc_hook hook = hook_of(link, point_of(side));
    bpf_tc_opts filter = our_filter();
    filter.prog_fd = program;
    if (const int error = bpf_tc_attach(&hook, &filter)) {
        if (created) {
            remove_qdisc(link);
        }
        throw system_error(msg::cannot_attach_tc(side_name(side), link.name), -error);
    }
    return created;
}

std::uint32_t clsact_program(const Link& link, TcSide side) {
    std::uint32_t id = 0;
    each_filter(link, side == TcSide::Ingress ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS,
                [&](const nlmsghdr& answer, const tcmsg& filter) {
                    if (filter.tcm_handle == kHandle && TC_H_MAJ(filter.tcm_info) >> 16 == kPriority) {
                        id = program_of(answer);
                    }
                });
    return id;
}

bool has_clsact(const Link& link) {
    return qdisc_kind(link) == "clsact";
}

void detach_clsact(const Link& link, TcSide side, std::uint32_t program, bool with_qdisc) {
    if (program != 0 && clsact_program(link, side) == program) {
        const bpf_tc_hook hook = hook_of(link, point_of(side));
        const bpf_tc_opts filter = our_filter();
        bpf_tc_detach(&hook, &filter); // fails only where it has gone already
    }
    if (with_qdisc) {
        remove_qdisc(link);
    }
}

} // namespace sfc
