// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

namespace sfc::test::oracle {

using View = std::span<const std::uint8_t>;

/// Big-endian numbers at an offset. The caller has checked that they are there.
inline std::uint32_t u16(View data, std::size_t at) {
    return static_cast<std::uint32_t>(data[at]) << 8 | data[at + 1];
}

inline std::uint32_t u32(View data, std::size_t at) {
    return u16(data, at) << 16 | u16(data, at + 2);
}

/// The bytes from `at`, none where the data ends before.
inline View behind(View data, std::size_t at) {
    return data.subspan(std::min(at, data.size()));
}

inline View first(View data, std::size_t count) {
    return data.first(std::min(count, data.size()));
}

inline View bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// A key under construction: fields of fixed order, each of a size that its position gives, so that no two lists of
/// fields make the same bytes.
class KeyBytes {
public:
    KeyBytes& number(std::uint32_t value) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes_.push_back(static_cast<char>(value >> shift));
        }
        return *this;
    }
    KeyBytes& bytes(View data) {
        number(static_cast<std::uint32_t>(data.size()));
        bytes_.append(data.begin(), data.end());
        return *this;
    }
    [[nodiscard]] std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

} // namespace sfc::test::oracle
