// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/key_text.h"

#include <span>
#include <string_view>

#include <fmt/format.h>

namespace sfc {
namespace {

/// A kind of packet: its own fields, and which parts of a key it has besides.
struct Kind {
    std::string_view name;
    std::string_view fields;
    unsigned parts;
};

constexpr std::string_view kPortsOnly = "ports";
constexpr unsigned kContent = SFC_PART_DIGEST | SFC_PART_LENGTH;
constexpr Kind kKinds[] = {
    {"tcp", "ports, seq, ack, fin/syn/rst/psh, payload length", SFC_PART_IPV4_ID | SFC_PART_TCP_TIMESTAMPS},
    {"udp", kPortsOnly, SFC_PART_IPV4_ID | kContent},
    {"rtp", "ports, sequence number, timestamp, ssrc", SFC_PART_IPV4_ID | kContent},
    {"icmp, icmpv6", "type, code, rest of header", SFC_PART_IPV4_ID | kContent},
    {"sctp", "ports, tag, first chunk's type and tsn", SFC_PART_IPV4_ID | kContent},
    {"esp, ah", "spi, sequence number", SFC_PART_IPV4_ID | kContent},
    {"gre", "flags, protocol, key, sequence number", SFC_PART_IPV4_ID | kContent},
    {"fragment", "identification, offset, more fragments", kContent},
    {"other ip", "", SFC_PART_IPV4_ID | kContent},
};

std::string fields_of(const Kind& kind, unsigned parts) {
    const std::pair<unsigned, std::string> optional[] = {
        {SFC_PART_IPV4_ID, "ipv4 id"},
        {SFC_PART_TCP_TIMESTAMPS, "timestamps"},
        {SFC_PART_LENGTH, "payload length"},
        {SFC_PART_DIGEST, fmt::format("digest of {} payload bytes", +SFC_DIGEST_BYTES)}};
    std::string text(kind.fields);
    for (const auto& [part, name] : optional) {
        if ((parts & kind.parts & part) != 0) {
            text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
        }
    }
    // Nothing else of these differs from packet to packet.
    if (kind.fields.size() <= kPortsOnly.size() && (parts & SFC_PART_DIGEST) == 0) {
        text +=
            (parts & SFC_PART_IPV4_ID) != 0 ? " (with ipv4 id 0 and in ipv6 they look alike)" : " (they look alike)";
    }
    return text;
}

std::string ports_of(const sfc_sf& sf) {
    std::string text;
    for (const sfc_port_range& range : std::span(sf.rtp, sf.rtp_ranges)) {
        text += fmt::format("{}{}", text.empty() ? "" : ", ", range.first);
        text += range.last == range.first ? std::string() : fmt::format("-{}", range.last);
    }
    return text;
}

} // namespace

std::vector<std::pair<std::string, std::string>> key_texts(const sfc_sf& sf) {
    std::vector<std::pair<std::string, std::string>> texts{
        {"all", "return port, epoch, ip version, protocol, addresses"}};
    if (sf.ethernet != 0) {
        texts = {{"all", "return port, epoch, macs, vlan ids, ip version, protocol, addresses"},
                 {"not ip", fields_of({"", "ethertype", kContent}, sf.key_parts)}};
    }
    for (const Kind& kind : kKinds) {
        if (kind.name != "rtp") {
            texts.emplace_back(kind.name, fields_of(kind, sf.key_parts));
        } else if (sf.rtp_ranges != 0) {
            texts.emplace_back(fmt::format("rtp ({})", ports_of(sf)), fields_of(kind, sf.key_parts));
        }
    }
    return texts;
}

} // namespace sfc
