// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "traffic/header.h"
#include "traffic/packet.h"

namespace sfc {

/// The sink keeps a bit for each packet.
constexpr std::uint64_t kTrafficCountMost = 100'000'000;
constexpr std::uint64_t kTrafficRateMost = 10'000'000;
constexpr std::size_t kTrafficSizeMost = 9000;

struct SendOptions {
    std::string interface;
    const HeaderKind* kind = nullptr;
    Bytes header;
    Inner inner;
    std::uint64_t count = 10;
    std::uint64_t rate = 1000; ///< packets a second
    std::optional<Mac> mac;    ///< of the neighbour that gets them,
    std::string via;           ///< or its address; without both it is the peer of a veth
};

struct SinkOptions {
    std::string interface;
    std::optional<HeaderPattern> expected;
    std::optional<std::uint64_t> count;
    std::uint64_t timeout_s = 10; ///< without a packet
};

} // namespace sfc
