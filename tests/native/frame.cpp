// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "frame.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/if_ether.h>

#include "base/error.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace sfc::test {

NativeFrame::NativeFrame() : page_size_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    void* memory =
        mmap(nullptr, 2 * page_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (memory == MAP_FAILED) { // NOLINT(performance-no-int-to-ptr): the system's macro
        throw system_error("cannot map memory below 4 GiB", errno);
    }
    page_ = static_cast<std::uint8_t*>(memory);
    if (mprotect(page_ + page_size_, page_size_, PROT_NONE) != 0) {
        throw system_error("cannot protect a page", errno);
    }
}

NativeFrame::~NativeFrame() {
#ifdef __SANITIZE_ADDRESS__
    ASAN_UNPOISON_MEMORY_REGION(page_, page_size_);
#endif
    munmap(page_, 2 * page_size_);
}

std::uint8_t* NativeFrame::linear() const {
    return page_ + (context.data - static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(page_)));
}

void NativeFrame::load(std::span<const std::uint8_t> bytes, std::size_t headroom) {
    const auto whole = bytes.first(std::min(bytes.size(), kLinearMost));
    const auto page = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(page_));
    context = {};
    context.data_end = page + static_cast<std::uint32_t>(page_size_);
    context.data = context.data_end - static_cast<std::uint32_t>(whole.size());
    context.data_meta = context.data;
    leak_guard_front();
    hard_start_ = linear() - headroom;
    std::copy(whole.begin(), whole.end(), linear());
    fragment_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(whole.size()), bytes.end());
}

/// The bytes in front of the frame are nobody's: at first headroom, later what was cut off.
void NativeFrame::leak_guard_front() const {
#ifdef __SANITIZE_ADDRESS__
    ASAN_UNPOISON_MEMORY_REGION(page_, page_size_);
    ASAN_POISON_MEMORY_REGION(page_, linear() - page_ - (context.data - context.data_meta));
#endif
}

std::uint8_t* NativeFrame::at(std::size_t offset) const {
    const std::size_t whole = context.data_end - context.data;
    return offset < whole ? linear() + offset : const_cast<std::uint8_t*>(fragment_.data()) + (offset - whole);
}

std::vector<std::uint8_t> NativeFrame::bytes() const {
    std::vector<std::uint8_t> all(linear(), linear() + (context.data_end - context.data));
    all.insert(all.end(), fragment_.begin(), fragment_.end());
    return all;
}

long NativeFrame::adjust_head(int delta) {
    const std::uint8_t* data = linear() + delta;
    const std::uint8_t* end = linear() + (context.data_end - context.data);
    if (data < hard_start_ + kXdpFrameSize || data + ETH_HLEN > end) {
        return -EINVAL;
    }
    context.data += static_cast<std::uint32_t>(delta);
    context.data_meta = context.data;
    leak_guard_front();
    return 0;
}

long NativeFrame::adjust_tail(int delta) {
    const std::size_t whole = context.data_end - context.data, wanted = size() + delta;
    if (delta > 0 || wanted < ETH_HLEN || wanted > size()) {
        return -EINVAL;
    }
    if (wanted >= whole) {
        fragment_.resize(wanted - whole);
        return 0;
    }
    fragment_.clear();
    std::memmove(linear() + (whole - wanted), linear(), wanted);
    hard_start_ += whole - wanted;
    context.data += static_cast<std::uint32_t>(whole - wanted);
    context.data_meta = context.data;
    leak_guard_front();
    return 0;
}

long NativeFrame::adjust_meta(int delta) {
    constexpr std::uint32_t kMost = 32; // and a multiple of four, before 6.3
    const std::uint32_t meta = context.data_meta + static_cast<std::uint32_t>(delta);
    const std::uint32_t size = context.data - meta;
    if (meta > context.data || size > kMost || size % 4 != 0 || linear() - size < hard_start_ + kXdpFrameSize) {
        return -EINVAL;
    }
    context.data_meta = meta;
    leak_guard_front();
    return 0;
}

std::vector<std::uint8_t> NativeFrame::metadata() const {
    return {linear() - (context.data - context.data_meta), linear()};
}

void NativeFrame::set_metadata(std::span<const std::uint8_t> bytes) {
    context.data_meta = context.data - static_cast<std::uint32_t>(bytes.size());
    leak_guard_front();
    std::copy(bytes.begin(), bytes.end(), linear() - bytes.size());
}

long NativeFrame::range_error(std::uint32_t offset, std::size_t len) const {
    if (offset > 0xffff || len > 0xffff) {
        return -EFAULT;
    }
    return offset + len > size() ? -EINVAL : 0;
}

long NativeFrame::load_bytes(std::uint32_t offset, std::span<std::uint8_t> to) const {
    const long error = range_error(offset, to.size());
    for (std::size_t i = 0; error == 0 && i < to.size(); i++) {
        to[i] = *at(offset + i);
    }
    return error;
}

long NativeFrame::store_bytes(std::uint32_t offset, std::span<const std::uint8_t> from) {
    const long error = range_error(offset, from.size());
    for (std::size_t i = 0; error == 0 && i < from.size(); i++) {
        *at(offset + i) = from[i];
    }
    return error;
}

} // namespace sfc::test
