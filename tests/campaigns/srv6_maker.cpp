// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "srv6_maker.h"

#include <algorithm>

#include "oracle_ethernet.h"
#include "oracle_srv6.h"

namespace sfc::test {
namespace {

using oracle::Address;

constexpr std::size_t kIpv6Bytes = 40, kUnit = 8, kSegment = 16, kSrhBytes = 8, kHmacBytes = 40;
constexpr std::uint32_t kFault = 48;      // one header in so many has a given fault
constexpr std::uint32_t kMostListed = 10; // segments, docs/srv6.md "Configuration"
constexpr unsigned kBits = 128;

} // namespace

std::size_t srh_at(oracle::View head, std::size_t& last) {
    std::size_t found = 0;
    last = oracle::kEthernetHeader + 6; // RFC 8200 3
    for (std::size_t at = oracle::kEthernetHeader + kIpv6Bytes; at < head.size();) {
        const bool srh = head[last] == oracle::kRouting && head[at + 2] == oracle::kSrh && head[at + 3] != 0;
        found = srh && found == 0 ? at : found;
        last = at;
        at += kUnit * (head[at + 1] + std::size_t{1});
    }
    return found;
}

/// Bytes that may still be kept.
std::size_t Srv6Maker::room() const {
    std::size_t taken = kIpv6Bytes + (inside_ == Inside::Frame ? oracle::kEthernetHeader : 0);
    for (const Part& part : parts_) {
        taken += part.bytes.size();
    }
    return oracle::kSrv6Room - std::min(taken, oracle::kSrv6Room);
}

std::uint8_t Srv6Maker::upper_layer() {
    constexpr std::array<std::uint8_t, 8> kOthers = {6, 17, 58, 59, 4, 41, 143, 50};
    if (fault(12)) {
        return random_.pick(kOthers);
    }
    return inside_ == Inside::Frame  ? oracle::kFrameInside
           : inside_ == Inside::Ipv6 ? oracle::kIpv6Inside
                                     : oracle::kIpv4Inside;
}

/// Each segment of a container that is passed takes one.
std::uint8_t Srv6Maker::hop_limit() {
    return static_cast<std::uint8_t>(fault(kFault / 4) ? random_.below(4) : 32 + random_.below(224));
}

Address Srv6Maker::any_address() {
    Address address = {0x20, 1, 0x0d, 0xb8, 0, 1};
    address[15] = random_.byte();
    return address;
}

/// Of a list: mostly another node's, now and then one that is served here.
Address Srv6Maker::segment() {
    if (!random_.one_in(8)) {
        return any_address();
    }
    const oracle::Service& one = world_.services[random_.below(static_cast<std::uint32_t>(world_.services.size()))];
    return one.encap == oracle::Encapsulation::Srv6 ? one.sid.address : any_address();
}

/// RFC 9800 4.1: `more` C-SIDs stand behind the one of the service, a few times that one itself.
Address Srv6Maker::destination(bool more) {
    const oracle::Sid& sid = service_.sid;
    Address to = sid.address;
    if (sid.function == 0) {
        return to;
    }
    const unsigned behind = sid.block + sid.function;
    Address argument{};
    bool again = random_.one_in(6); // not the last one, or the container would end here
    for (unsigned at = 0; more && at + sid.function <= kBits - behind; at += sid.function) {
        Address next{};
        next[sid.function / 8 - 1] = static_cast<std::uint8_t>(1 + random_.below(255));
        oracle::copy_bits(argument, at, again ? sid.address : next, again ? sid.block : 0, sid.function);
        if (!again && random_.one_in(3)) {
            break;
        }
        again = false;
    }
    oracle::copy_bits(to, behind, argument, 0, kBits - behind);
    return to;
}

/// RFC 8200 4.2: options that nobody must know, or padding.
void Srv6Maker::put_options(std::uint8_t kind) {
    const std::uint32_t more = random_.one_in(4) ? random_.below(3) : 0;
    Bytes out = {0, static_cast<std::uint8_t>(more), static_cast<std::uint8_t>(random_.one_in(2) ? 1 : 0x1e),
                 static_cast<std::uint8_t>(4 + kUnit * more)};
    random_.append(out, 4 + kUnit * more);
    parts_.push_back({.kind = kind, .bytes = out, .fields = {0, 1}});
}

void Srv6Maker::put_routing(std::uint8_t type, std::uint8_t left) {
    Bytes out = {0, 0, type, left};
    random_.append(out, 4);
    parts_.push_back({.kind = oracle::kRouting, .bytes = out, .fields = {0, 1, 2, 3}});
}

/// RFC 8754 2.1: padding, an HMAC, or any; units of eight bytes.
Bytes Srv6Maker::tlvs(std::size_t most) {
    constexpr std::uint8_t kPadN = 4, kHmac = 5;
    Bytes out;
    most = most / kUnit * kUnit;
    if (most >= kHmacBytes && random_.one_in(2)) {
        put16(out, kHmac << 8 | (kHmacBytes - 2));
        random_.append(out, kHmacBytes - 2);
    } else if (most >= kUnit && random_.one_in(2)) {
        const std::uint32_t longest = static_cast<std::uint32_t>(std::min(most, kHmacBytes)) - 2;
        const auto size = static_cast<std::uint8_t>(random_.below(longest + 1));
        out = {static_cast<std::uint8_t>(6 + random_.below(250)), size};
        random_.append(out, size);
    }
    const std::size_t gap = (kUnit - out.size() % kUnit) % kUnit;
    if (gap >= 2 && random_.one_in(2)) {
        put16(out, kPadN << 8U | (gap - 2));
        out.resize(out.size() + gap - 2);
    }
    out.resize((out.size() + kUnit - 1) / kUnit * kUnit); // Pad1
    if (out.size() + kUnit <= most && random_.one_in(8)) {
        out.resize(out.size() + kUnit);
    }
    return out;
}

/// RFC 8754 2, and 4.1.1 for one that does not have its active segment. `ends`: no segment is left.
void Srv6Maker::put_srh(const Address& active, bool ends) {
    const auto most = std::min<std::uint32_t>(kMostListed, static_cast<std::uint32_t>((room() - kSrhBytes) / kSegment));
    const std::uint32_t count =
        fault(kFault) ? most + 1 : 1 + random_.below(random_.one_in(3) ? most : std::min(most, 3U));
    const std::uint32_t left = ends ? 0 : 1 + random_.below(count);
    Bytes out = {0,
                 0,
                 oracle::kSrh,
                 static_cast<std::uint8_t>(left),
                 static_cast<std::uint8_t>(count - 1),
                 static_cast<std::uint8_t>(random_.one_in(8) ? random_.byte() : 0)};
    put16(out, random_.one_in(2) ? 0 : random_.below(1 << 16));
    for (std::uint32_t n = 0; n < count; n++) {
        put(out, n == left ? active : segment());
    }
    Part part{.kind = oracle::kRouting, .bytes = {}, .fields = {0, 1, 2, 3, 4}};
    const std::size_t first = out.size();
    if (random_.one_in(2) && first < room()) {
        put(out, tlvs(room() - first));
    }
    for (std::size_t at = first; at < out.size(); at += out[at] == 0 ? 1 : std::size_t{2} + out[at + 1]) {
        part.fields.push_back(at);
        part.fields.push_back(std::min(at + 1, out.size() - 1));
    }
    out[1] = static_cast<std::uint8_t>(out.size() / kUnit - 1);
    part.bytes = std::move(out);
    parts_.push_back(std::move(part));
}

/// RFC 8200 4.1 recommends this order. A fault puts a Fragment header anywhere, or more headers than are read.
void Srv6Maker::put_parts(const Address& to, bool srh, bool ends) {
    if (random_.one_in(6)) {
        put_options(oracle::kHopByHop);
    }
    for (std::uint32_t more = random_.one_in(4) ? 1 + random_.below(fault(8) ? 9 : 2) : 0; more > 0; more--) {
        random_.one_in(6) ? put_routing(random_.one_in(2) ? 0 : oracle::kSrh, 0) : put_options(oracle::kDestination);
    }
    if (srh && room() >= kSrhBytes + kSegment) {
        put_srh(to, ends);
    }
    if (random_.one_in(8) && room() >= 3 * kUnit) {
        put_options(oracle::kDestination);
    }
    if (fault(kFault)) {
        put_routing(random_.byte(), static_cast<std::uint8_t>(random_.below(3)));
    }
    if (fault(kFault)) {
        parts_.push_back({.kind = oracle::kFragmentation, .bytes = Bytes(kUnit), .fields = {0}});
    }
}

Head Srv6Maker::join(const Address& to) {
    Head head{.bytes = Bytes(oracle::kEthernetHeader - 2), .fields = {}};
    Bytes& out = head.bytes;
    const auto mark = [&] { head.fields.push_back(out.size() - 1); };
    put16(out, oracle::kIpv6Type);
    mark();
    put32(out, 0x60000000 | random_.below(1 << 28));
    put16(out, 100); // mended by close()
    mark();
    const std::uint8_t upper = upper_layer();
    out.push_back(parts_.empty() ? upper : parts_[0].kind);
    mark();
    out.push_back(hop_limit());
    mark();
    put(out, any_address());
    put(out, to);
    for (std::size_t ago = 1; ago <= kSegment; ago++) {
        head.fields.push_back(out.size() - ago);
    }
    for (std::size_t n = 0; n < parts_.size(); n++) {
        parts_[n].bytes[0] = n + 1 < parts_.size() ? parts_[n + 1].kind : upper;
        std::transform(parts_[n].fields.begin(), parts_[n].fields.end(), std::back_inserter(head.fields),
                       [&](std::size_t at) { return out.size() + at; });
        put(out, parts_[n].bytes);
    }
    return head;
}

Head Srv6Maker::make() {
    const bool compressed = service_.sid.function != 0, fixed = service_.sid.fixed;
    const bool more = compressed && !random_.one_in(4);     // the container goes on
    const bool bare = (fixed || more) && random_.one_in(2); // nothing needs a next segment of a list
    const bool ends = (fixed || more) && random_.one_in(4);
    const Address to = destination(more);
    put_parts(to, !(bare || fault(kFault)), ends || fault(kFault));
    return join(to);
}

} // namespace sfc::test
