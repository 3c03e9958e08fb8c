// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// IP packets as docs/keys.md tells them apart: headers, extension headers, faults in their order.
#include "oracle_packet.h"

#include <array>

#include "oracle_l4.h"

namespace sfc::test::oracle {
namespace {

constexpr std::size_t kIpv4Least = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kExtensionsMost = 8;
constexpr std::size_t kExtensionLeast = 8;
constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragmentHeader = 44, kAuthentication = 51, kDestination = 60;
constexpr std::uint8_t kSegmentRouting = 4; // RFC 8754 2

bool is_extension(std::uint8_t header) {
    return header == kHopByHop || header == kRouting || header == kFragmentHeader || header == kAuthentication ||
           header == kDestination;
}

/// Which fixed header the version has; 0 for none.
std::size_t least(unsigned version) {
    return version == 4 ? kIpv4Least : version == 6 ? kIpv6Header : 0;
}

/// Item 1 of the faults; `header` and `total` are set where there is none.
sfc_reason judge_header(View data, unsigned versions, std::size_t& header, std::size_t& total) {
    if (data.empty()) {
        return SFC_REASON_truncated;
    }
    const unsigned version = data[0] >> 4;
    if ((versions & 1U << version) == 0 || least(version) == 0) {
        return SFC_REASON_bad_inner;
    }
    if (data.size() < least(version)) {
        return SFC_REASON_truncated;
    }
    header = version == 4 ? std::size_t{4} * (data[0] & 15U) : kIpv6Header;
    total = version == 4 ? u16(data, 2) : kIpv6Header + u16(data, 4);
    if (header < least(version) || header > total) {
        return SFC_REASON_bad_inner;
    }
    return data.size() < total ? SFC_REASON_truncated : SFC_OK;
}

/// RFC 4302 2.2 for AH, RFC 8200 4.5 for fragments, 4.3 for the others.
std::size_t extension_size(std::uint8_t kind, View header) {
    return kind == kFragmentHeader   ? kExtensionLeast
           : kind == kAuthentication ? (header[1] + std::size_t{2}) * 4
                                     : (header[1] + std::size_t{1}) * 8;
}

/// The result of the walk along the extension headers.
struct Walk {
    sfc_reason fault = SFC_OK;
    bool listed = false;
    std::uint8_t protocol = 0;
    std::size_t at = kIpv6Header; ///< where the payload of that protocol begins
    bool fragment = false;
    std::uint32_t word = 0;
    std::uint32_t id = 0;
    std::uint8_t last = 0; ///< where the walk ended: behind the header of a first fragment that may be further on
    std::size_t last_at = 0;
};

/// Item 2 of the faults. To an SF of End.AM a segment routing header is an extension header like others.
Walk walk_extensions(View packet, bool masked) {
    Walk walk;
    std::uint8_t next = packet[6];
    std::size_t at = kIpv6Header;
    bool settled = false; // by AH or a fragment header: what follows is only looked at for segment routing
    walk.protocol = next;
    for (std::size_t count = 1; is_extension(next); count++) {
        if (count > kExtensionsMost) {
            walk.fault = SFC_REASON_no_key;
            return walk;
        }
        const View rest = behind(packet, at);
        const bool there = rest.size() >= kExtensionLeast;
        if (there && next == kRouting && rest[2] == kSegmentRouting) {
            if (!masked) {
                walk.fault = SFC_REASON_no_key; // whether it fits or not
                return walk;
            }
            walk.listed = true;
        }
        settled |= next == kAuthentication;
        const std::size_t size = there ? extension_size(next, rest) : kExtensionLeast;
        if (size > rest.size()) {
            walk.fault = settled ? SFC_OK : SFC_REASON_bad_inner;
            return walk;
        }
        const bool later = !settled && next == kFragmentHeader && (u16(rest, 2) & 0xfff8) != 0;
        if (!settled) {
            walk.protocol = rest[0];
            walk.at = at + size;
            if (next == kFragmentHeader) {
                settled = walk.fragment = true;
                walk.word = u16(rest, 2) & 0xfff9;
                walk.id = u32(rest, 4);
            }
        }
        if (later) {
            return walk;
        }
        next = rest[0];
        at += size;
        walk.last = next;
        walk.last_at = at;
    }
    return walk;
}

/// The payload of a packet behind all that is walked, and behind AH also in IPv4.
struct Last {
    std::uint8_t protocol = 0;
    View payload;
};

Last last_of(View data, const Walk& walk, View payload, unsigned version, bool later) {
    if (later) {
        return {walk.protocol, payload};
    }
    if (version == 6) {
        return walk.last_at == 0 ? Last{walk.protocol, payload} : Last{walk.last, behind(data, walk.last_at)};
    }
    if (walk.protocol == kAuthentication && payload.size() >= kExtensionLeast) {
        const std::size_t size = extension_size(kAuthentication, payload);
        return size <= payload.size() ? Last{payload[0], payload.subspan(size)} : Last{walk.protocol, payload};
    }
    return {walk.protocol, payload};
}

} // namespace

Packet judge_ip(View data, unsigned versions, const Sf& sf, bool link) {
    Packet packet;
    std::size_t header = 0, total = 0;
    packet.fault = judge_header(data, versions, header, total);
    if (packet.fault != SFC_OK) {
        return packet;
    }
    data = data.first(total); // Ethernet padding counts nowhere
    Walk walk;
    packet.version = data[0] >> 4;
    if (packet.version == 4) {
        packet.hops = data[8];
        const std::uint32_t word = u16(data, 6) & 0x3fff;
        walk = {.protocol = data[9], .at = header, .fragment = word != 0, .word = word, .id = u16(data, 4)};
    } else {
        packet.hops = data[7];
        walk = walk_extensions(data, sf.masked);
        packet.listed = walk.listed;
    }
    if (walk.fault != SFC_OK) {
        packet.fault = walk.fault;
        packet.steered = walk.fault == SFC_REASON_no_key;
        return packet;
    }
    KeyBytes key;
    key.number(packet.version).number(walk.protocol);
    key.bytes(packet.version == 4 ? data.subspan(12, 8) : data.subspan(8, 32));
    const View payload = data.subspan(walk.at);
    const bool later = walk.fragment && (packet.version == 4 ? walk.word & 0x1fff : walk.word & 0xfff8) != 0;
    const Last last = last_of(data, walk, payload, packet.version, later);
    packet.tunnel = is_tunnel(last.protocol, last.payload, later);
    if (walk.fragment) {
        packet.kind = packet.version == 4 ? Kind::Fragment : Kind::Fragment6;
        key.number(static_cast<std::uint32_t>(packet.kind)).number(walk.word).number(walk.id);
        put_payload(key, payload, payload.size(), sf);
    } else {
        const std::uint32_t id = packet.version == 4 && sf.ipv4_id ? walk.id : 0;
        packet.fault = judge_l4({packet.version, walk.protocol, payload, link}, sf, packet.kind, key.number(id));
    }
    packet.key = key.take();
    return packet;
}

Packet judge_ip_of_type(View data, std::uint32_t ethertype, const Sf& sf, bool link) {
    const bool ipv4 = ethertype == kIpv4Type;
    if (data.size() < least(ipv4 ? 4 : 6)) {
        Packet packet;
        packet.fault = SFC_REASON_truncated; // which fixed header it should have is known
        return packet;
    }
    return judge_ip(data, ipv4 ? kIpv4 : kIpv6, sf, link);
}

} // namespace sfc::test::oracle
