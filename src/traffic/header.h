// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SFC headers as `send` makes them and `sink` expects them. Each encapsulation has one object, in header_NAME.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/frame_bytes.h"

namespace sfc {

/// A header that a frame should have: its bytes, and which of their bits count. Empty: the frame should be bare.
struct HeaderPattern {
    Bytes value, mask;
    std::string text; ///< as a user wrote it; else empty

    /// All bits count.
    [[nodiscard]] static HeaderPattern exactly(Bytes value);
    [[nodiscard]] bool matches(std::span<const std::uint8_t> header) const;
};

struct HeaderKind {
    std::uint16_t ether_type;
    const char *send_option, *send_help; ///< the option of `send` that gives the header
    const char *sink_option, *sink_help; ///< the option of `sink` that says which one should come
    const char* type_name;
    /// What the options say. Throws Error{Usage}.
    Bytes (*parse)(const std::string& text);
    HeaderPattern (*parse_pattern)(const std::string& text);
    /// The header as an SFC proxy with default settings advances it; empty where none is left.
    Bytes (*advance)(const Bytes& header);
    /// Bytes of the header that a frame has behind its EtherType; 0 where it has no end.
    std::size_t (*length)(std::span<const std::uint8_t> frame);
    /// In the words of the options.
    std::string (*text)(std::span<const std::uint8_t> header);
};

[[nodiscard]] std::span<const HeaderKind* const> header_kinds();
/// The one of this EtherType, nullptr for none.
[[nodiscard]] const HeaderKind* header_kind(std::uint16_t ether_type);

} // namespace sfc
