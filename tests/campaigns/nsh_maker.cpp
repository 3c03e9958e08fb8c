// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "nsh_maker.h"

#include <algorithm>

#include "oracle_ethernet.h"
#include "oracle_nsh.h"

namespace sfc::test {
namespace {

using oracle::kEthernetHeader;

// RFC 8300 11.2.5, RFC 9452 4
constexpr std::uint8_t kIpv4 = 1, kIpv6 = 2, kEthernet = 3, kNsh = 4, kMpls = 5, kIoam = 6;
constexpr std::size_t kWord = 4, kBase = 8, kMd1 = 16;
constexpr std::uint32_t kUdp = 17, kFragmentHeader = 44, kOtherPort = 4789;
constexpr std::size_t kMostBehind = 60; // bytes of the headers behind the NSH, at most
constexpr std::uint32_t kFault = 48;    // one header in so many has a given fault

} // namespace

/// A carrier that the next hop of the service takes.
NshMaker::Carrier NshMaker::carrier() {
    constexpr std::array<Carrier, 6> kAll = {Link, Link, Tag, TwoTags, Gpe4, Gpe6};
    if (service_.tunnel && !fault(kFault)) {
        return oracle::is_ipv4(service_.tunnel->remote) ? Gpe4 : Gpe6;
    }
    const bool any = service_.egress < 0 || fault(kFault);
    return any ? random_.pick(kAll) : kAll[random_.below(4)];
}

const oracle::Address& NshMaker::own_address(bool ipv4) {
    return *std::find_if(world_.addresses.begin(), world_.addresses.end(),
                         [&](const oracle::Address& one) { return oracle::is_ipv4(one) == ipv4; });
}

void NshMaker::put_carrier(Carrier carrier) {
    Bytes& out = head_.bytes;
    out = Bytes(kEthernetHeader - 2);
    for (int tags = carrier == TwoTags ? 2 : carrier == Tag ? 1 : 0; tags > 0; tags--) {
        put16(out, tags == 2 || random_.one_in(4) ? 0x88a8 : 0x8100);
        mark();
        put16(out, random_.below(1 << 16));
    }
    put16(out, carrier == Gpe4 ? 0x0800 : carrier == Gpe6 ? 0x86dd : oracle::kNshType);
    mark();
    if (carrier == Gpe4) {
        put_ipv4();
        put_gpe();
    } else if (carrier == Gpe6) {
        put_ipv6();
        put_gpe();
    }
}

void NshMaker::put_ipv4() {
    Bytes& out = head_.bytes;
    const bool options = fault(kFault);
    const std::uint32_t flags = random_.one_in(2) ? 0x4000 : 0;
    put16(out, (options ? 0x4600U : 0x4500U) | random_.byte());
    put16(out, 100); // mended by close()
    mark();
    put16(out, random_.below(1 << 16));
    put16(out, flags | (fault(kFault) ? 0x2000 : 0));
    mark(1);
    put16(out, random_.below(256) << 8 | kUdp);
    put16(out, 0);
    put32(out, 0xc0000200 | random_.byte());
    out.insert(out.end(), own_address(true).begin() + 12, own_address(true).end());
    if (options) {
        put32(out, 0x01010101);
    }
}

void NshMaker::put_ipv6() {
    Bytes& out = head_.bytes;
    const bool fragment = fault(kFault);
    put32(out, 0x60000000 | random_.below(1 << 28));
    put16(out, 100);
    mark();
    put16(out, (fragment ? kFragmentHeader : kUdp) << 8 | random_.byte());
    put32(out, 0x20010db8);
    put32(out, 0);
    put32(out, 0);
    put32(out, random_.byte());
    put(out, own_address(false));
    if (fragment) {
        put32(out, kUdp << 24 | (random_.one_in(2) ? 1 : 0));
        put32(out, random_.below(1U << 31));
    }
}

/// UDP, with a checksum or without, and VXLAN-GPE.
void NshMaker::put_gpe() {
    Bytes& out = head_.bytes;
    put16(out, 0xc000 | random_.below(1 << 14));
    put16(out, fault(kFault) ? kOtherPort : oracle::kGpePort);
    put16(out, 80);
    mark();
    put16(out, random_.one_in(2) ? 0 : 1);
    out.push_back(0x0c | (random_.one_in(8) ? 0xc2 : 0)); // I and P; the others are not assigned
    mark();
    put16(out, random_.one_in(8) ? random_.below(1 << 16) : 0);
    out.push_back(kNsh);
    mark();
    put32(out, random_.below(1U << 31));
}

/// Bytes that may still be kept.
std::size_t NshMaker::room() const {
    return oracle::kNshRoom + (inside_ == Inside::Frame ? 0 : kEthernetHeader) - head_.bytes.size();
}

std::uint8_t NshMaker::packet_kind() const {
    return inside_ == Inside::Frame ? kEthernet : inside_ == Inside::Ipv6 ? kIpv6 : kIpv4;
}

/// RFC 8300 2.5.1: context headers, none to a few; the padding of each is zero.
Bytes NshMaker::contexts(std::size_t room) {
    Bytes out;
    for (std::uint32_t count = random_.below(4); count > 0; count--) {
        const std::uint32_t size = random_.below(random_.one_in(8) ? 128 : 21);
        const std::size_t padded = (size + kWord - 1) / kWord * kWord;
        if (out.size() + kWord + padded > room) {
            break;
        }
        put16(out, random_.below(1 << 16));
        out.push_back(random_.byte());
        out.push_back(static_cast<std::uint8_t>(size | (random_.one_in(8) ? 0x80 : 0)));
        random_.append(out, size);
        out.resize(out.size() + padded - size);
    }
    return out;
}

/// 2.2 to 2.5. Of a nested one nothing but version, MD type and length matters.
void NshMaker::put_nsh(std::uint32_t path, std::uint8_t next, bool nested) {
    Bytes& out = head_.bytes;
    const bool fixed = random_.one_in(2);
    Bytes context;
    if (fixed) {
        random_.append(context, kMd1);
    } else {
        const std::size_t most = room() - kBase - (nested ? 0 : kMostBehind);
        context = contexts(nested ? std::min<std::size_t>(most, 16) : fault(kFault / 4) ? 240 : most);
    }
    const auto words = static_cast<std::uint32_t>((kBase + context.size()) / kWord) & 63U;
    const std::uint32_t ttl = random_.one_in(4) ? random_.below(4) : random_.below(64);
    const bool dead = service_.forwarder && !nested && ttl == 1 && !fault(4);
    const std::uint32_t oam = fault(kFault) || (nested && random_.one_in(8)) ? 0x20000000U : 0;
    put32(out, (random_.one_in(8) ? 0x10000000U : 0) | oam | (dead ? 2 : ttl) << 22 | words << 16 |
                   (random_.one_in(8) ? random_.below(16) << 12 : 0) | (fixed ? 0x100U : 0x200U) | next);
    for (std::size_t ago = 0; ago < kWord; ago++) {
        mark(ago);
    }
    put32(out, path);
    mark();
    for (std::size_t at = 3; !fixed && at < context.size();) {
        head_.fields.push_back(out.size() + at);
        at += kWord + ((context[at] & 0x7fU) + kWord - 1) / kWord * kWord;
    }
    put(out, context);
}

/// Which headers stand between the NSH and the packet. Behind MPLS is IP alone.
std::vector<std::uint8_t> NshMaker::chain() {
    std::vector<std::uint8_t> list;
    for (std::uint32_t more = random_.one_in(4) ? 1 + random_.below(2) : 0; more > 0; more--) {
        list.push_back(random_.one_in(2) ? kNsh : kIoam);
    }
    if (random_.one_in(8) && (inside_ != Inside::Frame || fault(4))) {
        list.push_back(kMpls);
    }
    return list;
}

void NshMaker::put_behind(std::uint8_t which, std::uint8_t next) {
    Bytes& out = head_.bytes;
    if (which == kNsh) {
        put_nsh(random_.below(1U << 31), next, true);
    } else if (which == kIoam) { // RFC 9452 3
        const std::uint32_t words = 1 + random_.below(3);
        put32(out, random_.byte() << 24U | words << 16 | next);
        mark();
        mark(2);
        random_.append(out, (words - 1) * kWord);
    } else {
        for (std::uint32_t more = 1 + random_.below(3); more > 0; more--) {
            put32(out, (16 + random_.below(1 << 19)) << 12 | (more == 1 ? 0x100U : 0) | random_.byte());
            mark(1);
        }
    }
}

std::uint8_t NshMaker::index() {
    const std::vector<std::uint8_t>& list = service_.si;
    if (fault(kFault)) {
        return random_.byte();
    }
    if (list.empty()) {
        return static_cast<std::uint8_t>(odd_ ? random_.below(16) : 16 + random_.below(240));
    }
    return list[random_.below(static_cast<std::uint32_t>(list.size()))];
}

Head NshMaker::make() {
    put_carrier(carrier());
    const std::vector<std::uint8_t> list = chain();
    const std::uint32_t spi = fault(kFault) ? random_.below(1 << 24) : service_.spi;
    const auto next = [&](std::size_t at) { return at < list.size() ? list[at] : packet_kind(); };
    put_nsh(spi << 8 | index(), next(0), false);
    for (std::size_t at = 0; at < list.size(); at++) {
        put_behind(list[at], next(at + 1));
    }
    return std::move(head_);
}

} // namespace sfc::test
