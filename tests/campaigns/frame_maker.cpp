// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "frame_maker.h"

#include <algorithm>

namespace sfc::test {
namespace {

using oracle::Inner;
using oracle::Service;

constexpr std::array<std::uint8_t, 10> kEdgeBytes = {0x00, 0x01, 0x08, 0x3a, 0x40, 0x45, 0x4f, 0x60, 0x7f, 0xff};
/// Where lengths, protocols, fragment words and data offsets stand, counted from the inner packet: IPv4, IPv6 and its
/// first extension headers, transports behind either, Ethernet.
constexpr std::array<std::uint8_t, 28> kStructure = {0,  2,  3,  4,  5,  6,  7,  8,  9,  10, 12, 13, 14, 16,
                                                     17, 20, 22, 28, 32, 33, 36, 40, 41, 42, 43, 48, 49, 52};

Inside inside_of(const Service& service, const Bytes& packet) {
    return service.inner == Inner::Ethernet         ? Inside::Frame
           : !packet.empty() && packet[0] >> 4 == 6 ? Inside::Ipv6
                                                    : Inside::Ipv4;
}

} // namespace

const Head FrameMaker::kBare = {.bytes = Bytes(14), .fields = {}};

Bytes FrameMaker::packet(const Service& service) {
    if (service.inner == Inner::Ethernet) {
        return random_.one_in(64) ? make_ip(random_, false) : make_ethernet(random_);
    }
    if (random_.one_in(64)) {
        Bytes out;
        random_.append(out, random_.below(80));
        return out;
    }
    const bool ipv6 = service.sid.masked           ? !random_.one_in(24)
                      : service.inner == Inner::Ip ? random_.one_in(2)
                                                   : (service.inner == Inner::Ipv6) != random_.one_in(24);
    return random_.one_in(12) ? make_ip(random_, ipv6, make_tunnel(random_)) : make_ip(random_, ipv6);
}

/// A service whose packets come back on the same port: equal packets of the two meet in the cache.
const Service& FrameMaker::other_way(const Service& service) {
    std::vector<const Service*> fit;
    for (const Service& other : world_.services) {
        if (other.return_port == service.return_port) {
            fit.push_back(&other);
        }
    }
    return *fit[random_.below(static_cast<std::uint32_t>(fit.size()))];
}

void FrameMaker::build(Kept& made, bool odd) {
    const Encap& encap = encap_of(made.service->encap);
    Inside inside = inside_of(*made.service, made.packet);
    if (odd && random_.one_in(32)) {
        inside = random_.pick(std::array{Inside::Ipv4, Inside::Ipv6, Inside::Frame});
    }
    made.head = encap.draw(world_, *made.service, inside, random_, odd);
    const std::array<std::uint8_t, kMacs> macs = {0x02, 0, 0, 0, 0, 0x01,
                                                  0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(random_.below(3))};
    std::copy(macs.begin(), macs.end(), made.head.bytes.begin());
    const std::size_t merged = encap.merge(*made.service, made.head.bytes, made.packet);
    made.frame = made.head.bytes;
    made.frame.insert(made.frame.end(), made.packet.begin() + static_cast<std::ptrdiff_t>(merged), made.packet.end());
    encap.close(made.frame, made.frame.size() - (random_.one_in(2) ? made.padding : 0));
}

Bytes FrameMaker::sound(const Service& service, const Bytes& packet) {
    Kept made{.service = &service, .packet = packet, .head = {}, .frame = {}};
    build(made, false);
    return made.frame;
}

Bytes FrameMaker::domain_frame() {
    Kept made;
    made.service = &world_.services[random_.below(static_cast<std::uint32_t>(world_.services.size()))];
    if (kept_.size() == kKept && random_.one_in(8)) {
        made = kept_[random_.below(kKept)];
        if (random_.one_in(3)) {
            damage(made.frame, made.head);
            return made.frame;
        }
        made.service = &other_way(*made.service);
    } else {
        made.packet = packet(*made.service);
        if (random_.one_in(4)) {
            made.padding = random_.below(30);
            random_.append(made.packet, made.padding);
        }
    }
    build(made, true);
    Bytes out = made.frame;
    damage(out, made.head);
    if (out.size() >= made.head.bytes.size() && random_.one_in(2)) { // or a checksum would hide the damage
        encap_of(made.service->encap).close(out, random_.one_in(2) ? out.size() : 0);
    }
    if (kept_.size() < kKept) {
        kept_.push_back(std::move(made));
    } else {
        kept_[random_.below(kKept)] = std::move(made);
    }
    return out;
}

void FrameMaker::damage(Bytes& frame, const Head& head) {
    for (std::uint32_t times = random_.one_in(3) ? random_.below(4) : 0; times > 0; times--) {
        damage_once(frame, head);
    }
}

void FrameMaker::change_field(Bytes& frame, std::size_t at) {
    if (at >= frame.size()) {
        return;
    }
    std::uint8_t& byte = frame[at];
    const std::uint32_t how = random_.below(4);
    byte = how == 0   ? random_.byte()
           : how == 1 ? random_.pick(kEdgeBytes)
           : how == 2 ? static_cast<std::uint8_t>(byte + 1)
                      : static_cast<std::uint8_t>(byte - 1);
}

void FrameMaker::damage_once(Bytes& frame, const Head& head) {
    const std::size_t at = random_.below(static_cast<std::uint32_t>(frame.size()));
    switch (random_.below(8)) {
    case 0:
        frame.resize(std::max<std::size_t>(14, at));
        break;
    case 1:
        frame[at] ^= static_cast<std::uint8_t>(1 << random_.below(8));
        break;
    case 2:
        frame[at] = random_.pick(kEdgeBytes);
        break;
    case 3:
        frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(at), random_.byte());
        break;
    case 4:
        if (!head.fields.empty()) {
            change_field(frame, head.fields[random_.below(static_cast<std::uint32_t>(head.fields.size()))]);
        }
        break;
    default:
        change_field(frame, head.bytes.size() + random_.pick(kStructure));
    }
}

} // namespace sfc::test
