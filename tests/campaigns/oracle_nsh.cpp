// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "oracle_nsh.h"

#include "oracle_ethernet.h"
#include "oracle_outer.h"

namespace sfc::test::oracle {
namespace {

constexpr std::size_t kTypeAt = kEthernetHeader - 2, kTagsMost = 2, kTag = 4, kWord = 4;
constexpr std::size_t kUdp = 8, kGpe = 8;
constexpr std::size_t kBase = 8; // base and service path header, RFC 8300 2.1
enum Next : std::uint8_t { kNextIpv4 = 1, kNextIpv6, kNextEthernet, kNextNsh, kNextMpls, kNextIoam };
constexpr unsigned kBehindMpls = 0x100; // no next protocol: IP of either version

/// Where the NSH begins, and the packet around it.
struct Carrier {
    bool nsh = false;
    sfc_reason fault = SFC_OK;
    std::size_t at = 0;
    Outer outer{};
};

/// draft-ietf-nvo3-vxlan-gpe 3.1: without the P bit, version 0 and next protocol NSH it is none of ours.
Carrier in_gpe(View frame, const Outer& outer) {
    Carrier carrier{.nsh = true, .at = outer.udp + kUdp + kGpe, .outer = outer};
    const View gpe = frame.subspan(outer.udp + kUdp);
    if (outer.fragment) {
        carrier.fault = SFC_REASON_outer_fragment;
    } else if (gpe.size() < 4 || (gpe[0] & 0x34) != 0x04 || gpe[3] != 4) {
        carrier.nsh = false;
    } else if (gpe.size() < kGpe) {
        carrier.fault = SFC_REASON_truncated;
    } else if ((gpe[0] & 1) != 0) {
        carrier.fault = SFC_REASON_oam;
    }
    return carrier;
}

Carrier carrier_of(View frame, const World& world) {
    const Outer outer = find_outer(frame, kGpePort, world.addresses);
    if (outer.version != 0) {
        return in_gpe(frame, outer);
    }
    std::size_t at = kTypeAt;
    for (std::size_t tags = 0; tags < kTagsMost; tags++) {
        const std::uint32_t type = u16(frame, at);
        if ((type != 0x8100 && type != 0x88a8) || frame.size() < at + kTag + 2) {
            break;
        }
        at += kTag;
    }
    return {.nsh = u16(frame, at) == kNshType, .at = at + 2};
}

const Service* match(const World& world, int port, View path) {
    const Service* any = nullptr;
    for (const Service* service : services_at(world, Encapsulation::Nsh, port)) {
        if (service->spi != u32(path, 0) >> 8) {
            continue;
        }
        if (service->si.empty()) {
            any = service;
        } else if (std::find(service->si.begin(), service->si.end(), path[3]) != service->si.end()) {
            return service; // one that names the index wins
        }
    }
    return any;
}

/// RFC 8300 2.2, 2.4, 2.5: how long an NSH is.
sfc_reason length_of(View nsh, std::size_t& size) {
    const unsigned type = nsh[2] & 15U;
    const std::size_t words = nsh[1] & 63U;
    if (type != 1 && type != 2) {
        return SFC_REASON_md_type;
    }
    size = words * kWord;
    return (type == 1 ? words == 6 : words >= 2) ? SFC_OK : SFC_REASON_bad_length;
}

/// RFC 8300 2.5.1: context headers must fill the NSH.
bool contexts_fit(View nsh) {
    std::size_t at = kBase;
    while (at < nsh.size()) {
        at += kWord + ((nsh[at + 3] & 0x7fU) + kWord - 1) / kWord * kWord;
    }
    return at == nsh.size();
}

/// What stands between the frame's beginning and the packet: it gets longer header by header.
struct Walk {
    std::size_t end;
    unsigned next;
};

sfc_reason step(View header, Walk& walk) {
    std::size_t size = kWord;
    sfc_reason fault = SFC_OK;
    if (walk.next == kNextNsh && header[0] >> 6 != 0) {
        return SFC_REASON_bad_version;
    }
    if (walk.next == kNextMpls) {
        walk.next = (header[2] & 1) != 0 ? kBehindMpls : walk.next;
    } else if (walk.next == kNextIoam) { // RFC 9452 3
        size = header[1] * kWord;
        fault = size != 0 ? fault : SFC_REASON_bad_length;
        walk.next = header[3];
    } else {
        fault = length_of(header, size);
        walk.next = header[3];
    }
    walk.end += size;
    return fault;
}

sfc_reason walk_on(View frame, Walk& walk) {
    while (walk.next == kNextNsh || walk.next == kNextMpls || walk.next == kNextIoam) {
        if (walk.end > kEthernetHeader + kNshRoom) {
            return SFC_REASON_header_too_long;
        }
        const View header = behind(frame, walk.end);
        if (header.size() < kWord) {
            return SFC_REASON_truncated;
        }
        if (const sfc_reason fault = step(header, walk)) {
            return fault;
        }
    }
    const bool known = (walk.next >= kNextIpv4 && walk.next <= kNextEthernet) || walk.next == kBehindMpls;
    return known ? SFC_OK : SFC_REASON_next_protocol;
}

bool fits_next_hop(const Service& service, const Outer& outer) {
    if (outer.version == 0) {
        return !service.tunnel;
    }
    return service.tunnel ? is_ipv4(service.tunnel->remote) == (outer.version == 4) : service.egress < 0;
}

/// Faults 7 to 18 of docs/nsh.md, in that order. The walk ends where the packet begins.
sfc_reason fault_of(const Service& service, View frame, const Carrier& carrier, Walk& walk) {
    const View nsh = frame.subspan(carrier.at);
    std::size_t size = 0;
    if (nsh[7] == 0) {
        return SFC_REASON_service_index;
    }
    if (service.forwarder && (u16(nsh, 0) >> 6 & 63) == 1) {
        return SFC_REASON_ttl;
    }
    if ((nsh[0] & 0x20) != 0) {
        return SFC_REASON_oam;
    }
    if (const sfc_reason fault = length_of(nsh, size)) {
        return fault;
    }
    walk = {.end = carrier.at + size, .next = nsh[3]};
    if (const sfc_reason fault = walk_on(frame, walk)) {
        return fault;
    }
    const bool frames = service.inner == Inner::Ethernet;
    if (frames && walk.next == kBehindMpls) {
        return SFC_REASON_bad_inner;
    }
    if (walk.end > kEthernetHeader + kNshRoom) {
        return SFC_REASON_header_too_long;
    }
    if (walk.end > frame.size()) {
        return SFC_REASON_truncated;
    }
    if ((nsh[2] & 15) == 2 && !contexts_fit(nsh.first(size))) {
        return SFC_REASON_bad_tlv;
    }
    if (!fits_next_hop(service, carrier.outer)) {
        return SFC_REASON_no_next_hop;
    }
    if (carrier.outer.version != 0 && outer_is_broken(frame, carrier.outer, walk.end, walk.next != kNextEthernet)) {
        return SFC_REASON_bad_outer;
    }
    return frames && walk.end > kNshRoom ? SFC_REASON_header_too_long : SFC_OK; // an Ethernet header comes back as well
}

/// RFC 8300 2.2, 3 (figure 8): the service index is one lower, and a forwarder counts the hop; 0 becomes 63.
std::string advanced(const Service& service, View frame, const Carrier& carrier, std::size_t end) {
    std::vector<std::uint8_t> head(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(end));
    head[carrier.at + 7]--;
    if (service.forwarder) {
        const std::uint32_t word = u16(head, carrier.at), ttl = ((word >> 6) - 1) & 63;
        head[carrier.at] = static_cast<std::uint8_t>((word & 0xf000) >> 8 | ttl >> 2);
        head[carrier.at + 1] = static_cast<std::uint8_t>((ttl & 3) << 6 | (word & 63));
    }
    if (carrier.outer.version != 0) {
        turn_outer(head, carrier.outer, service.tunnel);
    }
    return {head.begin() + kTypeAt, head.end()};
}

} // namespace

std::optional<Judged> judge_nsh(const World& world, int port, View frame) {
    const Carrier carrier = carrier_of(frame, world);
    if (!carrier.nsh) {
        return std::nullopt;
    }
    if (carrier.fault != SFC_OK) {
        return Judged{.fault = carrier.fault};
    }
    const View nsh = behind(frame, carrier.at);
    if (nsh.size() < kBase) {
        return Judged{.fault = SFC_REASON_truncated};
    }
    if (nsh[0] >> 6 != 0) {
        return Judged{.fault = SFC_REASON_bad_version};
    }
    const Service* service = match(world, port, nsh.subspan(4));
    if (service == nullptr) {
        return Judged{.fault = SFC_REASON_unmatched};
    }
    Walk walk{};
    if (const sfc_reason fault = fault_of(*service, frame, carrier, walk)) {
        return Judged{.fault = fault, .service = service};
    }
    return Judged{.service = service,
                  .size = walk.end,
                  .versions = walk.next == kNextIpv4     ? kIpv4
                              : walk.next == kNextIpv6   ? kIpv6
                              : walk.next == kBehindMpls ? kIpv4 | kIpv6
                                                         : 0,
                  .ethernet = walk.next == kNextEthernet,
                  .advanced = advanced(*service, frame, carrier, walk.end),
                  .around = carrier.outer.version == 4   ? Around::Udp4
                            : carrier.outer.version == 6 ? Around::Udp6
                                                         : Around::Nothing};
}

} // namespace sfc::test::oracle
