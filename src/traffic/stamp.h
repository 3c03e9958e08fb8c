// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/frame_bytes.h"

namespace sfc {

/// What a packet of `send` says about itself, in its payload: the sink needs no other word of the sender.
struct Stamp {
    std::uint64_t run = 0;    ///< random; the packets of one `send` share it
    std::uint64_t number = 0; ///< from 1
    std::uint64_t count = 0;  ///< how many `send` was to send
    std::uint16_t ether_type = 0;
    Bytes header; ///< the SFC header as it was sent
};

/// The least payload that has room for a stamp with a header of so many bytes.
[[nodiscard]] std::size_t stamp_room(std::size_t header);
/// A payload of `size` bytes, stamped and filled.
[[nodiscard]] Bytes stamped_payload(const Stamp& stamp, std::size_t size);

/// Where the payload of a packet of `send` begins, whatever stands before it; nothing in other frames.
[[nodiscard]] std::optional<std::size_t> find_stamp(std::span<const std::uint8_t> frame);
/// Nothing where one of its bytes is not as it was sent. Bytes behind the payload, as padding, are not looked at.
[[nodiscard]] std::optional<Stamp> read_stamp(std::span<const std::uint8_t> payload);

} // namespace sfc
