// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The table "By kind of packet" of docs/keys.md, row by row.
#include "oracle_l4.h"

#include <algorithm>
#include <array>

namespace sfc::test::oracle {
namespace {

/// RFC 7323 3.2, behind RFC 9293 3.1: the first eight bytes of a well-formed timestamps option, else zeros.
void put_timestamps(KeyBytes& key, View options) {
    std::size_t at = 0;
    while (at < options.size() && options[at] != 0) {
        if (options[at] == 1) {
            at++;
            continue;
        }
        const std::size_t size = at + 1 < options.size() ? options[at + 1] : 0;
        if (size < 2 || at + size > options.size()) {
            break;
        }
        if (options[at] == 8 && size == 10) {
            key.number(u32(options, at + 2)).number(u32(options, at + 6));
            return;
        }
        at += size;
    }
    key.number(0).number(0);
}

sfc_reason tcp(View data, const Sf& sf, KeyBytes& key) {
    if (data.size() < 20) {
        return SFC_REASON_bad_inner;
    }
    const std::size_t header = std::size_t{4} * (data[12] >> 4);
    if (header < 20 || header > data.size()) {
        return SFC_REASON_bad_inner;
    }
    key.bytes(data.first(12)).number(data[13] & 0x0fU);
    put_timestamps(key, sf.tcp_timestamps ? data.subspan(20, header - 20) : View());
    key.number(static_cast<std::uint32_t>(data.size() - header)); // whatever payload_length says
    return SFC_OK;
}

bool is_rtp(View data, const Sf& sf) {
    const bool port = std::any_of(sf.rtp_ports.begin(), sf.rtp_ports.end(), [&](const auto& range) {
        const auto in = [&](std::uint32_t value) { return value >= range.first && value <= range.second; };
        return in(u16(data, 0)) || in(u16(data, 2));
    });
    return port && data.size() >= 8 + 12 && data[8] >> 6 == 2 && (data[9] < 192 || data[9] > 223);
}

sfc_reason udp(View data, const Sf& sf, Kind& kind, KeyBytes& key) {
    if (data.size() < 8) {
        return SFC_REASON_bad_inner;
    }
    key.bytes(data.first(4));
    if (is_rtp(data, sf)) {
        kind = Kind::Rtp;
        key.number(1).bytes(data.subspan(8 + 2, 10)); // sequence number, timestamp, SSRC
        put_payload(key, data.subspan(8 + 12), data.size() - 8, sf);
    } else {
        kind = Kind::Udp;
        const std::size_t digest = u16(data, 2) == 2152 || is_tunnel(17, data, false) ? kTunnelDigest : kDigest;
        put_payload(key.number(0), data.subspan(8), data.size() - 8, sf, digest);
    }
    return SFC_OK;
}

/// Multicast listener and neighbour discovery: of the link, not of a chain.
bool of_the_link(const L4& packet) {
    if (packet.version == 4) {
        return packet.protocol == 2;
    }
    return packet.protocol == 58 && !packet.data.empty() &&
           ((packet.data[0] >= 130 && packet.data[0] <= 137) || packet.data[0] == 143);
}

sfc_reason icmp(View data, const Sf& sf, KeyBytes& key) {
    if (data.size() < 8) {
        return SFC_REASON_bad_inner;
    }
    key.bytes(data.first(2)).bytes(data.subspan(4, 4));
    put_payload(key, data.subspan(8), data.size() - 8, sf);
    return SFC_OK;
}

sfc_reason sctp(View data, const Sf& sf, Kind& kind, KeyBytes& key) {
    if (data.size() < 12) {
        return SFC_REASON_bad_inner;
    }
    const bool chunk = data.size() >= 20;
    kind = chunk ? Kind::SctpChunk : Kind::Sctp;
    key.bytes(data.first(8)).number(chunk ? data[12] : 0).number(chunk ? u32(data, 16) : 0);
    put_payload(key, data.subspan(12), data.size() - 12, sf);
    return SFC_OK;
}

/// ESP and AH: SPI and sequence number, which stand at `at`.
sfc_reason ipsec(View data, std::size_t at, const Sf& sf, KeyBytes& key) {
    if (data.size() < at + 8) {
        return SFC_REASON_bad_inner;
    }
    key.bytes(data.subspan(at, 8));
    put_payload(key, data.subspan(at + 8), data.size() - at - 8, sf);
    return SFC_OK;
}

/// RFC 2784 and 2890; RFC 2637 for version 1.
sfc_reason gre(View data, const Sf& sf, Kind& kind, KeyBytes& key) {
    if (data.size() < 4) {
        return SFC_REASON_bad_inner;
    }
    const std::uint32_t flags = u16(data, 0);
    std::size_t at = 4;
    std::array<std::uint32_t, 3> fields{}; // checksum, key, sequence number
    kind = (flags & 0x4007) == 0 ? Kind::Gre : Kind::GreOpaque;
    if (kind == Kind::Gre) {
        constexpr std::array<std::uint32_t, 3> kFlags = {0x8000, 0x2000, 0x1000};
        for (std::size_t i = 0; i < kFlags.size(); i++) {
            if ((flags & kFlags[i]) == 0) {
                continue;
            }
            if (data.size() < at + 4) {
                return SFC_REASON_bad_inner;
            }
            fields[i] = u32(data, at);
            at += 4;
        }
    }
    key.bytes(data.first(4)).number(fields[1]).number(fields[2]);
    put_payload(key, data.subspan(at), data.size() - at, sf, kTunnelDigest);
    return SFC_OK;
}

} // namespace

bool is_tunnel(std::uint8_t protocol, View payload, bool later_fragment) {
    constexpr std::array<std::uint8_t, 8> kProtocols = {4, 41, 47, 97, 115, 137, 143, 145};
    constexpr std::array<std::uint32_t, 9> kPorts = {4754, 4755, 4789, 4790, 6080, 6081, 6635, 6636, 8472};
    if (protocol != 17) {
        return std::find(kProtocols.begin(), kProtocols.end(), protocol) != kProtocols.end();
    }
    return !later_fragment && payload.size() >= 4 &&
           std::find(kPorts.begin(), kPorts.end(), u16(payload, 2)) != kPorts.end();
}

void put_payload(KeyBytes& key, View payload, std::size_t length, const Sf& sf, std::size_t digest) {
    key.number(sf.payload_length ? static_cast<std::uint32_t>(length) : 0);
    key.bytes(sf.payload_digest ? first(payload, digest) : View());
}

sfc_reason judge_l4(const L4& packet, const Sf& sf, Kind& kind, KeyBytes& key) {
    if (!packet.link && of_the_link(packet)) {
        return SFC_REASON_no_key;
    }
    const View data = packet.data;
    switch (packet.protocol) {
    case 6:
        kind = Kind::Tcp;
        return tcp(data, sf, key);
    case 17:
        return udp(data, sf, kind, key);
    case 132:
        return sctp(data, sf, kind, key);
    case 50:
        kind = Kind::Esp;
        return ipsec(data, 0, sf, key);
    case 51:
        kind = Kind::Ah;
        return ipsec(data, 4, sf, key);
    case 47:
        return gre(data, sf, kind, key);
    default:
        break;
    }
    if (packet.protocol == (packet.version == 4 ? 1 : 58)) {
        kind = packet.version == 4 ? Kind::Icmp : Kind::Icmp6;
        return icmp(data, sf, key);
    }
    kind = Kind::Other;
    put_payload(key, data, data.size(), sf, is_tunnel(packet.protocol, data, false) ? kTunnelDigest : kDigest);
    return SFC_OK;
}

std::string_view kind_name(Kind kind) {
    constexpr std::array<std::string_view, 18> kNames = {
        "none", "tcp", "udp",         "rtp",      "icmp",      "icmpv6", "sctp", "sctp chunk", "esp",
        "ah",   "gre", "gre, opaque", "fragment", "fragment6", "other",  "arp",  "llc",        "ethertype"};
    return kNames.at(static_cast<std::size_t>(kind));
}

std::vector<std::string> kinds() {
    std::vector<std::string> names;
    for (int kind = 1; kind <= static_cast<int>(Kind::EtherType); kind++) {
        const std::string name(kind_name(static_cast<Kind>(kind)));
        if (kind <= static_cast<int>(Kind::Other)) {
            names.push_back(name);
        }
        names.push_back("ethernet " + name);
    }
    return names;
}

} // namespace sfc::test::oracle
