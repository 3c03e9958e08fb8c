// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace sfc::test::traffic {

/// A frame of the traffic campaigns. Of fixed room: an allocation a frame would cost as much as all the rest.
class Frame {
public:
    static constexpr std::size_t kMost = 512;

    [[nodiscard]] std::span<const std::uint8_t> view() const { return {bytes_.data(), size_}; }
    [[nodiscard]] std::span<std::uint8_t> bytes() { return {bytes_.data(), size_}; }
    [[nodiscard]] std::size_t size() const { return size_; }
    std::uint8_t& operator[](std::size_t at) { return bytes_[at]; }
    std::uint8_t operator[](std::size_t at) const { return bytes_[at]; }
    void clear() { size_ = 0; }
    void append(std::span<const std::uint8_t> bytes) {
        std::copy(bytes.begin(), bytes.end(), bytes_.begin() + size_);
        size_ = static_cast<std::uint16_t>(size_ + bytes.size());
    }
    void append(std::size_t count, std::uint8_t value) {
        std::fill_n(bytes_.begin() + size_, count, value);
        size_ = static_cast<std::uint16_t>(size_ + count);
    }
    /// Makes room for bytes in the middle.
    void insert(std::size_t at, std::span<const std::uint8_t> bytes) {
        std::copy_backward(bytes_.begin() + at, bytes_.begin() + size_, bytes_.begin() + size_ + bytes.size());
        std::copy(bytes.begin(), bytes.end(), bytes_.begin() + at);
        size_ = static_cast<std::uint16_t>(size_ + bytes.size());
    }

    [[nodiscard]] std::uint32_t get16(std::size_t at) const {
        return static_cast<std::uint32_t>(bytes_[at]) << 8 | bytes_[at + 1];
    }
    void set16(std::size_t at, std::size_t value) {
        bytes_[at] = static_cast<std::uint8_t>(value >> 8);
        bytes_[at + 1] = static_cast<std::uint8_t>(value);
    }
    void set32(std::size_t at, std::uint32_t value) {
        set16(at, value >> 16);
        set16(at + 2, value & 0xffff);
    }

private:
    std::array<std::uint8_t, kMost> bytes_{};
    std::uint16_t size_ = 0;
};

constexpr std::size_t kEthernet = 14;              ///< bytes of the link's header
constexpr std::size_t kHeadMost = kEthernet + 216; ///< bytes in front of a packet

} // namespace sfc::test::traffic
