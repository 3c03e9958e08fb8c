// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string_view>
#include <vector>

#include "oracle_bytes.h"
#include "oracle_world.h"
#include "sfc_reasons.h"

namespace sfc::test::oracle {

/// The rows of docs/keys.md, and what within a row has rules of its own.
enum class Kind {
    None,
    Tcp,
    Udp,
    Rtp,
    Icmp,
    Icmp6,
    Sctp,
    SctpChunk,
    Esp,
    Ah,
    Gre,
    GreOpaque, ///< another version, or with routing: only the first four bytes are known
    Fragment,
    Fragment6,
    Other,
    Arp,      ///< Ethernet frames from here on
    Llc,      ///< a length in place of the EtherType
    EtherType ///< any other EtherType
};

[[nodiscard]] std::string_view kind_name(Kind kind);
/// All kinds that a packet can be restored as, those in Ethernet frames as "ethernet ...".
[[nodiscard]] std::vector<std::string> kinds();

/// A packet as the oracle judges it.
struct Packet {
    sfc_reason fault = SFC_OK; ///< truncated, bad_inner, no_key
    bool steered = false;      ///< no_key, as there is a segment routing header or too many extension headers
    bool listed = false;       ///< there is a segment routing header, which its SF may see
    bool tunnel = false;       ///< may carry SFC
    Kind kind = Kind::None;
    unsigned version = 0;
    unsigned hops = 0;
    std::string key; ///< without the port that it comes back on
};

constexpr std::uint32_t kIpv4Type = 0x0800, kIpv6Type = 0x86dd;
constexpr unsigned kIpv4 = 1U << 4;
constexpr unsigned kIpv6 = 1U << 6;

/// `versions` is a set of kIpv4 and kIpv6. `link` is true where the traffic of a link has a key: in Ethernet frames.
[[nodiscard]] Packet judge_ip(View data, unsigned versions, const Sf& sf, bool link = false);
/// The same behind an EtherType, kIpv4Type or kIpv6Type, which says what version it must be.
[[nodiscard]] Packet judge_ip_of_type(View data, std::uint32_t ethertype, const Sf& sf, bool link = false);

} // namespace sfc::test::oracle
