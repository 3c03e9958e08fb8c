// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "packet.h"

#include <cstddef>

#include <linux/if_ether.h>
#include <netinet/in.h>

namespace sfc::test {
namespace {

void set16(Bytes& out, std::size_t at, std::size_t value) {
    out[at] = static_cast<std::uint8_t>(value >> 8);
    out[at + 1] = static_cast<std::uint8_t>(value);
}

void put16(Bytes& out, std::size_t value) {
    out.resize(out.size() + 2);
    set16(out, out.size() - 2, value);
}

std::uint32_t sum_of(std::span<const std::uint8_t> bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i++) {
        sum += static_cast<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    }
    return sum;
}

std::size_t ethertype_of(Packet::Kind kind) {
    return kind == Packet::Kind::Mpls ? ETH_P_MPLS_UC : kind == Packet::Kind::Ipv6 ? ETH_P_IPV6 : ETH_P_IP;
}

constexpr std::size_t kTypeAt = 12, kIpv4Sum = 10, kUdpSum = 6, kIcmpSum = 2;

} // namespace

std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes, std::uint32_t sum) {
    sum += sum_of(bytes);
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

std::uint8_t Packet::next_of(std::size_t at) const {
    if (layers_[at].next) {
        return *layers_[at].next;
    }
    switch (at + 1 < layers_.size() ? layers_[at + 1].kind : Kind::Payload) {
    case Kind::Udp:
        return IPPROTO_UDP;
    case Kind::Icmp:
        return IPPROTO_ICMP;
    case Kind::Icmp6:
        return IPPROTO_ICMPV6;
    case Kind::Options:
        return IPPROTO_HOPOPTS;
    default:
        return IPPROTO_NONE;
    }
}

/// Of the IP header in front of a transport.
std::uint32_t Packet::pseudo_header(std::size_t at, std::size_t size) const {
    const std::uint8_t protocol = next_of(at - 1);
    while (at > 0 && layers_[at].kind != Kind::Ipv4 && layers_[at].kind != Kind::Ipv6) {
        at--;
    }
    const bool six = layers_[at].kind == Kind::Ipv6;
    const std::span<const std::uint8_t> header = layers_[at].header;
    return sum_of(six ? header.subspan(8, 32) : header.subspan(12, 8)) + protocol + static_cast<std::uint32_t>(size);
}

void Packet::finish(std::size_t at, Bytes& header, const Bytes& behind) const {
    const std::size_t size = header.size() + behind.size();
    const auto checksum = [&](std::size_t to, std::uint32_t pseudo) {
        set16(header, to, internet_checksum(behind, pseudo + sum_of(header))); // headers have an even size
    };
    switch (layers_[at].kind) {
    case Kind::Ethernet:
        set16(header, kTypeAt, at + 1 < layers_.size() ? ethertype_of(layers_[at + 1].kind) : 0);
        break;
    case Kind::Ipv4:
        set16(header, 2, size);
        header[9] = next_of(at);
        set16(header, kIpv4Sum, internet_checksum(header));
        break;
    case Kind::Ipv6:
        set16(header, 4, behind.size());
        header[6] = next_of(at);
        break;
    case Kind::Options:
        header[0] = next_of(at);
        break;
    case Kind::Udp:
        set16(header, 4, size);
        checksum(kUdpSum, pseudo_header(at, size));
        break;
    case Kind::Icmp:
        checksum(kIcmpSum, 0);
        break;
    case Kind::Icmp6:
        checksum(kIcmpSum, pseudo_header(at, size));
        break;
    default:
        break;
    }
}

Packet::operator Bytes() const {
    Bytes behind;
    for (std::size_t at = layers_.size(); at-- > 0;) {
        Bytes all = layers_[at].header;
        finish(at, all, behind);
        all.insert(all.end(), behind.begin(), behind.end());
        behind = std::move(all);
    }
    return behind;
}

Packet ethernet() {
    return {Packet::Kind::Ethernet, {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0x02, 0, 0}};
}

Packet mpls(std::vector<Label> labels) {
    Bytes out;
    labels.back().bottom = true;
    for (const Label& entry : labels) {
        put16(out, entry.label >> 4);
        put16(out, (entry.label & 0xf) << 12 | (entry.bottom ? 0x100U : 0U) | entry.ttl);
    }
    return {Packet::Kind::Mpls, out};
}

Packet ipv4(const Ipv4& fields) {
    Bytes out = {static_cast<std::uint8_t>(0x45 + fields.options), 0, 0, 0};
    put16(out, fields.id);
    put16(out, fields.fragment);
    out.insert(out.end(), {fields.ttl, 0, 0, 0});
    out.insert(out.end(), fields.from.begin(), fields.from.end());
    out.insert(out.end(), fields.to.begin(), fields.to.end());
    out.resize(out.size() + std::size_t{4} * fields.options, 1);
    return {Packet::Kind::Ipv4, out, fields.protocol};
}

Packet ipv6(const Ipv6& fields) {
    Bytes out = {0x60, 0, 0, 0, 0, 0, 0, fields.hops};
    for (const std::uint8_t last : {fields.from, fields.to}) {
        out.insert(out.end(), {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last});
    }
    return {Packet::Kind::Ipv6, out, fields.next};
}

Packet options(std::optional<std::uint8_t> next) {
    return {Packet::Kind::Options, {0, 0, 5, 2, 0, 0, 1, 0}, next};
}

Packet udp(const Ports& ports) {
    Bytes out;
    put16(out, ports.from);
    put16(out, ports.to);
    out.resize(8);
    return {Packet::Kind::Udp, out};
}

Packet icmp(std::uint8_t type) {
    return {Packet::Kind::Icmp, {type, 0, 0, 0, 0, 0, 0, 0}};
}

Packet icmp6(std::uint8_t type) {
    return {Packet::Kind::Icmp6, {type, 0, 0, 0, 0, 0, 0, 0}};
}

Packet payload(std::string_view text) {
    return {Packet::Kind::Payload, {text.begin(), text.end()}};
}

Packet payload(std::size_t size) {
    return {Packet::Kind::Payload, Bytes(size)};
}

Bytes mpls_udp(std::vector<Label> labels, const Udp& fields) {
    return ethernet() / mpls(std::move(labels)) / ipv4({.id = fields.id, .ttl = fields.ttl}) /
           udp({fields.sport, fields.dport}) / payload(fields.payload);
}

Bytes plain_udp(const Udp& fields) {
    return ethernet() / ipv4({.id = fields.id, .ttl = fields.ttl}) / udp({fields.sport, fields.dport}) /
           payload(fields.payload);
}

Bytes without_ethernet(std::span<const std::uint8_t> frame) {
    return {frame.begin() + ETH_HLEN, frame.end()};
}

} // namespace sfc::test
