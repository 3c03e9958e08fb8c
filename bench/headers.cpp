// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "headers.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

namespace sfc::bench {
namespace {

constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kUdpBytes = 8, kUdpCheck = 6, kIpv4Check = 10, kIpv4Source = 12, kIpv6Source = 8;

Bytes operator+(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

Bytes ethertype_of(const Bytes& ip) {
    return ip[0] >> 4 == 4 ? Bytes{0x08, 0x00} : Bytes{0x86, 0xdd};
}

/// RFC 1071, of an even number of bytes; `sum` is of what is not among them.
unsigned checksum(std::span<const std::uint8_t> bytes, unsigned sum = 0) {
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        sum += bytes[i] << 8 | bytes[i + 1];
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum & 0xffff;
}

void set16(Bytes& bytes, std::size_t at, unsigned value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}

Bytes labels_in_front(const Bytes& ip, unsigned labels) {
    Bytes out = {0x88, 0x47};
    for (unsigned i = 0; i < labels; i++) {
        const std::uint32_t label = 16001 + i;
        put16(out, label >> 4);
        put16(out, (label & 0xf) << 12 | (i + 1 == labels ? 0x100U : 0U) | 64U);
    }
    return out + ip;
}

/// RFC 8300, MD type 1: TTL 63, SPI 777, SI 7, and a context of 16 bytes.
Bytes nsh_in_front(const Bytes& ip) {
    const std::uint8_t next = ip[0] >> 4 == 4 ? 1 : 2;
    return Bytes{0x0f, 0xc6, 0x01, next, 0x00, 0x03, 0x09, 0x07, 0xc0, 0x01, 0x02, 0x03,
                 0xc0, 0x05, 0x06, 0x07, 0xc0, 0x09, 0x0a, 0x0b, 0xc0, 0x0d, 0x0e, 0x0f} +
           ip;
}

/// UDP to the port of VXLAN-GPE (4790), and that: P bit, VNI 42, next protocol NSH.
Bytes gpe_in_front(const Bytes& nsh) {
    Bytes out = {0xc0, 0x01, 0x12, 0xb6};
    put16(out, kUdpBytes + 8 + nsh.size());
    put16(out, 0);
    return out + Bytes{0x0c, 0, 0, 4, 0, 0, 42, 0} + nsh;
}

Bytes gpe_ipv4(const Bytes& ip) {
    Bytes out = ipv4(kUdp, gpe_in_front(nsh_in_front(ip)), 0x4000);
    std::ranges::copy(kOwnIpv4, out.begin() + kIpv4Source + kOwnIpv4.size());
    set16(out, kIpv4Check, checksum(std::span(out).first(kIpv4Bytes)));
    return Bytes{0x08, 0x00} + out;
}

/// The checksum is a real one, of all bytes.
Bytes gpe_ipv6(const Bytes& ip) {
    const Bytes udp = gpe_in_front(nsh_in_front(ip));
    Bytes out = ipv6(kUdp, udp);
    std::ranges::copy(kOwnIpv6, out.begin() + kIpv6Source + kOwnIpv6.size());
    const auto pseudo = static_cast<unsigned>(kUdp + udp.size());
    set16(out, kIpv6Bytes + kUdpCheck, checksum(std::span(out).subspan(kIpv6Source), pseudo));
    return Bytes{0x86, 0xdd} + out;
}

/// Block 2001:db8 and C-SIDs of 16 bits, the first one ours; or our SID, and segments behind it.
constexpr std::array<std::uint8_t, 16> kContainer = {0x20, 0x01, 0x0d, 0xb8, 0x01, 0, 0x03, 0,
                                                     0x04, 0,    0,    0,    0,    0, 0,    0};
constexpr std::array<std::uint8_t, 16> kSid = {0x20, 0x01, 0x0d, 0xb8, 0, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr std::uint8_t kRouting = 43;
constexpr std::size_t kSegments = 3;

std::uint8_t protocol_of(const Bytes& ip) {
    return ip[0] >> 4 == 4 ? 4 : 41;
}

Bytes outer_ipv6(std::uint8_t next, const Bytes& payload, const std::array<std::uint8_t, 16>& to) {
    Bytes out = ipv6(next, payload);
    std::ranges::copy(to, out.begin() + static_cast<std::ptrdiff_t>(kIpv6Source + to.size()));
    return Bytes{0x86, 0xdd} + out;
}

Bytes csid_in_front(const Bytes& ip) {
    return outer_ipv6(protocol_of(ip), ip, kContainer);
}

/// RFC 8754 2, with three segments of which ours is the first.
Bytes srh_in_front(const Bytes& ip) {
    Bytes srh = {protocol_of(ip), 2 * kSegments, 4, kSegments - 1, kSegments - 1, 0, 0, 0};
    for (std::size_t left = 0; left < kSegments; left++) {
        std::array<std::uint8_t, 16> segment = kSid;
        segment[7] = static_cast<std::uint8_t>(kSegments - 1 - left);
        srh.insert(srh.end(), segment.begin(), segment.end());
    }
    return outer_ipv6(kRouting, srh + ip, kSid);
}

constexpr const char* kNextHop = R"(next_hop: {interface: e0, mac: "02:00:00:00:00:99"})";
constexpr const char* kNshMatch = "match: {encapsulation: nsh, spi: 777, si: 7}";

std::vector<Header> label_stacks(const std::vector<unsigned>& labels) {
    std::vector<Header> all;
    all.reserve(labels.size());
    for (const unsigned one : labels) {
        all.push_back(label_stack(one));
    }
    return all;
}

std::vector<Header> nsh(const std::vector<unsigned>& /*labels*/) {
    const std::string over_ethernet = fmt::format("{}, {}", kNshMatch, kNextHop);
    const std::string over_udp = fmt::format("{}, next_hop: ingress", kNshMatch);
    return {{.name = kNshMd1,
             .service = over_ethernet,
             .put =
                 [](const Bytes& ip) {
                     return Bytes{0x89, 0x4f} + nsh_in_front(ip);
                 }},
            {.name = kNshGpeIpv4, .service = over_udp, .put = gpe_ipv4},
            {.name = kNshGpeIpv6,
             .service = over_udp,
             .summed = true,
             .kinds = {"tcp ipv4 64 bytes", "tcp ipv4 1400 bytes"},
             .put = gpe_ipv6}};
}

std::vector<Header> srv6(const std::vector<unsigned>& /*labels*/) {
    const auto service = [](const char* match) {
        return fmt::format("match: {{encapsulation: srv6, {}}}, {}", match, kNextHop);
    };
    return {{.name = kSrv6Srh, .service = service(R"(sid: "2001:db8:f::1")"), .put = srh_in_front},
            {.name = kSrv6Csid, .service = service(R"(sid: "2001:db8:100::/48", lblen: 32)"), .put = csid_in_front}};
}

/// The table: an encapsulation, and its headers.
struct Encapsulation {
    const char* name;
    std::vector<Header> (*headers)(const std::vector<unsigned>& labels);
};
constexpr std::array kEncapsulations = {Encapsulation{"mpls", label_stacks}, Encapsulation{"nsh", nsh},
                                        Encapsulation{"srv6", srv6}};

/// The MACs are those of no interface.
Bytes behind_macs(const Bytes& rest) {
    return Bytes{0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0x02} + rest;
}

} // namespace

Bytes Header::frame(const Bytes& ip) const {
    return behind_macs(put(ip));
}

Bytes bare_frame(const Bytes& ip) {
    return behind_macs(ethertype_of(ip) + ip);
}

std::vector<std::string> encapsulations() {
    std::vector<std::string> names;
    names.reserve(kEncapsulations.size());
    for (const Encapsulation& one : kEncapsulations) {
        names.emplace_back(one.name);
    }
    return names;
}

std::vector<Header> headers(const std::string& encapsulation, const std::vector<unsigned>& labels) {
    const auto* const found =
        std::ranges::find_if(kEncapsulations, [&](const Encapsulation& one) { return one.name == encapsulation; });
    return found == kEncapsulations.end() ? std::vector<Header>{} : found->headers(labels);
}

Header label_stack(unsigned labels) {
    return {.name = fmt::format("{} labels", labels),
            .service = fmt::format("match: {{encapsulation: mpls, label: 16001}}, {}, last_label: plain", kNextHop),
            .labels = labels,
            .put = [labels](const Bytes& ip) { return labels_in_front(ip, labels); }};
}

} // namespace sfc::bench
