// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "oracle_stack.h"

namespace sfc::test::oracle {
namespace {

constexpr std::size_t kEntry = 4; // RFC 3032 2.1
constexpr std::size_t kEntriesMost = 16;
constexpr std::uint32_t kEntropyIndicator = 7; // RFC 6790 4.2
constexpr std::size_t kTtl = 3;

} // namespace

Stack judge_stack(View data, bool pipe) {
    Stack stack;
    std::size_t count = 0;
    for (bool bottom = false; !bottom; count++) {
        const View rest = behind(data, count * kEntry);
        if (rest.size() < kEntry) {
            stack.fault = rest.empty() ? SFC_REASON_no_bottom : SFC_REASON_truncated;
            return stack;
        }
        if (count == kEntriesMost) {
            stack.fault = SFC_REASON_too_many_labels;
            return stack;
        }
        bottom = (rest[2] & 1) != 0;
    }
    stack.size = count * kEntry;
    std::size_t top = 1;
    while (top < count && u32(data, top * kEntry) >> 12 == kEntropyIndicator) {
        if (top + 1 == count) {
            stack.fault = SFC_REASON_truncated; // an indicator without its label
            return stack;
        }
        top += 2;
    }
    const View left = data.subspan(top * kEntry, (count - top) * kEntry);
    stack.left.assign(left.begin(), left.end());
    if (!left.empty() && !pipe) {
        stack.left[kTtl] = static_cast<char>(std::min<unsigned>(left[kTtl], data[kTtl] - 1U)); // RFC 3443
    }
    stack.hops = left.empty() && !pipe ? data[kTtl] - 1U : kHopsMost;
    return stack;
}

void limit_hops(std::span<std::uint8_t> ip, unsigned hops) {
    const bool six = ip[0] >> 4 == 6;
    std::uint8_t& mine = ip[six ? 7 : 8];
    const std::uint32_t before = u16(ip, 8);
    if (mine <= hops) {
        return;
    }
    mine = static_cast<std::uint8_t>(hops);
    if (six) {
        return;
    }
    std::uint32_t sum = (u16(ip, 10) ^ 0xffff) + (before ^ 0xffff) + u16(ip, 8);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    ip[10] = static_cast<std::uint8_t>(~sum >> 8);
    ip[11] = static_cast<std::uint8_t>(~sum);
}

} // namespace sfc::test::oracle
