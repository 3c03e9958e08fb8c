// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "oracle.h"

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
    return inner == Inner::Ipv4 ? kIpv4 : inner == Inner::Ipv6 ? kIpv6 : kIpv4 | kIpv6;
}

bool exceeds(std::size_t size, std::uint32_t mtu) {
    return mtu != 0 && size > mtu;
}

/// A frame that the proxy knows nothing of, and no SFC.
Expected without_entry(const Hidden& hidden, const Sf& sf) {
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

std::string key_of(int return_port, const Packet& packet) {
    return KeyBytes().number(static_cast<std::uint32_t>(return_port)).take() + packet.key;
}

} // namespace

std::uint32_t Oracle::mtu_out(const Service& service, int ingress) const {
    return world_.ports[service.egress < 0 ? ingress : service.egress].mtu;
}

Expected Oracle::strip(int port, View frame, std::uint64_t now_ns) {
    if (frame.size() < kEthernetHeader) {
        return drop(SFC_REASON_runt);
    }
    const auto unmatched = [&] {
        return world_.unmatched_drop ? drop(SFC_REASON_unmatched) : pass(SFC_REASON_unmatched);
    };
    const std::uint32_t type = u16(frame, 12);
    if (type == 0x894f) {
        return unmatched(); // NSH: nothing can match it
    }
    if (type != 0x8847 && type != 0x8848) {
        return pass(SFC_REASON_not_sfc);
    }
    const View labels = frame.subspan(kEthernetHeader);
    if (labels.size() < 4) {
        return drop(SFC_REASON_truncated);
    }
    const Service* service = world_.match(port, u32(labels, 0) >> 12);
    if (service == nullptr) {
        return unmatched();
    }
    if (labels[3] <= 1) {
        return drop(SFC_REASON_ttl, service);
    }
    const Stack stack = judge_stack(labels, service->pipe);
    if (stack.fault != SFC_OK) {
        return drop(stack.fault, stack.fault == SFC_REASON_truncated ? nullptr : service);
    }
    if (stack.left.empty() && !service->plain) {
        return drop(SFC_REASON_last_label, service);
    }
    const Sf& sf = world_.sfs[service->sf];
    const View inner = labels.subspan(stack.size);
    const Packet packet =
        service->inner == Inner::Ethernet ? judge_ethernet(inner, sf) : judge_ip(inner, versions(service->inner), sf);
    sfc_reason fault = packet.fault;
    if (service->decrement && packet.hops <= 1 && (fault == SFC_OK || fault == SFC_REASON_no_key)) {
        fault = SFC_REASON_ttl;
    }
    const std::size_t to_sf = inner.size() - (service->inner == Inner::Ethernet && fault == SFC_OK ? 14 : 0);
    if (fault == SFC_OK && (exceeds(to_sf, world_.ports[service->to_port].mtu) ||
                            exceeds(stack.left.size() + inner.size(), mtu_out(*service, port)))) {
        fault = SFC_REASON_too_big;
    }
    if (fault != SFC_OK) {
        return drop(fault, service);
    }
    return insert(port, frame, inner, *service, stack, packet, now_ns);
}

Expected Oracle::insert(int port, View frame, View inner, const Service& service, const Stack& stack,
                        const Packet& packet, std::uint64_t now_ns) {
    Header header;
    header.service = &service;
    if (service.egress < 0) {
        header.ingress = port;
        std::copy_n(frame.begin() + 6, 6, header.source.begin());
    }
    header.advanced =
        (stack.left.empty() ? ip_type(packet.version) : std::string(frame.begin() + 12, frame.begin() + 14)) +
        stack.left;
    header.hops = stack.hops;
    const sfc_reason fault =
        cache_.insert(key_of(service.return_port, packet), header, world_.sfs[service.sf].hold_ns, now_ns);
    if (fault != SFC_OK) {
        return drop(fault, &service);
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
    append(expected.bytes, inner);
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
    if (claim.fault != SFC_OK) {
        Expected without = without_entry(hidden, sf);
        if (claim.fault == SFC_REASON_miss) {
            return without;
        }
        Expected late = drop(claim.fault);
        late.may_be_reaped = true;
        late.reaped_verdict = without.verdict;
        late.reaped_reason = without.reason;
        return late;
    }
    Expected expected = give_back(sf.ethernet ? frame : frame.subspan(kEthernetHeader), claim, packet);
    expected.ethernet = sf.ethernet;
    return expected;
}

Expected Oracle::give_back(View payload, const Cache::Claim& claim, const Packet& packet) const {
    const Header& header = claim.header;
    const Service& service = *header.service;
    if (exceeds(header.advanced.size() - 2 + payload.size(), mtu_out(service, header.ingress))) {
        return drop(SFC_REASON_too_big, &service);
    }
    if (service.decrement && packet.hops <= 1) {
        return drop(SFC_REASON_ttl, &service);
    }
    Expected expected;
    expected.verdict = Verdict::Restored;
    expected.service = &service;
    expected.egress = service.egress < 0 ? header.ingress : service.egress;
    expected.kind = packet.kind;
    const Mac zeros{};
    append(expected.bytes, service.egress < 0 ? header.source : service.next_hop);
    append(expected.bytes, zeros);
    append(expected.bytes, header.advanced);
    const std::size_t at = expected.bytes.size();
    append(expected.bytes, payload);
    if (service.inner != Inner::Ethernet) {
        limit_hops(std::span(expected.bytes).subspan(at),
                   std::min(service.decrement ? packet.hops - 1 : packet.hops, header.hops));
    }
    return expected;
}

} // namespace sfc::test::oracle
