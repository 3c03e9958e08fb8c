// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic_packet.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "oracle_stack.h"

namespace sfc::test::traffic {
namespace {

constexpr std::size_t kSourceAt = 11; // the last byte of the source MAC
constexpr std::uint8_t kSources = 4;

std::array<std::uint8_t, 2> ip_type(const Packet& packet, bool masked) {
    return layout_of(packet.number, masked).ipv6 ? std::array<std::uint8_t, 2>{0x86, 0xdd}
                                                 : std::array<std::uint8_t, 2>{8, 0};
}

} // namespace

std::uint32_t PacketMaker::new_number() {
    if (numbers_ == kNumbersMost) {
        throw Error(ExitCode::Failed, "all numbers of keys are used up");
    }
    return ++numbers_;
}

void PacketMaker::draw_head(Packet& packet) {
    constexpr std::array<std::uint8_t, kSourceAt> kMacs = {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0};
    const Inside inside = layout_of(packet.number, is_masked(packet)).ipv6 ? Inside::Ipv6 : Inside::Ipv4;
    const Head head = encap(packet).draw(world_, world_.services[packet.service], inside, random_, false);
    packet.head = {};
    packet.size = static_cast<std::uint8_t>(head.bytes.size());
    std::copy(head.bytes.begin(), head.bytes.end(), packet.head.begin());
    std::copy(kMacs.begin(), kMacs.end(), packet.head.begin());
    packet.head[kSourceAt] = static_cast<std::uint8_t>(random_.below(kSources));
}

Packet PacketMaker::of_service(std::size_t service, std::uint32_t number) {
    Packet made;
    const std::vector<int>& ports = world_.services[service].domain;
    made.id = ++ids_;
    made.number = number;
    made.service = static_cast<std::uint8_t>(service);
    made.port = static_cast<std::uint8_t>(ports[random_.below(static_cast<std::uint32_t>(ports.size()))]);
    draw_head(made);
    return made;
}

Packet PacketMaker::fresh(std::size_t service) {
    return of_service(service, new_number());
}

Packet PacketMaker::copy(const Packet& of) {
    Packet made = of;
    made.id = ++ids_;
    encap(made).touch(std::span(made.head).first(made.size), random_);
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
        encap(made).nudge(std::span(made.head).first(made.size), random_);
    } else if (how == 1) {
        made.head[kSourceAt] ^= 1; // which matters where it is to go back
    } else if (how == 2) {
        draw_head(made);
    } else {
        return of_service(other_service(of), of.number);
    }
    made.id = ++ids_;
    return made;
}

void PacketMaker::build(const Packet& packet, Frame& frame) {
    frame.clear();
    frame.append(std::span(packet.head).first(packet.size));
    inner_.clear();
    append_inner(inner_, packet.number, is_masked(packet), packet.id, random_);
    const std::size_t merged = encap(packet).merge(world_.services[packet.service], frame.bytes(), inner_.view());
    frame.append(inner_.view().subspan(merged));
    encap(packet).close(frame.bytes(), frame.size());
}

Header PacketMaker::header_of(const Packet& packet, const Frame& frame, Frame& to_sf) const {
    const oracle::Service& service = world_.services[packet.service];
    const auto judged = encap(packet).judge(world_, packet.port, frame.view());
    const std::size_t size = is_masked(packet) ? kEthernet : packet.size;
    if (!judged || judged->fault != SFC_OK || judged->service != &service || judged->size != size) {
        throw Error(ExitCode::Failed,
                    fmt::format("service {} does not take the header that the campaign has made for it: {:02x}",
                                service.name, fmt::join(packet.head, "")));
    }
    Header header;
    header.service = packet.service;
    header.egress = static_cast<std::uint8_t>(service.egress < 0 ? packet.port : service.egress);
    if (service.egress < 0) {
        std::copy_n(packet.head.begin() + 6, 6, header.bytes.begin());
    } else {
        std::copy(service.next_hop.begin(), service.next_hop.end(), header.bytes.begin());
    }
    const auto type = ip_type(packet, is_masked(packet));
    const std::string left = judged->advanced.empty() ? std::string(type.begin(), type.end()) : judged->advanced;
    std::copy(left.begin(), left.end(), header.bytes.begin() + 12);
    header.size = static_cast<std::uint8_t>(12 + left.size());
    header.hops = static_cast<std::uint8_t>(judged->hops);
    header.around = judged->around;
    to_sf.clear();
    to_sf.append(ethernet_to_sf(packet, frame));
    if (judged->to_sf.empty()) {
        to_sf.append(frame.view().subspan(size));
    } else {
        to_sf.append(oracle::bytes_of(judged->to_sf));
    }
    return header;
}

std::array<std::uint8_t, kEthernet> PacketMaker::ethernet_to_sf(const Packet& packet, const Frame& frame) const {
    std::array<std::uint8_t, kEthernet> out{};
    const oracle::Port& port = world_.ports[world_.services[packet.service].to_port];
    if (port.routed) {
        std::copy(port.mac.begin(), port.mac.end(), out.begin());
    } else {
        std::copy_n(frame.view().begin(), 12, out.begin());
    }
    const auto type = ip_type(packet, is_masked(packet));
    std::copy(type.begin(), type.end(), out.begin() + 12);
    return out;
}

} // namespace sfc::test::traffic
