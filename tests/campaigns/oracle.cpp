// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "oracle.h"

#include "oracle_outer.h"
#include "oracle_srv6.h"

namespace sfc::test::oracle {
namespace {

Expected drop(sfc_reason reason, const Service* service = nullptr) {
    Expected expected;
    expected.reason = reason;
    expected.service = service;
    return expected;
}

Expected pass(sfc_reason reason) {
    Expected expected;
    expected.verdict = Verdict::Passed;
    expected.reason = reason;
    return expected;
}

void append(std::vector<std::uint8_t>& out, View data) {
    out.insert(out.end(), data.begin(), data.end());
}

void append(std::vector<std::uint8_t>& out, const std::string& data) {
    out.insert(out.end(), data.begin(), data.end());
}

std::string ip_type(unsigned version) {
    return version == 4 ? std::string("\x08\x00", 2) : std::string("\x86\xdd", 2);
}

unsigned versions(Inner inner) {
    return inner == Inner::Ipv4 ? kIpv4 : inner == Inner::Ipv6 ? kIpv6 : inner == Inner::Ip ? kIpv4 | kIpv6 : 0;
}

bool exceeds(std::size_t size, std::uint32_t mtu) {
    return mtu != 0 && size > mtu;
}

/// A frame that the proxy knows nothing of, and no SFC.
Expected without_entry(const Hidden& hidden, const Sf& sf) {
    if (hidden.listed && hidden.fault == SFC_OK) {
        return drop(SFC_REASON_sfc_from_sf); // whatever is behind it
    }
    if (!hidden.ip || hidden.link) {
        return pass(SFC_REASON_control);
    }
    if (hidden.fault != SFC_OK && !sf.ethernet) {
        return drop(hidden.fault);
    }
    if (hidden.tunnel && sf.tunnels != Tunnels::Pass) {
        return drop(SFC_REASON_sfc_from_sf);
    }
    return sf.on_miss_pass ? pass(SFC_REASON_miss) : drop(SFC_REASON_miss);
}

/// The bytes that go to the SF behind an Ethernet header.
View for_sf(View frame, const Judged& judged) {
    return judged.to_sf.empty() ? frame.subspan(judged.size) : bytes_of(judged.to_sf);
}

/// Bytes that come back in front of the packet.
std::size_t comes_back(const Judged& judged) {
    return judged.advanced.empty() || judged.around == Around::Masked ? 0 : judged.advanced.size() - 2;
}

std::string key_of(int return_port, const Packet& packet) {
    return KeyBytes().number(static_cast<std::uint32_t>(return_port)).take() + packet.key;
}

} // namespace

std::uint32_t Oracle::mtu_out(const Service& service, int ingress) const {
    return world_.ports[service.egress < 0 ? ingress : service.egress].mtu;
}

Expected Oracle::unmatched() const {
    return world_.unmatched_drop ? drop(SFC_REASON_unmatched) : pass(SFC_REASON_unmatched);
}

Expected Oracle::strip(int port, View frame, std::uint64_t now_ns) {
    if (frame.size() < kEthernetHeader) {
        return drop(SFC_REASON_runt);
    }
    for (const Encapsulation which : all_encaps()) {
        const Encap& encap = encap_of(which);
        if (!world_.uses(which)) {
            if (encap.owns(u16(frame, kEthernetHeader - 2))) {
                return unmatched(); // nothing can match it
            }
        } else if (const std::optional<Judged> judged = encap.judge(world_, port, frame)) {
            return strip_judged(port, frame, *judged, now_ns);
        }
    }
    return pass(SFC_REASON_not_sfc);
}

Expected Oracle::strip_judged(int port, View frame, const Judged& judged, std::uint64_t now_ns) {
    if (judged.fault == SFC_REASON_unmatched) {
        return unmatched();
    }
    if (judged.fault != SFC_OK) {
        return drop(judged.fault, judged.service);
    }
    if (judged.bypass) {
        return go_past_sf(port, frame, judged);
    }
    const Service& service = *judged.service;
    const Sf& sf = world_.sfs[service.sf];
    const View inner = for_sf(frame, judged);
    const bool frames = service.inner == Inner::Ethernet;
    const Packet packet = frames && judged.ethernet ? judge_ethernet(inner, sf)
                                                    : judge_ip(inner, versions(service.inner) & judged.versions, sf);
    sfc_reason fault = packet.fault;
    if (service.decrement && packet.hops <= 1 && (fault == SFC_OK || fault == SFC_REASON_no_key)) {
        fault = SFC_REASON_ttl;
    }
    const std::size_t to_sf = inner.size() - (frames && fault == SFC_OK ? kEthernetHeader : 0);
    if (fault == SFC_OK && (exceeds(to_sf, world_.ports[service.to_port].mtu) ||
                            exceeds(comes_back(judged) + inner.size(), mtu_out(service, port)))) {
        fault = SFC_REASON_too_big;
    }
    if (fault != SFC_OK) {
        return drop(fault, &service);
    }
    return insert(port, frame, judged, packet, now_ns);
}

/// A frame that leaves, up to what is behind its header.
Expected Oracle::leave(const Service& service, int ingress, View source, const std::string& header) const {
    Expected expected;
    expected.service = &service;
    expected.egress = service.egress < 0 ? ingress : service.egress;
    const Mac zeros{};
    append(expected.bytes, service.egress < 0 ? source : View(service.next_hop));
    append(expected.bytes, zeros);
    append(expected.bytes, header);
    return expected;
}

Expected Oracle::go_past_sf(int port, View frame, const Judged& judged) const {
    const Service& service = *judged.service;
    if (exceeds(frame.size() - kEthernetHeader, mtu_out(service, port))) {
        return drop(SFC_REASON_too_big, &service);
    }
    Expected expected = leave(service, port, frame.subspan(6, 6), judged.advanced);
    expected.verdict = Verdict::Bypassed;
    expected.reason = SFC_REASON_bypassed;
    append(expected.bytes, frame.subspan(judged.size));
    return expected;
}

Expected Oracle::insert(int port, View frame, const Judged& judged, const Packet& packet, std::uint64_t now_ns) {
    const Service& service = *judged.service;
    Header header;
    header.service = &service;
    if (service.egress < 0) {
        header.ingress = port;
        std::copy_n(frame.begin() + 6, 6, header.source.begin());
    }
    header.advanced = judged.advanced.empty() ? ip_type(packet.version) : judged.advanced;
    header.hops = judged.hops;
    header.around = judged.around;
    const sfc_reason fault =
        cache_.insert(key_of(service.return_port, packet), header, world_.sfs[service.sf].hold_ns, now_ns);
    if (fault != SFC_OK) {
        return drop(fault, &service);
    }
    if (service.last) {
        const bool frames = service.inner == Inner::Ethernet; // whose version is that of the packet in there
        last_[service.return_port] = {
            header, frames ? look_for_sfc(for_sf(frame, judged), world_.sfs[service.sf]).version : packet.version};
    }
    Expected expected;
    expected.verdict = Verdict::ToSf;
    expected.service = &service;
    expected.egress = service.to_port;
    expected.kind = packet.kind;
    expected.ethernet = service.inner == Inner::Ethernet;
    if (!expected.ethernet) {
        const Port& to = world_.ports[service.to_port];
        const Mac zeros{};
        append(expected.bytes, to.routed ? View(to.mac) : frame.first(6));
        append(expected.bytes, to.routed ? View(zeros) : frame.subspan(6, 6));
        append(expected.bytes, ip_type(packet.version));
    }
    append(expected.bytes, for_sf(frame, judged));
    return expected;
}

Expected Oracle::restore(int port, View frame, std::uint64_t now_ns) {
    if (frame.size() < kEthernetHeader) {
        return drop(SFC_REASON_runt);
    }
    const Sf& sf = world_.sfs[world_.ports[port].sf];
    const std::uint32_t type = u16(frame, 12);
    const bool ip = type == kIpv4Type || type == kIpv6Type;
    const Hidden hidden = look_for_sfc(frame, sf);
    if (hidden.sfc || (hidden.tunnel && hidden.fault == SFC_OK && sf.tunnels == Tunnels::Drop)) {
        return drop(SFC_REASON_sfc_from_sf);
    }
    if (!sf.ethernet && !ip) {
        return without_entry(hidden, sf);
    }
    const Packet packet =
        sf.ethernet ? judge_ethernet(frame, sf) : judge_ip_of_type(frame.subspan(kEthernetHeader), type, sf);
    if (packet.fault != SFC_OK) {
        return packet.fault == SFC_REASON_no_key ? without_entry(hidden, sf) : drop(packet.fault);
    }
    const Cache::Claim claim = cache_.claim(key_of(port, packet), now_ns);
    const View payload = sf.ethernet ? frame : frame.subspan(kEthernetHeader);
    if (claim.fault != SFC_OK) {
        Expected without = originated(port, payload, packet, hidden, without_entry(hidden, sf));
        if (claim.fault == SFC_REASON_miss) {
            return without;
        }
        Expected late = drop(claim.fault);
        late.reaped.push_back(std::move(without));
        return late;
    }
    Expected expected = give_back(payload, claim.header, packet);
    expected.ethernet = sf.ethernet;
    return expected;
}

/// docs/srv6.md "End.AD", `cache: last`: what an SF sends on its own. `without` is what it would be without that.
Expected Oracle::originated(int port, View payload, const Packet& packet, const Hidden& hidden,
                            Expected without) const {
    const Last& last = last_[port];
    if (without.reason != SFC_REASON_miss || last.version == 0 || last.version != hidden.version) {
        return without;
    }
    Expected expected = give_back(payload, last.header, packet);
    expected.originated = true;
    expected.ethernet = last.header.service->inner == Inner::Ethernet;
    return expected;
}

Expected Oracle::unmasked(View payload, const Header& header, const Packet& packet) const {
    const Service& service = *header.service;
    if (exceeds(payload.size(), mtu_out(service, header.ingress))) {
        return drop(SFC_REASON_too_big, &service);
    }
    Expected expected = leave(service, header.ingress, header.source, ip_type(packet.version));
    expected.verdict = Verdict::Restored;
    expected.kind = packet.kind;
    expected.around = header.around;
    append(expected.bytes, payload);
    const sfc_reason fault =
        unmask(std::span(expected.bytes).subspan(kEthernetHeader), bytes_of(header.advanced).subspan(2));
    return fault == SFC_OK ? expected : drop(fault, &service);
}

Expected Oracle::give_back(View payload, const Header& header, const Packet& packet) const {
    const Service& service = *header.service;
    if (header.around == Around::Masked) {
        return unmasked(payload, header, packet);
    }
    if (exceeds(header.advanced.size() - 2 + payload.size(), mtu_out(service, header.ingress))) {
        return drop(SFC_REASON_too_big, &service);
    }
    if (service.decrement && packet.hops <= 1) {
        return drop(SFC_REASON_ttl, &service);
    }
    Expected expected = leave(service, header.ingress, header.source, header.advanced);
    expected.verdict = Verdict::Restored;
    expected.kind = packet.kind;
    const std::size_t at = expected.bytes.size();
    append(expected.bytes, payload);
    const bool ip = service.inner != Inner::Ethernet;
    if (ip) {
        limit_hops(std::span(expected.bytes).subspan(at),
                   std::min(service.decrement ? packet.hops - 1 : packet.hops, header.hops));
    }
    expected.around = header.around;
    close_around(expected.bytes, header.around, ip ? end_of_ip(expected.bytes, at) : expected.bytes.size());
    return expected;
}

} // namespace sfc::test::oracle
