// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic/stamp.h"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace sfc {
namespace {

constexpr std::string_view kMagic = "sfcproxy";
constexpr std::size_t kHashAt = 8, kLengthAt = 16, kRunAt = 18, kNumberAt = 26, kCountAt = 34, kTypeAt = 42,
                      kHeaderLengthAt = 44, kHeaderAt = 46;
static_assert(kMagic.size() == kHashAt);

void set64(Bytes& bytes, std::size_t at, std::uint64_t value) {
    for (std::size_t i = 0; i < sizeof(value); i += 2) {
        set16(bytes, at + i, value >> (48 - 8 * i) & 0xffff);
    }
}

std::uint64_t get64(std::span<const std::uint8_t> bytes, std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = at; i < at + sizeof(value); i += 2) {
        value = value << 16 | get16(bytes, i);
    }
    return value;
}

/// FNV-1a: against accidents, not against forgers. Unlike a checksum it notices bytes that were swapped.
std::uint64_t hash(std::span<const std::uint8_t> bytes) {
    std::uint64_t value = 0xcbf29ce484222325;
    for (const std::uint8_t byte : bytes) {
        value = (value ^ byte) * 0x100000001b3;
    }
    return value;
}

} // namespace

std::size_t stamp_room(std::size_t header) {
    return kHeaderAt + header;
}

Bytes stamped_payload(const Stamp& stamp, std::size_t size) {
    Bytes payload(size);
    std::iota(payload.begin(), payload.end(), 0);
    std::copy(kMagic.begin(), kMagic.end(), payload.begin());
    set16(payload, kLengthAt, size);
    set64(payload, kRunAt, stamp.run);
    set64(payload, kNumberAt, stamp.number);
    set64(payload, kCountAt, stamp.count);
    set16(payload, kTypeAt, stamp.ether_type);
    set16(payload, kHeaderLengthAt, stamp.header.size());
    std::copy(stamp.header.begin(), stamp.header.end(), payload.begin() + kHeaderAt);
    set64(payload, kHashAt, hash(std::span(payload).subspan(kLengthAt)));
    return payload;
}

std::optional<std::size_t> find_stamp(std::span<const std::uint8_t> frame) {
    const auto found = std::search(frame.begin(), frame.end(), kMagic.begin(), kMagic.end());
    return found == frame.end() ? std::nullopt : std::optional<std::size_t>(found - frame.begin());
}

std::optional<Stamp> read_stamp(std::span<const std::uint8_t> payload) {
    if (payload.size() < kHeaderAt) {
        return std::nullopt;
    }
    const std::size_t size = get16(payload, kLengthAt), header = get16(payload, kHeaderLengthAt);
    if (size > payload.size() || size < stamp_room(header) ||
        hash(payload.subspan(kLengthAt, size - kLengthAt)) != get64(payload, kHashAt)) {
        return std::nullopt;
    }
    const auto bytes = payload.subspan(kHeaderAt, header);
    return Stamp{.run = get64(payload, kRunAt),
                 .number = get64(payload, kNumberAt),
                 .count = get64(payload, kCountAt),
                 .ether_type = get16(payload, kTypeAt),
                 .header = {bytes.begin(), bytes.end()}};
}

} // namespace sfc
