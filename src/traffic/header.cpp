// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic/header.h"

#include <algorithm>
#include <array>

namespace sfc {

extern const HeaderKind header_mpls;

namespace {

constexpr std::array kKinds = {&header_mpls};

} // namespace

HeaderPattern HeaderPattern::exactly(Bytes value) {
    Bytes mask(value.size(), 0xff);
    return {std::move(value), std::move(mask), ""};
}

bool HeaderPattern::matches(std::span<const std::uint8_t> header) const {
    bool equal = header.size() == value.size();
    for (std::size_t i = 0; equal && i < value.size(); i++) {
        equal = ((header[i] ^ value[i]) & mask[i]) == 0;
    }
    return equal;
}

std::span<const HeaderKind* const> header_kinds() {
    return kKinds;
}

const HeaderKind* header_kind(std::uint16_t ether_type) {
    const auto* const found = std::find_if(kKinds.begin(), kKinds.end(),
                                           [&](const HeaderKind* kind) { return kind->ether_type == ether_type; });
    return found == kKinds.end() ? nullptr : *found;
}

} // namespace sfc
