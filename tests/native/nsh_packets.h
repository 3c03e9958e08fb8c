// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// NSH by hand, and what may carry it or stand behind it (docs/nsh.md).
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include <linux/if_ether.h>

#include "packet.h"

namespace sfc::test {

constexpr std::uint16_t kNsh = 0x894f, kGpePort = 4790;
enum NextProtocol : std::uint8_t { kIpv4 = 1, kIpv6, kEthernet, kNested, kMpls, kIoam };

struct Nsh {
    std::uint32_t spi = 1;
    std::uint8_t si = 7;
    std::uint8_t next = kIpv4;
    std::uint8_t md = 1;
    std::uint8_t ttl = 63;
    std::uint8_t version = 0;
    bool oam = false;
    Bytes context = Bytes(16, 0xa5);
    std::optional<std::uint8_t> words{}; ///< that the length says, where it lies
};

inline Bytes word(std::uint32_t value) {
    return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
            static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

inline Bytes join(std::initializer_list<Bytes> parts) {
    Bytes all;
    for (const Bytes& part : parts) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

inline Bytes nsh(const Nsh& with, const Bytes& behind) {
    const std::uint32_t words = with.words.value_or(static_cast<std::uint8_t>(2 + with.context.size() / 4));
    const std::uint32_t base = std::uint32_t{with.version} << 30 | std::uint32_t{with.oam} << 29 |
                               std::uint32_t{with.ttl} << 22 | words << 16 | std::uint32_t{with.md} << 8 | with.next;
    return join({word(base), word(with.spi << 8 | with.si), with.context, behind});
}

/// A context header of MD type 2, padded to words.
inline Bytes tlv(std::size_t size, std::optional<std::uint8_t> length = {}) {
    Bytes all = {0x01, 0x23, 0x01, length.value_or(static_cast<std::uint8_t>(size))};
    all.resize(4 + (size + 3) / 4 * 4, 0x5a);
    return all;
}

inline Bytes ether(std::uint16_t type, const Bytes& behind) {
    Bytes macs = ethernet();
    macs.resize(ETH_HLEN - 2);
    return join({macs, {static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type)}, behind});
}

/// The control information and EtherType behind the EtherType of a tag.
inline Bytes tag(std::uint16_t type) {
    return word(0x60230000U | type);
}

struct Outer {
    bool six = false;
    std::uint8_t flags = 0x0c, next = 4; ///< of VXLAN-GPE
    std::uint16_t port = kGpePort;
    Ipv4 ip{.ttl = 9};
};

/// To an address of this host, in VXLAN-GPE.
inline Bytes gpe(const Bytes& inside, const Outer& outer = {}) {
    const Bytes all = join({{outer.flags, 0, 0, outer.next, 0, 0xab, 0xcd, 0}, inside});
    const std::string_view text(reinterpret_cast<const char*>(all.data()), all.size());
    const Ports ports = {.from = 50001, .to = outer.port};
    return outer.six ? Bytes(ethernet() / ipv6({.hops = 9}) / udp(ports) / payload(text))
                     : Bytes(ethernet() / ipv4(outer.ip) / udp(ports) / payload(text));
}

inline Bytes inner4(std::string_view text = "payload") {
    return without_ethernet(plain_udp({.payload = text}));
}

inline Bytes inner6() {
    return without_ethernet(Bytes(ethernet() / ipv6() / udp() / payload("payload")));
}

} // namespace sfc::test
