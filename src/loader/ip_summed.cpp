// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "loader/ip_summed.h"

#include <bit>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "base/error.h"
#include "base/fd.h"
#include "loader/messages.h"

namespace sfc {
namespace {

struct FreeBtf {
    void operator()(btf* types) const { btf__free(types); }
};

/// Bits from the start of the structure to the member, which may be in a structure or union without a name.
std::optional<std::uint32_t> find_member(const btf* types, std::uint32_t structure, const char* name) {
    const btf_type* type = btf__type_by_id(types, structure);
    if (type == nullptr || !btf_is_composite(type)) {
        return std::nullopt;
    }
    const btf_member* members = btf_members(type);
    for (std::uint16_t i = 0; i < btf_vlen(type); i++) {
        const char* member = btf__name_by_offset(types, members[i].name_off);
        const std::uint32_t at = btf_member_bit_offset(type, i);
        if (std::strcmp(member, name) == 0) {
            return at;
        }
        if (*member == '\0') {
            if (const auto inside = find_member(types, members[i].type, name)) {
                return at + *inside;
            }
        }
    }
    return std::nullopt;
}

/// The call of a kernel function by its number among the kernel's types.
bpf_insn call_kernel(std::int32_t function) {
    return {
        .code = BPF_JMP | BPF_CALL, .dst_reg = BPF_REG_0, .src_reg = BPF_PSEUDO_KFUNC_CALL, .off = 0, .imm = function};
}

/// Whether the verifier lets a TC program read the byte at `offset` of what the function returns: it loads one that
/// does.
bool reads_through(std::int32_t function, std::uint16_t offset) {
    const std::vector<bpf_insn> program{
        call_kernel(function),
        {.code = BPF_LDX | BPF_MEM | BPF_B,
         .dst_reg = BPF_REG_0,
         .src_reg = BPF_REG_0,
         .off = static_cast<std::int16_t>(offset),
         .imm = 0},
        {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
    };
    const Fd loaded(
        bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "sfc_context", "GPL", program.data(), program.size(), nullptr));
    return loaded.get() >= 0;
}

/// Puts the function in where the program has SFC_KFUNC_CONTEXT.
void put_in(bpf_program* program, std::int32_t function) {
    const bpf_insn* first = bpf_program__insns(program);
    std::vector<bpf_insn> code(first, first + bpf_program__insn_cnt(program));
    for (bpf_insn& insn : code) {
        if (insn.code == (BPF_JMP | BPF_CALL) && insn.src_reg == 0 && insn.imm == SFC_KFUNC_CONTEXT) {
            insn = call_kernel(function);
        }
    }
    if (const int error = bpf_program__set_insns(program, code.data(), code.size())) {
        throw system_error(msg::cannot_prepare_programs(), -error);
    }
}

} // namespace

void set_ip_summed(sfc_config& config, bpf_program* reader) {
    constexpr std::uint32_t kBits = 2;
    if (std::endian::native != std::endian::little || // bits are counted from the other end there
        libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_probe_read_kernel, nullptr) != 1) {
        return;
    }
    const std::unique_ptr<btf, FreeBtf> types(btf__load_vmlinux_btf());
    if (!types) {
        return;
    }
    const int skb = btf__find_by_name_kind(types.get(), "sk_buff", BTF_KIND_STRUCT);
    const auto at = skb > 0 ? find_member(types.get(), static_cast<std::uint32_t>(skb), "ip_summed") : std::nullopt;
    if (at && *at % 8 + kBits <= 8 && *at / 8 <= UINT16_MAX) {
        config.summed_at = static_cast<std::uint16_t>(*at / 8);
        config.summed_shift = static_cast<std::uint8_t>(*at % 8);
    }
    const int context = btf__find_by_name_kind(types.get(), "bpf_cast_to_kern_ctx", BTF_KIND_FUNC);
    if (config.summed_at != 0 && context > 0 && reads_through(context, config.summed_at)) {
        put_in(reader, context);
        config.kernel_context = 1;
    }
}

} // namespace sfc
