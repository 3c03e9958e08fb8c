// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "ethernet_maker.h"

#include <algorithm>

namespace sfc::test {
namespace {

/// What stands behind an EtherType, and the EtherType.
struct Content {
    std::uint32_t type = 0;
    Bytes bytes;
};

Bytes macs(Random& random) {
    return {0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(random.below(2)),
            0x02, 0, 0, 0, 1, static_cast<std::uint8_t>(random.below(2))};
}

Content of_ip(Bytes packet) {
    const bool ipv6 = packet[0] >> 4 == 6;
    return {ipv6 ? 0x86ddU : 0x0800U, std::move(packet)};
}

Content arp(Random& random) {
    constexpr std::array<std::uint8_t, 8> kRequest = {0, 1, 8, 0, 6, 4, 0, 1};
    Content out{0x0806, Bytes(28, static_cast<std::uint8_t>(random.below(16)))};
    std::copy(kRequest.begin(), kRequest.end(), out.bytes.begin());
    if (random.one_in(8)) {
        out.bytes.resize(random.below(28));
    }
    random.append(out.bytes, random.one_in(2) ? 18 : 0);
    return out;
}

Content llc(Random& random) {
    Content out{0, {0x42, 0x42, 0x03}};
    random.append(out.bytes, random.below(3));
    out.bytes.resize(out.bytes.size() + random.below(70));
    out.type = static_cast<std::uint32_t>(out.bytes.size());
    if (random.one_in(4)) {
        out.type = random.below(0x600);
    }
    out.bytes.resize(std::max<std::size_t>(out.bytes.size(), random.below(50)),
                     static_cast<std::uint8_t>(random.below(2)));
    return out;
}

Content any(Random& random) {
    constexpr std::array<std::uint32_t, 6> kTypes = {0x88cc, 0x888e, 0x8863, 0x22f0, 0x0600, 0x05ff};
    Content out{random.one_in(4) ? random.below(0x10000) : random.pick(kTypes), {}};
    out.bytes.resize(random.below(90), static_cast<std::uint8_t>(random.below(2)));
    random.append(out.bytes, random.below(3));
    return out;
}

Content sfc(Random& random) {
    Content out{random.one_in(2) ? 0x894fU : 0x8847U + random.below(2), {}};
    random.append(out.bytes, random.below(40));
    return out;
}

Content content(Random& random) {
    switch (random.below(16)) {
    case 0:
    case 1:
        return arp(random);
    case 2:
    case 3:
        return llc(random);
    case 4:
        return any(random);
    case 5:
        return random.one_in(4) ? sfc(random) : any(random);
    default:
        return of_ip(make_ip(random, random.one_in(2)));
    }
}

Content forged_content(Random& random) {
    switch (random.below(8)) {
    case 0:
    case 1:
        return sfc(random);
    case 2:
        return of_ip(make_steered(random));
    case 3: {
        const bool ipv6 = random.one_in(2);
        return of_ip(make_ip(random, ipv6, make_tunnel(random)));
    }
    case 4:
        return any(random);
    case 5:
        return arp(random);
    default:
        return of_ip(make_ip(random, random.one_in(2)));
    }
}

void prepend(Content& inner, Bytes header, std::uint32_t type) {
    put(header, inner.bytes);
    inner = {type, std::move(header)};
}

void tag(Content& inner, Random& random, std::uint32_t type) {
    Bytes header;
    put16(header, (random.below(16) << 12) + random.below(3));
    put16(header, inner.type);
    prepend(inner, std::move(header), type);
}

/// LLC and SNAP with organisation 0 (RFC 1042), mostly.
void snap(Content& inner, Random& random) {
    Bytes header = {0xaa, 0xaa, 0x03, 0, 0, static_cast<std::uint8_t>(random.one_in(8) ? 0xf8 : 0)};
    put16(header, inner.type);
    const std::size_t size = header.size() + inner.bytes.size();
    prepend(inner, std::move(header), static_cast<std::uint32_t>(random.one_in(8) ? random.below(0x600) : size));
}

void pppoe(Content& inner, Random& random) {
    Bytes header = {0x11, 0, 0, 1};
    put16(header, inner.bytes.size() + 2);
    const std::uint32_t ppp = inner.type == 0x0800   ? 0x21
                              : inner.type == 0x86dd ? 0x57
                              : inner.type == 0x8847 ? 0x281
                              : inner.type == 0x8848 ? 0x283
                                                     : random.below(0x300);
    put16(header, ppp);
    prepend(inner, std::move(header), 0x8864);
}

void backbone(Content& inner, Random& random) {
    Bytes header;
    random.append(header, 16);
    put16(header, inner.type);
    prepend(inner, std::move(header), 0x88e7);
}

void wrap(Content& inner, Random& random) {
    constexpr std::array<std::uint32_t, 4> kTags = {0x8100, 0x88a8, 0x9100, 0x9200};
    switch (random.below(8)) {
    case 0:
        return snap(inner, random);
    case 1:
        return pppoe(inner, random);
    case 2:
        return backbone(inner, random);
    default:
        return tag(inner, random, random.pick(kTags));
    }
}

Bytes frame(Random& random, const Content& payload) {
    Bytes out = macs(random);
    put16(out, payload.type);
    put(out, payload.bytes);
    return out;
}

} // namespace

Bytes make_ethernet(Random& random) {
    constexpr std::array<std::uint32_t, 6> kTags = {0x8100, 0x8100, 0x8100, 0x88a8, 0x88a8, 0x9100};
    Content payload = content(random);
    for (std::uint32_t tags = random.one_in(2) ? 0 : random.one_in(8) ? 3 : 1 + random.below(2); tags > 0; tags--) {
        tag(payload, random, random.pick(kTags));
    }
    if (random.one_in(32)) {
        wrap(payload, random);
    }
    Bytes out = frame(random, payload);
    if (random.one_in(2)) {
        out.resize(std::max<std::size_t>(out.size(), 60)); // padding to Ethernet's least
    }
    return out;
}

Bytes make_forged(Random& random) {
    Content payload = forged_content(random);
    for (std::uint32_t wrappers = random.below(7); wrappers > 0; wrappers--) {
        wrap(payload, random);
    }
    Bytes out = frame(random, payload);
    if (random.one_in(8)) {
        out.resize(std::max<std::size_t>(14, random.below(static_cast<std::uint32_t>(out.size()))));
    }
    return out;
}

} // namespace sfc::test
