// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "packet.h"

#include <cstddef>

namespace sfc::test {
namespace {

void put16(Bytes& out, unsigned value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}

void put32(Bytes& out, std::uint32_t value) {
    put16(out, value >> 16);
    put16(out, value & 0xffff);
}

/// RFC 1071.
std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        sum += bytes[i] << 8 | bytes[i + 1];
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

Bytes ethernet(unsigned ethertype) {
    Bytes out = {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0x02};
    put16(out, ethertype);
    return out;
}

void put_ipv4_udp(Bytes& out, const Udp& udp) {
    Bytes ip = {0x45, 0};
    put16(ip, 28 + udp.payload.size());
    put16(ip, udp.id);
    put16(ip, 0);
    ip.insert(ip.end(), {udp.ttl, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1});
    const std::uint16_t sum = internet_checksum(ip);
    ip[10] = static_cast<std::uint8_t>(sum >> 8);
    ip[11] = static_cast<std::uint8_t>(sum);
    out.insert(out.end(), ip.begin(), ip.end());
    put16(out, udp.sport);
    put16(out, udp.dport);
    put16(out, 8 + udp.payload.size());
    put16(out, 0); // RFC 768: no checksum
    out.insert(out.end(), udp.payload.begin(), udp.payload.end());
}

} // namespace

Bytes mpls_udp(std::vector<Label> labels, const Udp& udp) {
    Bytes out = ethernet(0x8847);
    labels.back().bottom = true;
    for (const Label& entry : labels) {
        put32(out, entry.label << 12 | (entry.bottom ? 0x100U : 0U) | entry.ttl);
    }
    put_ipv4_udp(out, udp);
    return out;
}

Bytes plain_udp(const Udp& udp) {
    Bytes out = ethernet(0x0800);
    put_ipv4_udp(out, udp);
    return out;
}

Bytes without_ethernet(std::span<const std::uint8_t> frame) {
    return {frame.begin() + 14, frame.end()};
}

} // namespace sfc::test
