// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "probe/probe_frame.h"

#include <algorithm>
#include <cstring>

#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/frame_bytes.h"

namespace sfc {
namespace {

constexpr std::size_t kTypeAt = 12, kIpv4 = 20, kIpv6 = 40, kUdp = 8, kRoom = 256; // no probe is longer
constexpr std::uint16_t kDiscard = 9;
constexpr std::uint8_t kTtl = 64, kDontFragment = 0x40, kVersion6 = 0x60, kVersion4 = 0x45;
constexpr std::size_t kLengthAt4 = 2, kIdAt4 = 4, kProtocolAt4 = 9, kSourceAt4 = 12;
constexpr std::size_t kLengthAt6 = 4, kNextAt6 = 6, kSourceAt6 = 8, kChecksumAtUdp = 6, kChecksumAt4 = 10;
static_assert(ETH_HLEN + kIpv4 + kUdp + SFC_PROBE_PAYLOAD >= SFC_PROBE_BYTES, "a probe is as long as what is kept");
static_assert(ETH_HLEN + kIpv6 + kUdp + kProbePayloadSeen <= SFC_PROBE_BYTES, "what is in a key is kept");

Bytes udp(const ProbePacket& packet) {
    Bytes bytes;
    bytes.reserve(kRoom); // also keeps g++ 12 from seeing an overflow in the growing vector
    append16(bytes, packet.source_port);
    append16(bytes, kDiscard);
    append16(bytes, kUdp + SFC_PROBE_PAYLOAD);
    append16(bytes, 0);
    std::array<std::uint8_t, sizeof(packet.name)> name{};
    std::memcpy(name.data(), &packet.name, name.size());
    append(bytes, name);
    bytes.resize(kUdp + SFC_PROBE_PAYLOAD, 'p');
    const std::uint16_t sum = checksum(packet.source, packet.destination, IPPROTO_UDP, bytes);
    set16(bytes, kChecksumAtUdp, sum == 0 ? 0xffff : sum);
    return bytes;
}

Bytes ip_header(const ProbePacket& packet, std::size_t payload) {
    Bytes bytes;
    bytes.reserve(kRoom);
    if (packet.source.size() == kIpv6 - kSourceAt6 - packet.destination.size()) {
        append(bytes, {kVersion6, 0, 0, 0});
        append16(bytes, payload);
        append(bytes, {IPPROTO_UDP, kTtl});
    } else {
        append(bytes, {kVersion4, 0});
        append16(bytes, kIpv4 + payload);
        append16(bytes, packet.ipv4_id);
        append(bytes, {kDontFragment, 0, kTtl, IPPROTO_UDP, 0, 0});
    }
    append(bytes, packet.source);
    append(bytes, packet.destination);
    if (bytes.size() == kIpv4) {
        set16(bytes, kChecksumAt4, checksum(bytes));
    }
    return bytes;
}

IpBytes slice(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t size) {
    const auto part = bytes.subspan(at, size);
    return {part.begin(), part.end()};
}

} // namespace

Bytes probe_frame(const ProbePacket& packet) {
    const Bytes payload = udp(packet);
    const Bytes header = ip_header(packet, payload.size());
    Bytes frame;
    frame.reserve(kRoom);
    append(frame, packet.destination_mac);
    append(frame, packet.source_mac);
    append16(frame, header.size() == kIpv6 ? ETH_P_IPV6 : ETH_P_IP);
    append(frame, header);
    append(frame, payload);
    return frame;
}

std::optional<ProbeFields> read_probe(std::span<const std::uint8_t> frame) {
    if (frame.size() < ETH_HLEN + kIpv4) {
        return std::nullopt;
    }
    ProbeFields fields;
    std::copy_n(frame.begin() + ETH_ALEN, ETH_ALEN, fields.source_mac.begin());
    const auto ip = frame.subspan(ETH_HLEN);
    const bool six = get16(frame, kTypeAt) == ETH_P_IPV6;
    const std::size_t header = six ? kIpv6 : std::size_t{ip[0] & 0xfU} * 4;
    if (ip.size() < header + kUdp + kProbePayloadSeen || header < kIpv4 ||
        ip[six ? kNextAt6 : kProtocolAt4] != IPPROTO_UDP) {
        return std::nullopt;
    }
    const std::size_t size = six ? 16 : 4, source = six ? kSourceAt6 : kSourceAt4;
    fields.source = slice(ip, source, size);
    fields.destination = slice(ip, source + size, size);
    fields.ipv4_id = six ? 0 : get16(ip, kIdAt4);
    fields.length = six ? get16(ip, kLengthAt6) : get16(ip, kLengthAt4) - header;
    fields.source_port = get16(ip, header);
    fields.destination_port = get16(ip, header + 2);
    std::copy_n(ip.begin() + static_cast<std::ptrdiff_t>(header + kUdp), kProbePayloadSeen, fields.payload.begin());
    return fields;
}

} // namespace sfc
