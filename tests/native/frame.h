// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <linux/bpf.h>

namespace sfc::test {

/// The kernel's limits: a page holds headroom, the linear part, and room for the list of fragments; from the headroom
/// the kernel takes struct xdp_frame.
constexpr std::size_t kXdpHeadroom = 256;
constexpr std::size_t kXdpFrameSize = 40;
constexpr std::size_t kLinearMost = 4096 - kXdpHeadroom - 320;

/// A frame as a program sees it: the linear part in memory below 4 GiB, since a program's pointers to it are 32 bits
/// wide, and the rest in a fragment. The linear part ends where its page ends, and the next page cannot be touched: a
/// read beyond the frame is a fault in any build. With AddressSanitizer one in front of it is too.
class NativeFrame {
public:
    NativeFrame();
    ~NativeFrame();
    NativeFrame(const NativeFrame&) = delete;
    NativeFrame& operator=(const NativeFrame&) = delete;

    void load(std::span<const std::uint8_t> bytes, std::size_t headroom);
    /// Pointers to the linear part; what a fault of the harness may shorten.
    xdp_md context{};

    [[nodiscard]] std::size_t size() const { return context.data_end - context.data + fragment_.size(); }
    [[nodiscard]] std::vector<std::uint8_t> bytes() const;
    /// As the helpers of these names: 0, or a negative errno.
    [[nodiscard]] long adjust_head(int delta);
    /// Only shorter. The bytes move, so that the frame still ends where nothing can be read.
    [[nodiscard]] long adjust_tail(int delta);
    [[nodiscard]] long adjust_meta(int delta);
    /// What stands in front of the frame for the stack.
    [[nodiscard]] std::vector<std::uint8_t> metadata() const;
    void set_metadata(std::span<const std::uint8_t> bytes);
    [[nodiscard]] long load_bytes(std::uint32_t offset, std::span<std::uint8_t> to) const;
    [[nodiscard]] long store_bytes(std::uint32_t offset, std::span<const std::uint8_t> from);

private:
    std::uint8_t* page_;
    std::size_t page_size_;
    std::uint8_t* hard_start_ = nullptr; ///< headroom begins here
    std::vector<std::uint8_t> fragment_;

    [[nodiscard]] std::uint8_t* linear() const;
    [[nodiscard]] std::uint8_t* at(std::size_t offset) const;
    [[nodiscard]] long range_error(std::uint32_t offset, std::size_t len) const;
    void leak_guard_front() const;
};

} // namespace sfc::test
