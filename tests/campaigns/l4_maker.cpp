// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "l4_maker.h"

#include <algorithm>

namespace sfc::test {
namespace {

constexpr std::array<std::uint32_t, 5> kNumbers = {0, 1, 2, 0x01020304, 0xffffffff};
constexpr std::array<std::uint16_t, 6> kPorts = {53, 1000, 5004, 16384, 16391, 4789};
constexpr std::array<std::uint16_t, 6> kTunnelPorts = {4789, 4790, 6080, 6081, 6635, 6636};

void put_payload(Bytes& out, Random& random) {
    constexpr std::array<std::uint8_t, 12> kSizes = {0, 1, 4, 8, 11, 12, 20, 33, 63, 64, 65, 150};
    const std::size_t size = random.pick(kSizes);
    const std::size_t at = out.size();
    out.resize(at + size, random.one_in(2) ? 0 : 0x80);
    if (size > 0 && !random.one_in(3)) {
        out[at + random.below(static_cast<std::uint32_t>(size))] = random.byte();
        out[at] ^= static_cast<std::uint8_t>(random.below(16));
    }
}

/// The layouts of TCP options that a reader of timestamps may stumble over.
Bytes tcp_options(Random& random) {
    const std::uint8_t value = static_cast<std::uint8_t>(random.below(3));
    const Bytes stamp = {8, 10, 0, 0, 0, value, 0, 0, 0, static_cast<std::uint8_t>(random.below(2))};
    Bytes out;
    switch (random.below(12)) {
    case 0:
    case 1:
        put(out, Bytes{1, 1});
        put(out, stamp);
        break;
    case 2:
        put(out, stamp);
        break;
    case 3:
        put(out, Bytes{2, 4, 5, 180, 4, 2});
        put(out, stamp);
        put(out, Bytes{1, 3, 3, 7});
        break;
    case 4:
        put(out, Bytes{1, 0});
        put(out, stamp);
        break;
    case 5:
        put(out, Bytes{1, 1, 8, 9});
        put(out, stamp);
        break;
    case 6:
        put(out, Bytes(30, 1));
        put(out, stamp);
        break;
    case 7:
        put(out, Bytes{253, random.byte()});
        put(out, stamp);
        break;
    case 8:
        put(out, Bytes{8, 10, 1, 2});
        break;
    case 9:
        random.append(out, random.below(41));
        break;
    default:
        break;
    }
    out.resize((out.size() + 3) / 4 * 4, static_cast<std::uint8_t>(random.below(2)));
    return out;
}

Bytes tcp(Random& random) {
    const Bytes options = tcp_options(random);
    Bytes out;
    put16(out, random.pick(kPorts));
    put16(out, random.pick(kPorts));
    put32(out, random.one_in(4) ? random.pick(kNumbers) : random.below(1 << 16));
    put32(out, random.pick(kNumbers));
    out.push_back(static_cast<std::uint8_t>((5 + options.size() / 4) << 4));
    out.push_back(random.one_in(4) ? random.byte() : 0x18);
    random.append(out, 6);
    put(out, options);
    put_payload(out, random);
    return out;
}

Bytes udp(Random& random, bool rtp) {
    Bytes out;
    put16(out, random.pick(kPorts));
    put16(out, rtp ? 5004 : random.pick(kPorts));
    random.append(out, 4);
    if (rtp) {
        constexpr std::array<std::uint8_t, 8> kPayloadTypes = {0, 96, 224, 191, 192, 200, 223, 224};
        out.insert(out.end(), {static_cast<std::uint8_t>(random.one_in(8) ? random.byte() : 0x80),
                               static_cast<std::uint8_t>(random.one_in(2) ? random.pick(kPayloadTypes) : 96)});
        put16(out, random.below(8));
        put32(out, random.pick(kNumbers));
        put32(out, random.below(3));
    }
    put_payload(out, random);
    return out;
}

Bytes icmp(Random& random, bool ipv6) {
    constexpr std::array<std::uint8_t, 6> kTypes = {8, 0, 3, 11, 5, 13};
    constexpr std::array<std::uint8_t, 16> kTypes6 = {128, 128, 128, 129, 1,   2,   3,   4,
                                                      129, 130, 132, 133, 135, 137, 138, 143};
    Bytes out = {ipv6 ? random.pick(kTypes6) : random.pick(kTypes), static_cast<std::uint8_t>(random.below(2))};
    random.append(out, 2);
    put32(out, random.pick(kNumbers));
    put_payload(out, random);
    return out;
}

Bytes sctp(Random& random) {
    Bytes out;
    put16(out, random.pick(kPorts));
    put16(out, random.pick(kPorts));
    put32(out, random.pick(kNumbers));
    random.append(out, 4);
    if (!random.one_in(4)) {
        constexpr std::array<std::uint8_t, 3> kChunks = {0, 3, 1}; // DATA, SACK, INIT
        out.push_back(random.pick(kChunks));
        out.push_back(3);
        put16(out, 16);
        put32(out, random.below(64));
    }
    put_payload(out, random);
    return out;
}

Bytes ipsec(Random& random, bool ah) {
    Bytes out;
    if (ah) {
        out = {static_cast<std::uint8_t>(random.one_in(2) ? 6 : 4), 4, 0, 0};
    }
    put32(out, random.pick(kNumbers));
    put32(out, random.below(64));
    put_payload(out, random);
    return out;
}

Bytes gre(Random& random) {
    Bytes out = {static_cast<std::uint8_t>(random.below(16) << 4), static_cast<std::uint8_t>(random.one_in(4) ? 1 : 0)};
    if (!random.one_in(3)) {
        out[0] &= 0xb0; // without the routing flag
    }
    put16(out, random.one_in(2) ? 0x0800 : 0x8847);
    for (std::uint32_t fields = random.below(4); fields > 0; fields--) {
        put32(out, random.pick(kNumbers));
    }
    put_payload(out, random);
    return out;
}

Transport other(Random& random) {
    constexpr std::array<std::uint8_t, 16> kProtocols = {4,   41, 41,  137, 97, 115, 89,  2,
                                                         135, 59, 103, 108, 58, 1,   255, 0};
    Transport out{random.pick(kProtocols), {}};
    put_payload(out.bytes, random);
    return out;
}

} // namespace

Transport make_transport(Random& random, bool ipv6) {
    switch (random.below(14)) {
    case 0:
    case 1:
    case 2:
        return {6, tcp(random)};
    case 3:
    case 4:
        return {17, udp(random, false)};
    case 5:
        return {17, udp(random, true)};
    case 6:
    case 7:
        return {static_cast<std::uint8_t>(ipv6 ? 58 : 1), icmp(random, ipv6)};
    case 8:
    case 9:
        return {132, sctp(random)};
    case 10:
        return {50, ipsec(random, false)};
    case 11:
        return {51, ipsec(random, true)};
    case 12:
        return {47, gre(random)};
    default:
        return other(random);
    }
}

Transport make_tunnel(Random& random) {
    constexpr std::array<std::uint8_t, 6> kProtocols = {4, 41, 47, 97, 115, 137};
    Transport out{17, {}};
    if (random.one_in(2)) {
        put16(out.bytes, random.pick(kPorts));
        put16(out.bytes, random.pick(kTunnelPorts));
        random.append(out.bytes, 4);
    } else {
        out.protocol = random.pick(kProtocols);
        random.append(out.bytes, 4);
        out.bytes[0] &= 0x0f;
    }
    put_payload(out.bytes, random);
    return out;
}

} // namespace sfc::test
