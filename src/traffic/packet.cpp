// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic/packet.h"

#include <linux/if_ether.h>

namespace sfc {
namespace {

constexpr std::size_t kIpv4 = 20, kIpv6 = 40, kUdp = 8, kTcp = 20;
constexpr std::size_t kLengthAt4 = 2, kProtocolAt4 = 9, kChecksumAt4 = 10, kSourceAt4 = 12;
constexpr std::size_t kLengthAt6 = 4, kNextAt6 = 6, kSourceAt6 = 8, kChecksumAtUdp = 6, kChecksumAtTcp = 16;
constexpr std::uint8_t kTtl = 64, kDontFragment = 0x40, kVersion6 = 0x60, kVersion4 = 0x45;
constexpr std::uint8_t kTcpWords = kTcp / 4 << 4, kPushAck = 0x18;
constexpr std::uint16_t kWindow = 65535;

bool six(const Inner& inner) {
    return inner.source.size() == 16;
}

std::size_t transport_header(const Inner& inner) {
    return inner.protocol == IPPROTO_UDP ? kUdp : kTcp;
}

void append_udp(Bytes& to, std::size_t payload) {
    append16(to, kUdp + payload);
    append16(to, 0); // the checksum, later
}

void append_tcp(Bytes& to, std::uint64_t number, std::size_t payload) {
    const auto sequence = static_cast<std::uint32_t>(number * payload);
    append16(to, sequence >> 16);
    append16(to, sequence & 0xffff);
    append(to, {0, 0, 0, 1, kTcpWords, kPushAck});
    append16(to, kWindow);
    append(to, {0, 0, 0, 0}); // checksum, later, and urgent pointer
}

Bytes transport(const Inner& inner, const Stamp& stamp) {
    const bool udp = inner.protocol == IPPROTO_UDP;
    const std::size_t payload = inner.size - inner_headers(inner);
    Bytes bytes;
    bytes.reserve(inner.size);
    append16(bytes, inner.source_port);
    append16(bytes, inner.destination_port);
    if (udp) {
        append_udp(bytes, payload);
    } else {
        append_tcp(bytes, stamp.number, payload);
    }
    append(bytes, stamped_payload(stamp, payload));
    const std::uint16_t sum = checksum(inner.source, inner.destination, inner.protocol, bytes);
    set16(bytes, udp ? kChecksumAtUdp : kChecksumAtTcp, udp && sum == 0 ? 0xffff : sum); // RFC 768: 0 is "none"
    return bytes;
}

Bytes ip_header(const Inner& inner, std::uint64_t number) {
    Bytes bytes;
    bytes.reserve(inner.size);
    if (six(inner)) {
        append(bytes, {kVersion6, 0, 0, 0});
        append16(bytes, inner.size - kIpv6);
        append(bytes, {inner.protocol, kTtl});
    } else {
        append(bytes, {kVersion4, 0});
        append16(bytes, inner.size);
        append16(bytes, number & 0xffff);
        append(bytes, {kDontFragment, 0, kTtl, inner.protocol, 0, 0});
    }
    append(bytes, inner.source);
    append(bytes, inner.destination);
    if (!six(inner)) {
        set16(bytes, kChecksumAt4, checksum(bytes));
    }
    return bytes;
}

Bytes part(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t size) {
    const auto found = bytes.subspan(at, size);
    return {found.begin(), found.end()};
}

} // namespace

std::size_t inner_headers(const Inner& inner) {
    return (six(inner) ? kIpv6 : kIpv4) + transport_header(inner);
}

Bytes inner_packet(const Inner& inner, const Stamp& stamp) {
    Bytes packet = ip_header(inner, stamp.number);
    append(packet, transport(inner, stamp));
    return packet;
}

Bytes traffic_frame(const Mac& destination, const Mac& source, const Inner& inner, const Stamp& stamp) {
    Bytes frame;
    frame.reserve(ETH_HLEN + stamp.header.size() + inner.size);
    append(frame, destination);
    append(frame, source);
    append16(frame, stamp.ether_type);
    append(frame, stamp.header);
    append(frame, inner_packet(inner, stamp));
    return frame;
}

std::optional<bool> checksums_right(std::span<const std::uint8_t> packet) {
    const bool is_six = packet.size() >= kIpv6 && packet[0] >> 4 == 6;
    if (!is_six && (packet.size() < kIpv4 || packet[0] >> 4 != 4)) {
        return std::nullopt;
    }
    const std::size_t header = is_six ? kIpv6 : std::size_t{packet[0] & 0xfU} * 4;
    const std::size_t end = is_six ? kIpv6 + get16(packet, kLengthAt6) : get16(packet, kLengthAt4);
    const std::uint8_t protocol = packet[is_six ? kNextAt6 : kProtocolAt4];
    if ((protocol != IPPROTO_UDP && protocol != IPPROTO_TCP) || header < kIpv4 || end < header || end > packet.size()) {
        return std::nullopt;
    }
    const std::size_t address = is_six ? 16 : 4, source = is_six ? kSourceAt6 : kSourceAt4;
    const std::uint16_t sum = checksum(part(packet, source, address), part(packet, source + address, address), protocol,
                                       part(packet, header, end - header));
    return sum == 0 && (is_six || checksum(packet.first(header)) == 0);
}

} // namespace sfc
