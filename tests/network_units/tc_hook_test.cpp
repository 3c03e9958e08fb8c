// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net/clsact.h"
#include "net/hook.h"
#include "net/tc_hook.h"
#include "sandboxed.h"

namespace sfc::test {
namespace {

Fd load(const std::string& name, bpf_prog_type type = BPF_PROG_TYPE_SCHED_CLS) {
    bpf_insn all_ones{}, leave{}; // r0 = -1 (TC_ACT_UNSPEC: go on with the next one); exit
    all_ones.code = BPF_ALU64 | BPF_MOV | BPF_K;
    all_ones.imm = -1;
    leave.code = BPF_JMP | BPF_EXIT;
    const std::array program = {all_ones, leave};
    return Fd(bpf_prog_load(type, name.c_str(), "GPL", program.data(), program.size(), nullptr));
}

std::uint32_t id_of(const Fd& program) {
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    return bpf_obj_get_info_by_fd(program.get(), &info, &size) == 0 ? info.id : 0;
}

bpf_tc_hook side(const Link& link, bpf_tc_attach_point point) {
    bpf_tc_hook hook{};
    hook.sz = sizeof(hook);
    hook.ifindex = static_cast<int>(link.index);
    hook.attach_point = point;
    return hook;
}

/// A filter of somebody else, with the number that the kernel gives it. Returns 0 or a negative errno.
int attach_other(const Link& link, bpf_tc_attach_point point, const Fd& program) {
    const bpf_tc_hook hook = side(link, point);
    bpf_tc_opts filter{};
    filter.sz = sizeof(filter);
    filter.prog_fd = program.get();
    return bpf_tc_attach(&hook, &filter);
}

/// "clsact" or "ingress": an interface has one of them, in the same position.
int make_qdisc(const Link& link, const char* kind) {
    NetlinkRequest request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
    auto& about = request.family_header<tcmsg>();
    about.tcm_ifindex = static_cast<int>(link.index);
    about.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
    about.tcm_parent = TC_H_CLSACT;
    mnl_attr_put_strz(request.header(), TCA_KIND, kind);
    return Netlink().ask(request);
}

bool qdisc_there(const Link& link) {
    const int error = make_qdisc(link, "clsact");
    if (error == 0) { // it was free: leave it so
        bpf_tc_hook both = side(link, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
        bpf_tc_hook_destroy(&both);
    }
    return error == EEXIST;
}

class TcHookTest : public Sandboxed {
protected:
    Link one_ = link("one");
    Fd program_ = load("sfc_test");
};

TEST_F(TcHookTest, IsFoundAndTakenOff) { // by TCX or clsact, whatever this kernel has
    const TcHook plan = plan_tc(program_.get(), one_, TcSide::Egress);
    EXPECT_EQ(tc_program(one_, plan), 0U);
    EXPECT_FALSE(qdisc_there(one_));
    const TcHook hook = attach_tc(program_.get(), one_, TcSide::Egress);
    EXPECT_EQ(hook.clsact, plan.clsact);
    EXPECT_EQ(hook.created_qdisc, plan.created_qdisc);
    EXPECT_NE(hook.clsact, static_cast<bool>(hook.link));
    EXPECT_EQ(hook.created_qdisc, hook.clsact);
    EXPECT_EQ(qdisc_there(one_), hook.clsact);
    RecordProperty("way", hook.clsact ? "clsact" : "tcx");
    EXPECT_NE(id_of(program_), 0U);
    EXPECT_EQ(tc_program(one_, hook), id_of(program_));
    detach_tc(one_, hook);
    EXPECT_FALSE(qdisc_there(one_));
    const TcHook again = attach_tc(program_.get(), one_, TcSide::Egress); // the position is free again
    EXPECT_EQ(tc_program(one_, again), id_of(program_));
}

/// The ids of the programs on egress, in the order in which they run.
std::vector<std::uint32_t> run_order(const Link& link) {
    std::vector<std::uint32_t> ids(8);
    bpf_attr ask{};
    ask.query.target_fd = link.index;
    ask.query.attach_type = 47; // BPF_TCX_EGRESS
    ask.query.prog_ids = reinterpret_cast<std::uintptr_t>(ids.data());
    ask.query.prog_cnt = ids.size();
    EXPECT_EQ(syscall(SYS_bpf, BPF_PROG_QUERY, &ask, sizeof(ask)), 0);
    ids.resize(ask.query.prog_cnt);
    return ids;
}

/// One that is there already may end the run, and then packets would pass ours by.
TEST_F(TcHookTest, ComesBeforeAllOthers) {
    const Fd one = load("one"), two = load("two");
    const auto egress = static_cast<bpf_attach_type>(47);
    const Fd first(bpf_link_create(one.get(), static_cast<int>(one_.index), egress, nullptr));
    const Fd second(bpf_link_create(two.get(), static_cast<int>(one_.index), egress, nullptr));
    const TcHook hook = attach_tc(program_.get(), one_, TcSide::Egress);
    if (hook.clsact) {
        GTEST_SKIP() << "this kernel has no TCX";
    }
    EXPECT_EQ(run_order(one_), (std::vector{id_of(program_), id_of(one), id_of(two)}));
}

TEST_F(TcHookTest, TcxNeedsNoQdiscAndEndsWithItsLink) {
    TcHook hook = attach_tc(program_.get(), one_, TcSide::Egress);
    if (hook.clsact) {
        GTEST_SKIP() << "this kernel has no TCX";
    }
    EXPECT_EQ(hooked_interface(hook.link), one_.index);
    detach_tc(one_, hook);
    EXPECT_EQ(hooked_interface(hook.link), 0U);
    detach_tc(one_, hook); // twice is fine
}

TEST_F(TcHookTest, WhatCannotBeAttachedIsNamed) {
    Link gone;
    gone.index = 4711;
    gone.name = "gone0";
    EXPECT_NE(sentence([&] { (void)attach_tc(program_.get(), gone, TcSide::Egress); }).find("'gone0'"),
              std::string::npos);
    const Fd xdp = load("sfc_xdp", BPF_PROG_TYPE_XDP);
    EXPECT_NE(sentence([&] { (void)attach_tc(xdp.get(), one_, TcSide::Egress); }).find("'one'"), std::string::npos);
    EXPECT_FALSE(qdisc_there(one_)); // made for the attempt, and gone with it
}

TEST_F(TcHookTest, ClsactIsMadeAndRemoved) {
    TcHook hook{TcSide::Egress, Fd(), id_of(program_), true, false};
    hook.created_qdisc = attach_clsact(program_.get(), one_, TcSide::Egress);
    EXPECT_TRUE(hook.created_qdisc);
    EXPECT_EQ(tc_program(one_, hook), id_of(program_));
    detach_tc(one_, hook);
    EXPECT_EQ(tc_program(one_, hook), 0U);
    EXPECT_FALSE(qdisc_there(one_));
    EXPECT_EQ(sentence([&] { detach_tc(one_, hook); }), "");
}

TEST_F(TcHookTest, BothSidesShareAQdisc) {
    for (const bool clsact : {false, true}) {
        const auto attach = [&](TcSide side) {
            return clsact ? TcHook{side, Fd(), id_of(program_), true, attach_clsact(program_.get(), one_, side)}
                          : attach_tc(program_.get(), one_, side);
        };
        const TcHook out = attach(TcSide::Egress);
        const TcHook in = attach(TcSide::Ingress);
        EXPECT_FALSE(in.created_qdisc);
        EXPECT_EQ(tc_program(one_, in), id_of(program_));
        EXPECT_EQ(tc_program(one_, out), id_of(program_));
        detach_tc(one_, in);
        EXPECT_EQ(clsact ? tc_program(one_, in) : hooked_interface(in.link), 0U);
        EXPECT_EQ(tc_program(one_, out), id_of(program_));
        detach_tc(one_, out);
        EXPECT_FALSE(qdisc_there(one_));
    }
}

TEST_F(TcHookTest, ClsactOfSomebodyElseStays) {
    ASSERT_EQ(make_qdisc(one_, "clsact"), 0);
    EXPECT_FALSE(attach_clsact(program_.get(), one_, TcSide::Egress));
    detach_clsact(one_, TcSide::Egress, id_of(program_), false);
    EXPECT_EQ(clsact_program(one_, TcSide::Egress), 0U);
    EXPECT_TRUE(qdisc_there(one_));
}

TEST_F(TcHookTest, ClsactThatSomebodyUsesByNowStays) {
    const Fd other = load("other");
    for (const auto point : {BPF_TC_INGRESS, BPF_TC_EGRESS}) {
        ASSERT_TRUE(attach_clsact(program_.get(), one_, TcSide::Egress));
        ASSERT_EQ(attach_other(one_, point, other), 0);
        EXPECT_EQ(clsact_program(one_, TcSide::Egress), id_of(program_));
        detach_clsact(one_, TcSide::Egress, id_of(program_), true);
        EXPECT_EQ(clsact_program(one_, TcSide::Egress), 0U);
        EXPECT_TRUE(qdisc_there(one_));
        bpf_tc_hook both = side(one_, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
        bpf_tc_hook_destroy(&both);
    }
}

TEST_F(TcHookTest, AProgramInsteadOfOursIsNamedAndStays) {
    const Fd other = load("other");
    ASSERT_TRUE(attach_clsact(other.get(), one_, TcSide::Egress));
    EXPECT_NE(sentence([&] { (void)attach_clsact(program_.get(), one_, TcSide::Egress); }).find("'other'"),
              std::string::npos);
    detach_clsact(one_, TcSide::Egress, id_of(program_), true);
    EXPECT_EQ(clsact_program(one_, TcSide::Egress), id_of(other));
}

TEST_F(TcHookTest, AnIngressQdiscIsRefused) {
    ASSERT_EQ(make_qdisc(one_, "ingress"), 0);
    EXPECT_NE(sentence([&] { (void)attach_clsact(program_.get(), one_, TcSide::Egress); }).find("'ingress'"),
              std::string::npos);
    EXPECT_EQ(clsact_program(one_, TcSide::Egress), 0U);
}

} // namespace
} // namespace sfc::test
