// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "oracle_srv6.h"

#include "oracle_ethernet.h"
#include "oracle_nsh.h"

namespace sfc::test::oracle {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kIp = kEthernetHeader, kIpv6Bytes = 40, kUnit = 8, kSegment = 16;
constexpr std::size_t kNext = 6, kHops = 7, kTo = 24;                               // RFC 8200 3
constexpr std::size_t kLength = 1, kType = 2, kLeft = 3, kLastEntry = 4, kList = 8; // RFC 8754 2
constexpr std::size_t kPartsMost = 8;
constexpr unsigned kBits = 128;
constexpr std::uint8_t kPad1 = 0, kHopsAnew = 64;

bool bit(const Address& of, unsigned at) {
    return (of[at / 8] >> (7 - at % 8) & 1) != 0;
}

bool in_prefix(const Address& address, const Sid& sid) {
    for (unsigned at = 0; at < sid.prefix; at++) {
        if (bit(address, at) != bit(sid.address, at)) {
            return false;
        }
    }
    return true;
}

Address address_at(View packet, std::size_t at) {
    Address address{};
    std::copy_n(packet.begin() + static_cast<std::ptrdiff_t>(at), address.size(), address.begin());
    return address;
}

/// RFC 8754 4.3: the longest prefix.
const Service* match(const World& world, int port, const Address& to) {
    const Service* best = nullptr;
    for (const Service* service : services_at(world, Encapsulation::Srv6, port)) {
        if (in_prefix(to, service->sid) && (best == nullptr || service->sid.prefix > best->sid.prefix)) {
            best = service;
        }
    }
    return best;
}

/// Offsets are those of the outer packet.
struct Headers {
    std::size_t srh = 0; ///< with segments left; 0: none
    std::uint8_t upper = 0;
    std::size_t end = kIpv6Bytes;
};

/// RFC 8200 4: along the extension headers.
sfc_reason walk(View packet, Headers& found) {
    found.upper = packet[kNext];
    for (std::size_t parts = 0;; parts++) {
        if (found.upper == kFragmentation) {
            return SFC_REASON_outer_fragment;
        }
        if (found.upper != kHopByHop && found.upper != kRouting && found.upper != kDestination) {
            return SFC_OK;
        }
        if (parts == kPartsMost || found.end > kSrv6Room) {
            return SFC_REASON_header_too_long;
        }
        const View header = behind(packet, found.end);
        if (header.size() < kUnit || header.size() < kUnit * (header[kLength] + std::size_t{1})) {
            return SFC_REASON_truncated;
        }
        if (found.upper == kRouting && header[kLeft] != 0 && found.srh == 0) {
            if (header[kType] != kSrh) {
                return SFC_REASON_bad_srh; // RFC 8200 4.4
            }
            found.srh = found.end;
        }
        found.upper = header[0];
        found.end += kUnit * (header[kLength] + std::size_t{1});
    }
}

bool has_argument(const Address& to, const Sid& sid) {
    for (unsigned at = sid.block + sid.function; at < kBits; at++) {
        if (bit(to, at)) {
            return true;
        }
    }
    return false;
}

/// RFC 9800 4.1.1 N01 to N07, as long as this SID is in front.
sfc_reason shift(const Sid& sid, Bytes& packet) {
    Address to = address_at(packet, kTo);
    while (sid.function != 0 && in_prefix(to, sid) && has_argument(to, sid)) {
        if (packet[kHops] <= 1) {
            return SFC_REASON_ttl;
        }
        packet[kHops]--;
        Address next{};
        copy_bits(next, 0, to, 0, sid.block);
        copy_bits(next, sid.block, to, sid.block + sid.function, kBits - sid.block - sid.function);
        to = next;
    }
    std::ranges::copy(to, packet.begin() + kTo);
    return SFC_OK;
}

/// RFC 8754 2.1: TLVs fill what is left of the header.
bool tlvs_fit(View tlvs) {
    std::size_t at = 0;
    while (at < tlvs.size()) {
        if (tlvs[at] == kPad1) {
            at++;
        } else if (at + 1 == tlvs.size()) {
            return false;
        } else {
            at += 2 + std::size_t{tlvs[at + 1]};
        }
    }
    return at == tlvs.size();
}

/// RFC 8986 4.1 S05 to S14.
sfc_reason next_segment(Bytes& packet, std::size_t srh) {
    if (packet[kHops] <= 1) {
        return SFC_REASON_ttl;
    }
    const View header = View(packet).subspan(srh, kUnit * (packet[srh + kLength] + std::size_t{1}));
    const int last = header[kLastEntry], left = header[kLeft];
    if (last > header[kLength] / 2 - 1 || left > last + 1) {
        return SFC_REASON_bad_srh;
    }
    if (!tlvs_fit(header.subspan(kList + kSegment * (static_cast<std::size_t>(last) + 1)))) {
        return SFC_REASON_bad_tlv;
    }
    const Address next = address_at(packet, srh + kList + kSegment * (static_cast<std::size_t>(left) - 1));
    packet[kHops]--;
    packet[srh + kLeft]--;
    std::ranges::copy(next, packet.begin() + kTo);
    return SFC_OK;
}

bool serves(Inner inner, std::uint8_t upper) {
    switch (upper) {
    case kIpv4Inside:
        return inner == Inner::Ip || inner == Inner::Ipv4;
    case kIpv6Inside:
        return inner == Inner::Ip || inner == Inner::Ipv6;
    case kFrameInside:
        return inner == Inner::Ethernet;
    default:
        return false;
    }
}

/// The draft's End.AS: the header of the configuration. RFC 8986 5.1: one segment needs no SRH.
Bytes fixed_header(const Sid& sid, std::uint8_t upper) {
    const std::size_t count = sid.segments.size();
    const auto last = static_cast<std::uint8_t>(count - 1);
    Bytes out = {static_cast<std::uint8_t>(0x60 | sid.traffic_class >> 4),
                 static_cast<std::uint8_t>(sid.traffic_class << 4),
                 0,
                 0,
                 0,
                 0,
                 count > 1 ? kRouting : upper,
                 kHopsAnew};
    out.insert(out.end(), sid.source.begin(), sid.source.end());
    out.insert(out.end(), sid.segments[0].begin(), sid.segments[0].end());
    if (count > 1) {
        out.insert(out.end(), {upper, static_cast<std::uint8_t>(2 * count), kSrh, last, last, 0, 0, 0});
        for (std::size_t i = sid.segments.size(); i > 0; i--) {
            out.insert(out.end(), sid.segments[i - 1].begin(), sid.segments[i - 1].end());
        }
    }
    return out;
}

std::string behind_type(const Bytes& header) {
    return std::string("\x86\xdd", 2) + std::string(header.begin(), header.end());
}

/// End.AM: the last segment becomes the destination. What the packet must come back with: the first next header and
/// the extension headers up to its list. Between them stands the next segment.
Judged judge_masked(const Service& service, View frame, const Bytes& packet, const Headers& headers) {
    Judged judged{.service = &service, .size = kIp, .versions = kIpv6, .around = Around::Masked};
    const std::size_t end = headers.srh + kUnit * (packet[headers.srh + kLength] + std::size_t{1});
    Bytes kept = {packet[kNext]};
    const Address next = address_at(packet, kTo);
    kept.insert(kept.end(), next.begin(), next.end());
    kept.insert(kept.end(), packet.begin() + kIpv6Bytes, packet.begin() + static_cast<std::ptrdiff_t>(end));
    judged.advanced = behind_type(kept);
    Bytes to_sf = packet;
    std::ranges::copy(address_at(packet, headers.srh + kList), to_sf.begin() + kTo);
    judged.to_sf.assign(to_sf.begin(), to_sf.end());
    const View rest = frame.subspan(kIp + packet.size());
    judged.to_sf.append(rest.begin(), rest.end());
    return judged;
}

/// Whether an IP packet at the end of the headers says that it goes on behind the outer one.
bool overflows(View frame, View packet, const Headers& headers) {
    const std::size_t at = kIp + headers.end;
    return headers.upper != kFrameInside && frame.size() >= at + 20 && end_of_ip(frame, at) > kIp + packet.size();
}

/// Items 10 to 13 of docs/srv6.md, of a packet that has been advanced.
Judged judge_content(const Service& service, View frame, const Bytes& packet, const Headers& headers) {
    Bytes left(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(headers.end));
    Judged judged{.service = &service, .size = kIp + headers.end};
    judged.bypass = !serves(service.inner, headers.upper);
    if (!judged.bypass) {
        left[4] = left[5] = 0;
        left = service.sid.fixed ? fixed_header(service.sid, headers.upper) : left;
    }
    if (service.inner == Inner::Ethernet && left.size() + kEthernetHeader > kSrv6Room) {
        judged.fault = SFC_REASON_header_too_long; // an Ethernet header comes back as well
    } else if (!judged.bypass && overflows(frame, packet, headers)) {
        judged.fault = SFC_REASON_bad_inner;
    }
    judged.versions = headers.upper == kIpv4Inside ? kIpv4 : headers.upper == kIpv6Inside ? kIpv6 : 0;
    judged.ethernet = headers.upper == kFrameInside;
    judged.advanced = behind_type(left);
    judged.around = judged.bypass ? Around::Nothing : service.sid.fixed ? Around::Ipv6Anew : Around::Ipv6;
    return judged;
}

/// Items 6 to 9. A packet without a next segment is End.AS's, or for the host where the SID is one of its addresses.
sfc_reason advance(const World& world, const Service& service, Bytes& packet, const Headers& headers) {
    if (headers.srh != 0) {
        return next_segment(packet, headers.srh);
    }
    if (service.sid.fixed && serves(service.inner, headers.upper)) {
        return SFC_OK;
    }
    const Address to = address_at(packet, kTo);
    const bool own = std::find(world.addresses.begin(), world.addresses.end(), to) != world.addresses.end();
    return own && headers.upper == kIcmp6Inside ? SFC_REASON_not_sfc : SFC_REASON_upper_layer;
}

} // namespace

sfc_reason unmask(std::span<std::uint8_t> packet, View kept) {
    const View next = kept.subspan(1, kSegment), headers = kept.subspan(1 + kSegment);
    if (packet.size() < kIpv6Bytes + headers.size() || packet[kNext] != kept[0] ||
        !std::ranges::equal(packet.subspan(kIpv6Bytes, headers.size()), headers)) {
        return SFC_REASON_sfc_from_sf;
    }
    if (packet[kHops] <= 1) {
        return SFC_REASON_ttl;
    }
    packet[kHops]--;
    std::ranges::copy(next, packet.begin() + kTo);
    return SFC_OK;
}

void copy_bits(Address& to, unsigned to_at, const Address& from, unsigned from_at, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        const auto mask = static_cast<std::uint8_t>(0x80 >> (to_at + i) % 8);
        std::uint8_t& byte = to[(to_at + i) / 8];
        byte = static_cast<std::uint8_t>(bit(from, from_at + i) ? byte | mask : byte & ~mask);
    }
}

std::optional<Judged> judge_srv6(const World& world, int port, View frame) {
    if (u16(frame, kIp - 2) != kIpv6Type || frame.size() < kIp + kIpv6Bytes || frame[kIp] >> 4 != 6) {
        return std::nullopt;
    }
    const Service* service = match(world, port, address_at(frame, kIp + kTo));
    const bool tunnel = world.uses(Encapsulation::Nsh) && find_outer(frame, kGpePort, world.addresses).version != 0;
    if (service == nullptr || tunnel) { // VXLAN-GPE without an NSH is the host's
        return std::nullopt;
    }
    const std::size_t size = kIpv6Bytes + u16(frame, kIp + 4);
    if (frame.size() < kIp + size) {
        return Judged{.fault = SFC_REASON_truncated, .service = service};
    }
    Bytes packet(frame.begin() + kIp, frame.begin() + static_cast<std::ptrdiff_t>(kIp + size));
    Headers headers;
    sfc_reason fault = walk(packet, headers);
    if (fault == SFC_OK && headers.end > kSrv6Room) {
        fault = SFC_REASON_header_too_long;
    }
    fault = fault != SFC_OK ? fault : shift(service->sid, packet);
    if (fault == SFC_OK && in_prefix(address_at(packet, kTo), service->sid)) {
        fault = advance(world, *service, packet, headers);
    }
    if (fault == SFC_REASON_not_sfc) {
        return std::nullopt;
    }
    if (fault != SFC_OK) {
        return Judged{.fault = fault, .service = service};
    }
    return service->sid.masked ? judge_masked(*service, frame, packet, headers)
                               : judge_content(*service, frame, packet, headers);
}

} // namespace sfc::test::oracle
