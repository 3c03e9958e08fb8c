// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "frame_maker.h"

#include <algorithm>
#include <array>

namespace sfc::test {
namespace {

constexpr std::uint32_t kServiceLabel = 16001;
constexpr std::array<std::uint32_t, 8> kSpecialLabels = {0, 1, 2, 7, 7, 13, 14, 15};
constexpr std::array<std::uint8_t, 8> kProtocols = {6, 6, 17, 17, 1, 58, 132, 44};
constexpr std::array<std::uint8_t, 8> kEdgeBytes = {0x00, 0x01, 0x40, 0x45, 0x4f, 0x60, 0x7f, 0xff};

void put16(Bytes& out, std::size_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}

} // namespace

void FrameMaker::put_random(Bytes& out, std::size_t count) {
    for (std::size_t i = 0; i < count; i++) {
        out.push_back(static_cast<std::uint8_t>(random_()));
    }
}

void FrameMaker::put_stack(Bytes& out) {
    const std::uint32_t count = 1 + below(18);
    for (std::uint32_t i = 0; i < count; i++) {
        std::uint32_t label = one_in(4) ? kSpecialLabels[below(kSpecialLabels.size())] : below(1 << 20);
        if (i == 0 && !one_in(16)) {
            label = kServiceLabel;
        }
        const bool bottom = i + 1 == count && !one_in(32);
        const std::uint32_t ttl = one_in(8) ? below(3) : below(256);
        put16(out, label >> 4);
        put16(out, (label & 0xf) << 12 | (bottom ? 0x100U : 0U) | ttl);
    }
}

Bytes FrameMaker::l4(std::uint8_t proto) {
    Bytes out;
    if (proto != 6) {
        put_random(out, 8 + below(120));
        return out;
    }
    const std::uint32_t options = below(11);
    put_random(out, 20 + 4 * options + below(60));
    out[12] = static_cast<std::uint8_t>((5 + options) << 4);
    if (options >= 3 && one_in(2)) {
        std::copy_n(std::array<std::uint8_t, 4>{1, 1, 8, 10}.begin(), 4, out.begin() + 20);
    }
    return out;
}

void FrameMaker::put_ip(Bytes& out, const Bytes& l4, std::uint8_t proto) {
    if (one_in(2)) {
        out.insert(out.end(), {0x60, 0, 0, 0});
        put16(out, l4.size());
        out.insert(out.end(), {proto, static_cast<std::uint8_t>(below(256))});
        put_random(out, 32);
    } else {
        const std::uint32_t options = one_in(4) ? below(11) : 0;
        out.insert(out.end(), {static_cast<std::uint8_t>(0x45 + options), 0});
        put16(out, 20 + 4 * options + l4.size());
        put16(out, below(8)); // few identifications, so that keys meet
        put16(out, one_in(16) ? below(0x4000) : 0x4000);
        out.insert(out.end(), {static_cast<std::uint8_t>(below(256)), proto, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1});
        put_random(out, std::size_t{4} * options);
    }
    out.insert(out.end(), l4.begin(), l4.end());
}

Bytes FrameMaker::labelled() {
    Bytes out = {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0x02, 0x88};
    out.push_back(one_in(64) ? static_cast<std::uint8_t>(below(256)) : one_in(2) ? 0x47 : 0x48);
    put_stack(out);
    const std::uint8_t proto = kProtocols[below(kProtocols.size())];
    put_ip(out, l4(proto), proto);
    if (one_in(4)) {
        put_random(out, below(30)); // Ethernet padding
    }
    return out;
}

void FrameMaker::damage(Bytes& frame) {
    for (std::uint32_t times = below(4); times > 0; times--) {
        const std::size_t at = below(static_cast<std::uint32_t>(frame.size()));
        switch (below(5)) {
        case 0:
            frame.resize(std::max<std::size_t>(14, at));
            break;
        case 1:
            frame[at] ^= static_cast<std::uint8_t>(1 << below(8));
            break;
        case 2:
            frame[at] = kEdgeBytes[below(kEdgeBytes.size())];
            break;
        case 3:
            frame[std::min<std::size_t>(at, 12 + below(70))] = static_cast<std::uint8_t>(below(256)); // headers
            break;
        default:
            frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint8_t>(below(256)));
        }
    }
}

} // namespace sfc::test
