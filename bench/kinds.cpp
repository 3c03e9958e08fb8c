// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kinds.h"

#include <fmt/format.h>

namespace sfc::bench {
namespace {

constexpr std::uint32_t kIpv4 = kIpv4Bytes, kIpv6 = kIpv6Bytes;

Bytes with_payload(Bytes header, std::size_t payload) {
    header.resize(header.size() + payload, 0x5a);
    return header;
}

/// `words`: data offset. Options are the usual NOP, NOP, timestamps, or others that have to be walked.
Bytes tcp(std::uint8_t words, const Bytes& options, std::size_t payload = 64) {
    Bytes out = {0x30, 0x39, 0, 80, 0, 0, 0, 0, 0, 0, 0, 1, static_cast<std::uint8_t>(words << 4),
                 0x10, 1,    0, 0,  0, 0, 0};
    out.insert(out.end(), options.begin(), options.end());
    return with_payload(out, payload);
}

Bytes udp(std::size_t payload) {
    Bytes out = {0x30, 0x39, 0, 53};
    put16(out, 8 + payload);
    put16(out, 0);
    return with_payload(out, payload);
}

/// TCP over IPv4 in a frame of so many bytes.
Kind sized(std::size_t frame) {
    return {fmt::format("tcp ipv4 {} bytes", frame), ipv4(6, tcp(5, {}, frame - 14 - 20 - kIpv4)), kIpv4 + 4};
}

} // namespace

void put16(Bytes& out, unsigned value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}

Bytes ipv4(std::uint8_t proto, const Bytes& l4, unsigned fragment) {
    Bytes out = {0x45, 0};
    put16(out, kIpv4 + l4.size());
    put16(out, 7);
    put16(out, fragment);
    out.insert(out.end(), {64, proto, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1});
    out.insert(out.end(), l4.begin(), l4.end());
    return out;
}

Bytes ipv6(std::uint8_t next, const Bytes& l4) {
    Bytes out = {0x60, 0, 0, 0};
    put16(out, l4.size());
    out.insert(out.end(), {next, 64});
    for (const std::uint8_t host : {1, 2}) {
        Bytes address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host};
        out.insert(out.end(), address.begin(), address.end());
    }
    out.insert(out.end(), l4.begin(), l4.end());
    return out;
}

std::vector<Kind> kinds() {
    const Bytes timestamps = {1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8};
    const Bytes walked = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8, 1, 3, 3, 7};
    Bytes extended = {17, 0, 1, 4, 0, 0, 0, 0};
    const Bytes inside = udp(64);
    extended.insert(extended.end(), inside.begin(), inside.end());
    return {{"tcp ipv4", ipv4(6, tcp(5, {})), kIpv4 + 4},
            {"tcp ipv4 timestamps", ipv4(6, tcp(8, timestamps)), kIpv4 + 4},
            {"tcp ipv6 timestamps", ipv6(6, tcp(8, timestamps)), kIpv6 + 4},
            {"udp ipv4", ipv4(17, udp(64)), kIpv4 + 8},
            {"udp ipv4 short", ipv4(17, udp(20)), kIpv4 + 8},
            {"udp ipv6", ipv6(17, udp(64)), kIpv6 + 8},
            {"tcp ipv4 syn options", ipv4(6, tcp(10, walked)), kIpv4 + 4},
            {"icmp", ipv4(1, with_payload({8, 0, 0, 0, 0, 0, 0, 0}, 56)), kIpv4 + 4},
            {"sctp", ipv4(132, with_payload({0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 3, 0, 80, 0, 0, 0, 0}, 76)),
             kIpv4 + 16},
            {"esp", ipv4(50, with_payload({0, 0, 0, 1, 0, 0, 0, 0}, 88)), kIpv4 + 4},
            {"gre", ipv4(47, with_payload({0x30, 0, 8, 0, 0, 0, 0, 1, 0, 0, 0, 0}, 84)), kIpv4 + 8},
            {"fragment", ipv4(17, with_payload({}, 96), 0x2000), kIpv4 + 8},
            {"ipv6 hop-by-hop udp", ipv6(0, extended), kIpv6 + 16},
            sized(64),
            sized(1400)};
}

} // namespace sfc::bench
