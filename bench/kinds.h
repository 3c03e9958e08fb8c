// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sfc::bench {

using Bytes = std::vector<std::uint8_t>;

/// One kind of packet as it goes to the SF, with the offset (from the IP header) of four bytes that are in its key.
struct Kind {
    std::string name;
    Bytes ip;
    std::uint32_t number_off;
};

/// The kinds of docs/keys.md that are measured. The first ones are the common case.
[[nodiscard]] std::vector<Kind> kinds();

/// `ip` behind Ethernet, and behind `labels` entries if there are any: the top one is 16001.
[[nodiscard]] Bytes frame(const Bytes& ip, unsigned labels);

} // namespace sfc::bench
