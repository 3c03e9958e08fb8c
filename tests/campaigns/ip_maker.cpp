// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "ip_maker.h"

#include <vector>

namespace sfc::test {
namespace {

constexpr std::uint8_t kRouting = 43, kFragment = 44;

/// Offset, flags: mostly none or "don't fragment".
std::uint16_t fragment_word(Random& random) {
    constexpr std::array<std::uint16_t, 8> kWords = {0x2000, 0x2001, 0x0001, 0x6000, 0x8000, 0xc000, 0x1fff, 0x0010};
    return random.one_in(6) ? random.pick(kWords) : random.one_in(2) ? 0x4000 : 0;
}

Bytes ipv4(Random& random, const Transport& transport) {
    const std::uint32_t options = random.one_in(4) ? random.below(11) : 0;
    Bytes out = {static_cast<std::uint8_t>(0x45 + options), random.byte()};
    put16(out, 20 + std::size_t{4} * options + transport.bytes.size());
    put16(out, random.one_in(2) ? random.below(4) : 0x0100 + random.below(64));
    put16(out, fragment_word(random));
    out.insert(out.end(), {static_cast<std::uint8_t>(random.one_in(16) ? random.below(3) : 64), transport.protocol});
    random.append(out, 2);
    out.insert(out.end(), {192, 0, 2, static_cast<std::uint8_t>(random.below(2)), 198, 51, 100,
                           static_cast<std::uint8_t>(random.below(2))});
    random.append(out, std::size_t{4} * options);
    put(out, transport.bytes);
    return out;
}

std::vector<std::uint8_t> extension_kinds(Random& random) {
    constexpr std::array<std::uint8_t, 6> kKinds = {0, kRouting, 60, 60, kFragment, 0};
    const std::uint32_t count = random.one_in(2) ? 0 : random.one_in(8) ? 7 + random.below(5) : 1 + random.below(3);
    std::vector<std::uint8_t> kinds;
    for (std::uint32_t i = 0; i < count; i++) {
        kinds.push_back(random.pick(kKinds));
        if (count > 6 && kinds.back() == kFragment && !random.one_in(4)) {
            kinds.back() = 60;
        }
    }
    return kinds;
}

/// Most fit: lengths in units of eight bytes behind the first eight.
void put_extension(Bytes& out, Random& random, std::uint8_t kind, std::uint8_t next) {
    constexpr std::array<std::uint8_t, 8> kRoutingTypes = {0, 2, 2, 0, 2, 3, 0, 4};
    constexpr std::array<std::uint16_t, 8> kWords = {0, 1, 8, 9, 0, 6, 0xfff8, 1};
    out.push_back(next);
    if (kind == kFragment) {
        out.push_back(random.byte());
        put16(out, random.pick(kWords));
        put32(out, random.below(64));
        return;
    }
    const std::uint32_t more = random.one_in(4) ? random.below(3) : 0;
    out.push_back(random.one_in(24) ? random.byte() : static_cast<std::uint8_t>(more));
    out.push_back(kind == kRouting ? random.pick(kRoutingTypes) : random.byte());
    random.append(out, 5 + std::size_t{8} * more);
}

Bytes ipv6(Random& random, const Transport& transport, std::vector<std::uint8_t> kinds) {
    kinds.push_back(transport.protocol);
    Bytes chain;
    for (std::size_t i = 0; i + 1 < kinds.size(); i++) {
        put_extension(chain, random, kinds[i], kinds[i + 1]);
    }
    put(chain, transport.bytes);
    if (random.one_in(32)) {
        chain.resize(random.below(static_cast<std::uint32_t>(chain.size() + 1))); // headers that do not fit
    }
    Bytes out = {static_cast<std::uint8_t>(0x60 + random.below(16)), random.byte(), random.byte(), random.byte()};
    put16(out, chain.size());
    out.insert(out.end(), {kinds[0], static_cast<std::uint8_t>(random.one_in(16) ? random.below(3) : 64)});
    for (int address = 0; address < 2; address++) {
        out.insert(out.end(), {0x20, 0x01, 0x0d, 0xb8});
        out.resize(out.size() + 11);
        out.push_back(static_cast<std::uint8_t>(random.below(2)));
    }
    put(out, chain);
    return out;
}

} // namespace

Bytes make_ip(Random& random, bool want_ipv6) {
    return make_ip(random, want_ipv6, make_transport(random, want_ipv6));
}

Bytes make_ip(Random& random, bool want_ipv6, const Transport& transport) {
    return want_ipv6 ? ipv6(random, transport, extension_kinds(random)) : ipv4(random, transport);
}

Bytes make_steered(Random& random) {
    std::vector<std::uint8_t> kinds = extension_kinds(random);
    kinds.push_back(kRouting);
    const Transport plain = {17, {0, 1, 0, 2, 0, 8, 0, 0}};
    Bytes out = ipv6(random, random.one_in(2) ? make_transport(random, true) : plain, kinds);
    std::uint8_t next = out[6];
    for (std::size_t at = 40;
         at + 8 <= out.size() && (next == 0 || next == kRouting || next == 60 || next == kFragment);) {
        const bool fragment = next == kFragment;
        if (next == kRouting) {
            out[at + 2] = 4;
        }
        next = out[at];
        at += fragment ? 8 : (out[at + 1] + 1U) * 8;
    }
    return out;
}

} // namespace sfc::test
