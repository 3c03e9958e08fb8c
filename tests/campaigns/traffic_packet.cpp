// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic_packet.h"

#include "base/error.h"
#include "oracle_stack.h"

namespace sfc::test::traffic {
namespace {

constexpr std::uint32_t kEntropyIndicator = 7;

std::array<std::uint8_t, 2> type_bytes(std::uint32_t type) {
    return {static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type)};
}

std::uint32_t ip_type(const Packet& packet) {
    return layout_of(packet.number).ipv6 ? 0x86dd : 0x0800;
}

std::uint32_t mpls_type(const Packet& packet) {
    return packet.multicast != 0 ? 0x8848 : 0x8847;
}

oracle::Mac source_mac(const Packet& packet) {
    return {0x02, 0, 0, 0, 0, packet.source};
}

} // namespace

std::uint32_t PacketMaker::new_number() {
    if (numbers_ == kNumbersMost) {
        throw Error(ExitCode::Failed, "all numbers of keys are used up");
    }
    return ++numbers_;
}

void PacketMaker::put_label(Packet& packet, std::uint32_t label, std::uint32_t ttl) {
    const std::uint32_t entry = label << 12 | random_.below(8) << 9 | ttl;
    for (int shift = 24; shift >= 0; shift -= 8) {
        packet.labels[packet.label_bytes++] = static_cast<std::uint8_t>(entry >> shift);
    }
}

void PacketMaker::draw_stack(Packet& packet) {
    const oracle::Service& service = world_.services[packet.service];
    packet.label_bytes = 0;
    packet.labels = {};
    put_label(packet, service.label, 2 + random_.below(254));
    std::uint32_t more = service.plain && random_.one_in(4) ? 0 : 1 + random_.below(random_.one_in(16) ? 13 : 4);
    if (more > 0 && random_.one_in(8)) {
        put_label(packet, kEntropyIndicator, random_.below(256));
        put_label(packet, 16 + random_.below(1000), 0);
    }
    for (; more > 0; more--) {
        put_label(packet, 16 + random_.below(1U << 19), random_.below(256));
    }
    packet.labels[packet.label_bytes - 2U] |= 1; // bottom of stack
}

Packet PacketMaker::fresh(std::size_t service) {
    Packet made;
    const std::vector<int>& ports = world_.services[service].domain;
    made.id = ++ids_;
    made.number = new_number();
    made.service = static_cast<std::uint8_t>(service);
    made.port = static_cast<std::uint8_t>(ports[random_.below(static_cast<std::uint32_t>(ports.size()))]);
    made.source = static_cast<std::uint8_t>(random_.below(4));
    made.multicast = random_.one_in(8) ? 1 : 0;
    draw_stack(made);
    return made;
}

Packet PacketMaker::copy(const Packet& of) {
    Packet made = of;
    made.id = ++ids_;
    made.labels[2] ^= static_cast<std::uint8_t>(random_.below(8) << 1); // the traffic class of the top label is cut
    return made;
}

/// Perhaps the same, where it cannot be another one.
std::size_t PacketMaker::other_service(const Packet& than) {
    const std::size_t any = random_.below(static_cast<std::uint32_t>(world_.services.size()));
    const bool fits = world_.services[any].return_port == world_.services[than.service].return_port;
    return fits || crosses(than.number) ? any : than.service;
}

Packet PacketMaker::rival(const Packet& of) {
    Packet made = of;
    const std::uint32_t how = random_.below(4);
    if (how == 0) {
        made.labels[made.label_bytes - 1U]++; // by a TTL
    } else if (how == 1) {
        made.source ^= 1; // which matters where it is to go back
    } else if (how == 2) {
        draw_stack(made);
    } else {
        made = fresh(other_service(of));
        made.number = of.number;
    }
    made.id = ++ids_;
    if (made.labels[3] < 2) {
        made.labels[3] = 2; // the TTL of a stack of one label
    }
    return made;
}

void PacketMaker::build(const Packet& packet, Frame& frame) {
    constexpr oracle::Mac kDestination = {0x02, 0, 0, 0, 0, 0x01};
    frame.clear();
    frame.append(kDestination);
    frame.append(source_mac(packet));
    frame.append(type_bytes(mpls_type(packet)));
    frame.append(std::span(packet.labels).first(packet.label_bytes));
    append_inner(frame, packet.number, packet.id, random_);
}

Header PacketMaker::header_of(const Packet& packet) const {
    const oracle::Service& service = world_.services[packet.service];
    const oracle::Stack stack = oracle::judge_stack(std::span(packet.labels).first(packet.label_bytes), service.pipe);
    Header header;
    header.service = packet.service;
    header.egress = static_cast<std::uint8_t>(service.egress < 0 ? packet.port : service.egress);
    const oracle::Mac mac = service.egress < 0 ? source_mac(packet) : service.next_hop;
    std::copy(mac.begin(), mac.end(), header.bytes.begin());
    const auto type = type_bytes(stack.left.empty() ? ip_type(packet) : mpls_type(packet));
    std::copy(type.begin(), type.end(), header.bytes.begin() + 12);
    std::copy(stack.left.begin(), stack.left.end(), header.bytes.begin() + kEthernet);
    header.size = static_cast<std::uint8_t>(kEthernet + stack.left.size());
    header.hops = static_cast<std::uint8_t>(stack.hops);
    return header;
}

std::array<std::uint8_t, kEthernet> PacketMaker::to_sf(const Packet& packet, const Frame& frame) const {
    std::array<std::uint8_t, kEthernet> out{};
    const oracle::Port& port = world_.ports[world_.services[packet.service].to_port];
    if (port.routed) {
        std::copy(port.mac.begin(), port.mac.end(), out.begin());
    } else {
        std::copy_n(frame.view().begin(), 12, out.begin());
    }
    const auto type = type_bytes(ip_type(packet));
    std::copy(type.begin(), type.end(), out.begin() + 12);
    return out;
}

} // namespace sfc::test::traffic
