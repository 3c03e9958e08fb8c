// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "oracle_outer.h"

#include "oracle_ethernet.h"
#include "packet.h"

namespace sfc::test::oracle {
namespace {

constexpr std::size_t kIp = kEthernetHeader, kIpv4Least = 20, kIpv6Bytes = 40, kUdpBytes = 8;
constexpr std::uint8_t kUdp = 17, kFragmentHeader = 44;
constexpr std::uint8_t kHops = 64; // RFC 1700: the proxy sends the packet anew

void set16(std::span<std::uint8_t> data, std::size_t at, std::size_t value) {
    data[at] = static_cast<std::uint8_t>(value >> 8);
    data[at + 1] = static_cast<std::uint8_t>(value);
}

std::size_t addresses_at(unsigned version) {
    return kIp + (version == 4 ? 12 : 8);
}

std::size_t address_size(unsigned version) {
    return version == 4 ? 4 : 16;
}

bool is_own(View address, const std::vector<Address>& own) {
    return std::any_of(own.begin(), own.end(), [&](const Address& one) {
        return is_ipv4(one) == (address.size() == 4) && std::equal(address.rbegin(), address.rend(), one.rbegin());
    });
}

Outer find_ipv4(View frame, const std::vector<Address>& own) {
    if (frame.size() < kIp + kIpv4Least) {
        return {};
    }
    const std::size_t header = std::size_t{4} * (frame[kIp] & 15U);
    const std::uint32_t word = u16(frame, kIp + 6);
    if (frame[kIp] >> 4 != 4 || frame[kIp + 9] != kUdp || (word & 0x1fff) != 0 || header < kIpv4Least ||
        u16(frame, kIp + 2) < header + kUdpBytes || !is_own(frame.subspan(kIp + 16, 4), own)) {
        return {};
    }
    return {.version = 4, .udp = kIp + header, .fragment = (word & 0x2000) != 0};
}

Outer find_ipv6(View frame, const std::vector<Address>& own) {
    if (frame.size() < kIp + kIpv6Bytes || frame[kIp] >> 4 != 6 || !is_own(frame.subspan(kIp + 24, 16), own)) {
        return {};
    }
    const std::size_t at = kIp + kIpv6Bytes;
    const View behind_ip = frame.subspan(at);
    if (frame[kIp + 6] == kUdp) {
        return {.version = 6, .udp = at};
    }
    const bool first = frame[kIp + 6] == kFragmentHeader && behind_ip.size() >= 8 && behind_ip[0] == kUdp &&
                       (u16(behind_ip, 2) & 0xfff8) == 0;
    return first ? Outer{.version = 6, .udp = at + 8, .fragment = true} : Outer{};
}

/// RFC 768, 8200 8.1: over a pseudo header and the datagram, as far as it is there.
std::uint16_t udp_sum(View frame, unsigned version, std::size_t udp) {
    const std::size_t size = u16(frame, udp + 4);
    std::uint32_t sum = kUdp + static_cast<std::uint32_t>(size);
    const std::size_t at = addresses_at(version);
    for (std::size_t i = 0; i < 2 * address_size(version); i += 2) {
        sum += u16(frame, at + i);
    }
    return internet_checksum(first(frame.subspan(udp), size), sum);
}

void take_identification(std::span<std::uint8_t> expected, View left) {
    constexpr std::size_t kFlags = kIp + 6;
    constexpr std::uint8_t kDontFragment = 0x40;
    if ((expected[kFlags] & kDontFragment) != 0 || left.size() < kIp + kIpv4Least) {
        return;
    }
    std::copy_n(left.begin() + kIp + 4, 2, expected.begin() + kIp + 4);
    set16(expected, kIp + 10, 0);
    set16(expected, kIp + 10, internet_checksum(expected.subspan(kIp, kIpv4Least)));
}

/// RFC 6437 2: 20 bits, and 0 says that there is none.
void take_flow_label(std::span<std::uint8_t> expected, View left) {
    constexpr std::uint32_t kLabel = 0xfffff;
    const std::uint32_t label = left.size() < kIp + 4 ? 0 : u32(left, kIp) & kLabel;
    expected[kIp + 1] |= static_cast<std::uint8_t>((label == 0 ? 1 : label) >> 16);
    set16(expected, kIp + 2, label == 0 ? 1 : label & 0xffff);
}

} // namespace

Outer find_outer(View frame, std::uint32_t port, const std::vector<Address>& own) {
    const std::uint32_t type = u16(frame, kEthernetHeader - 2);
    const Outer outer = type == kIpv4Type ? find_ipv4(frame, own) : type == kIpv6Type ? find_ipv6(frame, own) : Outer{};
    const bool there = outer.version != 0 && frame.size() >= outer.udp + kUdpBytes;
    return there && u16(frame, outer.udp + 2) == port ? outer : Outer{};
}

std::size_t end_of_ip(View frame, std::size_t at) {
    return at + (frame[at] >> 4 == 4 ? u16(frame, at + 2) : kIpv6Bytes + u16(frame, at + 4));
}

bool outer_is_broken(View frame, const Outer& outer, std::size_t inner, bool ip) {
    const bool ipv4 = outer.version == 4;
    if (ipv4 && (outer.udp != kIp + kIpv4Least || internet_checksum(frame.subspan(kIp, kIpv4Least)) != 0)) {
        return true;
    }
    const std::size_t end = ipv4 ? kIp + u16(frame, kIp + 2) : kIp + kIpv6Bytes + u16(frame, kIp + 4);
    if (end > frame.size() || end < inner || outer.udp + u16(frame, outer.udp + 4) != end) {
        return true;
    }
    if (ip && frame.size() >= inner + kIpv4Least && end_of_ip(frame, inner) > end) {
        return true;
    }
    return u16(frame, outer.udp + 6) != 0 && udp_sum(frame, outer.version, outer.udp) != 0;
}

void turn_outer(std::span<std::uint8_t> frame, const Outer& outer, const std::optional<Tunnel>& tunnel) {
    const bool ipv4 = outer.version == 4;
    const std::size_t at = addresses_at(outer.version), size = address_size(outer.version);
    const std::span<std::uint8_t> source = frame.subspan(at, size), target = frame.subspan(at + size, size);
    std::swap_ranges(source.begin(), source.end(), target.begin());
    if (tunnel) {
        std::ranges::copy(View(tunnel->local).last(size), source.begin());
        std::ranges::copy(View(tunnel->remote).last(size), target.begin());
    }
    frame[kIp + (ipv4 ? 8 : 7)] = kHops;
    set16(frame, kIp + (ipv4 ? 2 : 4), 0);
    if (ipv4) {
        set16(frame, kIp + 4, 0);
        set16(frame, kIp + 10, 0);
    }
    set16(frame, outer.udp + 4, 0);
    set16(frame, outer.udp + 6, u16(frame, outer.udp + 6) != 0 ? 1 : 0);
}

void close_outer(std::span<std::uint8_t> frame, unsigned version, std::size_t end) {
    const bool ipv4 = version == 4;
    const std::size_t udp = kIp + (ipv4 ? kIpv4Least : kIpv6Bytes);
    if (end != 0) {
        set16(frame, kIp + (ipv4 ? 2 : 4), end - (ipv4 ? kIp : udp));
        set16(frame, udp + 4, end - udp);
    }
    if (ipv4) {
        set16(frame, kIp + 10, 0);
        set16(frame, kIp + 10, internet_checksum(frame.subspan(kIp, kIpv4Least)));
    }
    if (u16(frame, udp + 6) != 0) {
        set16(frame, udp + 6, 0);
        const std::uint16_t sum = udp_sum(frame, version, udp);
        set16(frame, udp + 6, sum != 0 ? sum : 0xffff); // RFC 768: 0 would say that there is none
    }
}

void close_around(std::span<std::uint8_t> frame, Around around, std::size_t end) {
    if (around == Around::Udp4 || around == Around::Udp6) {
        close_outer(frame, around == Around::Udp4 ? 4 : 6, end);
    } else if ((around == Around::Ipv6 || around == Around::Ipv6Anew) && end != 0) {
        set16(frame, kIp + 4, end - kIp - kIpv6Bytes);
    }
}

void take_drawn(std::span<std::uint8_t> expected, View left, Around around) {
    if (around == Around::Udp4) {
        take_identification(expected, left);
    } else if (around == Around::Ipv6Anew) {
        take_flow_label(expected, left);
    }
}

} // namespace sfc::test::oracle
