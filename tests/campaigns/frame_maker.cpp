// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "frame_maker.h"

#include <algorithm>

namespace sfc::test {
namespace {

constexpr std::array<std::uint32_t, 8> kSpecialLabels = {0, 1, 2, 7, 7, 13, 14, 15};
constexpr std::array<std::uint8_t, 10> kEdgeBytes = {0x00, 0x01, 0x08, 0x3a, 0x40, 0x45, 0x4f, 0x60, 0x7f, 0xff};
/// Where lengths, protocols, fragment words and data offsets stand, counted from the inner packet: IPv4, IPv6 and its
/// first extension headers, transports behind either, Ethernet.
constexpr std::array<std::uint8_t, 28> kStructure = {0,  2,  3,  4,  5,  6,  7,  8,  9,  10, 12, 13, 14, 16,
                                                     17, 20, 22, 28, 32, 33, 36, 40, 41, 42, 43, 48, 49, 52};

} // namespace

void FrameMaker::put_stack(Bytes& out, std::uint32_t first) {
    const std::uint32_t count = random_.one_in(3) ? 1 + random_.below(18) : 2 + random_.below(3);
    for (std::uint32_t i = 0; i < count; i++) {
        std::uint32_t label = random_.one_in(4) ? random_.pick(kSpecialLabels) : random_.below(1 << 20);
        if (i == 0 && !random_.one_in(64)) {
            label = first;
        }
        const bool bottom = i + 1 == count && !random_.one_in(64);
        const std::uint32_t ttl = random_.one_in(24) ? random_.below(3) : random_.below(256);
        put32(out, label << 12 | random_.below(8) << 9 | (bottom ? 0x100U : 0U) | ttl);
    }
}

Bytes FrameMaker::packet(const Chain& chain) {
    if (chain.ethernet) {
        return random_.one_in(64) ? make_ip(random_, false) : make_ethernet(random_);
    }
    if (random_.one_in(64)) {
        Bytes out;
        random_.append(out, random_.below(80));
        return out;
    }
    const bool ipv6 = chain.ipv4 && chain.ipv6 ? random_.one_in(2) : chain.ipv6 != random_.one_in(24);
    return random_.one_in(12) ? make_ip(random_, ipv6, make_tunnel(random_)) : make_ip(random_, ipv6);
}

Bytes FrameMaker::labelled() {
    Kept made;
    made.chain = chains_[random_.below(static_cast<std::uint32_t>(chains_.size()))];
    const bool again = kept_.size() == kKept && random_.one_in(8);
    if (again) {
        made = kept_[random_.below(kKept)];
        if (random_.one_in(3)) {
            return made.frame;
        }
    } else {
        made.packet = packet(made.chain);
        if (random_.one_in(4)) {
            random_.append(made.packet, random_.below(30)); // Ethernet padding
        }
    }
    made.frame = {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(random_.below(3)), 0x88};
    made.frame.push_back(random_.one_in(64) ? random_.byte() : random_.one_in(2) ? 0x47 : 0x48);
    put_stack(made.frame, made.chain.label);
    made.frame.insert(made.frame.end(), made.packet.begin(), made.packet.end());
    Bytes out = made.frame;
    if (kept_.size() < kKept) {
        kept_.push_back(std::move(made));
    } else {
        kept_[random_.below(kKept)] = std::move(made);
    }
    return out;
}

void FrameMaker::damage(Bytes& frame) {
    for (std::uint32_t times = random_.one_in(3) ? random_.below(4) : 0; times > 0; times--) {
        damage_once(frame);
    }
}

void FrameMaker::damage_once(Bytes& frame) {
    std::size_t at = random_.below(static_cast<std::uint32_t>(frame.size()));
    std::size_t packet = 14;
    if (frame[12] == 0x88) {
        while (packet + 4 < frame.size() && (frame[packet + 2] & 1) == 0) {
            packet += 4;
        }
        packet += 4;
    }
    const std::size_t structure = packet + random_.pick(kStructure);
    switch (random_.below(8)) {
    case 0:
        frame.resize(std::max<std::size_t>(14, at));
        break;
    case 1:
        frame[at] ^= static_cast<std::uint8_t>(1 << random_.below(8));
        break;
    case 2:
        frame[at] = random_.pick(kEdgeBytes);
        break;
    case 3:
        frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(at), random_.byte());
        break;
    default:
        if (structure < frame.size()) {
            std::uint8_t& byte = frame[structure];
            const std::uint32_t how = random_.below(4);
            byte = how == 0   ? random_.byte()
                   : how == 1 ? random_.pick(kEdgeBytes)
                   : how == 2 ? static_cast<std::uint8_t>(byte + 1)
                              : static_cast<std::uint8_t>(byte - 1);
        }
    }
}

} // namespace sfc::test
