// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "summed.h"

#include <bit>
#include <cstring>
#include <memory>
#include <optional>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

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

} // namespace

void set_summed(sfc_config& config) {
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
}

} // namespace sfc
