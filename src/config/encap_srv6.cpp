// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SRv6: a service matches a SID, or the prefix that all arguments of a SID have in common.
#include <bit>
#include <cstring>

#include <arpa/inet.h>
#include <endian.h>
#include <netinet/ip6.h>

#include <fmt/format.h>

#include "config/encapsulation.h"
#include "config/messages.h"

namespace sfc {
namespace {

constexpr std::array<std::string_view, 4> kMatchKeys = {"sid", "behaviour", "lblen", "nflen"};
constexpr std::array<std::string_view, 2> kSettingKeys = {"header", "cache"};
constexpr std::array<std::string_view, 3> kBehaviours = {"ad", "as", "am"};
constexpr std::size_t kIpv6 = sizeof(ip6_hdr), kSegment = sizeof(in6_addr), kSrh = 8;
constexpr std::size_t kSegmentsMost = (SFC_HEADER_MAX - kIpv6 - kSrh) / kSegment;
constexpr unsigned kHopLimit = 64;   ///< RFC 1700: the proxy sends the packet anew
constexpr unsigned kSrhType = 4;     ///< RFC 8754 2
constexpr unsigned kClassMost = 255; ///< RFC 8200 7
constexpr unsigned kBits = 128, kWordBits = 64;
constexpr unsigned kOctet = 8;
constexpr unsigned kLengthMost = kBits - kOctet; ///< of a locator block, or of what stands behind it

using Words = std::array<std::uint64_t, 2>;

/// Bits from the front.
Words prefix_mask(unsigned bits) {
    const auto word = [](unsigned of) { return of == 0 ? 0 : ~std::uint64_t{} << (kWordBits - of); };
    return {word(std::min(bits, kWordBits)), word(bits - std::min(bits, kWordBits))};
}

struct Prefix {
    Words address{};
    unsigned length = kBits;
};

Prefix read_prefix(const YamlValue& sid) {
    const std::string text = sid.text();
    const std::size_t slash = text.find('/');
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    Prefix prefix;
    if (inet_pton(AF_INET6, text.substr(0, slash).c_str(), bytes.data()) != 1 || bytes.front() == UINT8_MAX) {
        throw sid.error(msg::bad_sid(text));
    }
    if (slash != std::string::npos) {
        const std::string length = text.substr(slash + 1);
        if (length.empty() || length.size() > 3 || length.find_first_not_of("0123456789") != std::string::npos ||
            std::stoul(length) == 0 || std::stoul(length) > kBits) {
            throw sid.error(msg::bad_sid(text));
        }
        prefix.length = std::stoul(length);
    }
    std::memcpy(prefix.address.data(), bytes.data(), bytes.size());
    for (std::uint64_t& word : prefix.address) {
        word = be64toh(word);
    }
    const Words mask = prefix_mask(prefix.length);
    if ((prefix.address[0] & ~mask[0]) != 0 || (prefix.address[1] & ~mask[1]) != 0) {
        throw sid.error(msg::sid_beyond_prefix(text, prefix.length));
    }
    return prefix;
}

unsigned read_length(const YamlValue& value) {
    const std::string text = value.text();
    const bool number = !text.empty() && text.size() <= 3 && text.find_first_not_of("0123456789") == std::string::npos;
    const unsigned bits = number ? std::stoul(text) : 0;
    if (bits < kOctet || bits > kLengthMost || bits % kOctet != 0) {
        throw value.error(msg::bad_octets(text, kOctet, kLengthMost));
    }
    return bits;
}

/// RFC 9800 4.1: the prefix is all of locator block, locator node and function, and what stands behind is the argument.
/// One of the two lengths gives the other one.
void read_compressed(const YamlMap& match, unsigned prefix, MatchConfig& config) {
    const auto lblen = match.optional("lblen"), nflen = match.optional("nflen");
    if (!lblen && !nflen) {
        return;
    }
    const YamlValue& given = lblen ? *lblen : *nflen;
    const unsigned one = read_length(given), block = lblen ? one : prefix - std::min(one, prefix);
    const unsigned function = nflen ? read_length(*nflen) : prefix - std::min(one, prefix);
    if (block + function != prefix || block == 0 || function == 0 || block % kOctet != 0 || function % kOctet != 0 ||
        prefix == kBits) {
        throw given.error(msg::csid_prefix(prefix, kOctet));
    }
    if (config.behaviour == "am") {
        throw given.error(msg::am_takes_no_csid());
    }
    config.sid_block = block / kOctet;
    config.sid_function = function / kOctet;
}

void read_match(const YamlMap& match, MatchConfig& config) {
    const YamlValue sid = match.required("sid");
    const Prefix prefix = read_prefix(sid);
    const Words mask = prefix_mask(prefix.length);
    config.at = sid.at();
    const auto behaviour = match.optional("behaviour");
    config.behaviour = kBehaviours.at(behaviour ? behaviour->choice(kBehaviours) : 0);
    read_compressed(match, prefix.length, config);
    config.values.push_back({.value = prefix.address, .mask = {{mask[0], mask[1]}}, .text = msg::sid(sid.text())});
}

std::string text_of(const MatchValue& value) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const Words bytes = {htobe64(value.value[0]), htobe64(value.value[1])};
    const int length = std::popcount(value.mask.word[0]) + std::popcount(value.mask.word[1]);
    inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
    return length == kBits ? std::string(text.data()) : fmt::format("{}/{}", text.data(), length);
}

Shown show_match(const MatchConfig& config) {
    Shown shown{{"sid", text_of(config.values.front())}, {"behaviour", config.behaviour}};
    if (config.sid_function != 0) {
        shown.emplace_back("lblen", std::uint64_t{config.sid_block} * kOctet);
        shown.emplace_back("nflen", std::uint64_t{config.sid_function} * kOctet);
    }
    return shown;
}

struct StaticHeader {
    std::string source;
    std::vector<std::string> segments; ///< the first one to visit comes first
    unsigned traffic_class = 0;
};

std::string read_address(const YamlValue& value) {
    const std::string text = value.text();
    in6_addr address{};
    if (inet_pton(AF_INET6, text.c_str(), &address) != 1) {
        throw value.error(msg::needs_ipv6(text));
    }
    return value.ip();
}

StaticHeader read_header(const YamlValue& value) {
    const YamlMap map(value, {"source", "segments", "traffic_class"});
    StaticHeader header{.source = read_address(map.required("source")), .segments = {}};
    const YamlValue segments = map.required("segments");
    for (const YamlValue& segment : segments.items()) {
        header.segments.push_back(read_address(segment));
    }
    if (header.segments.empty() || header.segments.size() > kSegmentsMost) {
        throw segments.error(msg::bad_segments(header.segments.size(), kSegmentsMost));
    }
    if (const auto traffic_class = map.optional("traffic_class")) {
        header.traffic_class = traffic_class->number(0, kClassMost);
    }
    return header;
}

/// RFC 8986 5.1: one segment needs no segment routing header. The list begins with the last segment (RFC 8754 2).
sfc_fixed_header fixed_header(const StaticHeader& from) {
    sfc_fixed_header fixed{};
    auto* bytes = reinterpret_cast<unsigned char*>(fixed.word);
    const std::size_t segments = from.segments.size(), last = segments - 1;
    ip6_hdr outer{};
    outer.ip6_flow = htonl(6U << 28 | from.traffic_class << 20);
    outer.ip6_nxt = IPPROTO_ROUTING;
    outer.ip6_hlim = kHopLimit;
    inet_pton(AF_INET6, from.source.c_str(), &outer.ip6_src);
    inet_pton(AF_INET6, from.segments.front().c_str(), &outer.ip6_dst);
    std::memcpy(bytes, &outer, sizeof(outer));
    fixed.len = kIpv6;
    fixed.next = offsetof(ip6_hdr, ip6_nxt);
    if (segments > 1) {
        const std::array<unsigned char, kSrh> srh = {0,
                                                     static_cast<unsigned char>(2 * segments),
                                                     kSrhType,
                                                     static_cast<unsigned char>(last),
                                                     static_cast<unsigned char>(last),
                                                     0,
                                                     0,
                                                     0};
        std::memcpy(bytes + kIpv6, srh.data(), srh.size());
        for (std::size_t n = 0; n < segments; n++) {
            inet_pton(AF_INET6, from.segments.at(last - n).c_str(), bytes + kIpv6 + kSrh + n * kSegment);
        }
        fixed.next = kIpv6;
        fixed.len += kSrh + segments * kSegment;
    }
    return fixed;
}

void read_settings(const YamlMap& service, ServiceConfig& config) {
    const auto header = service.optional("header");
    if (const auto cache = service.optional("cache"); cache && cache->choice({"each", "last"}) == 1) {
        if (config.match.behaviour != "ad") {
            throw cache->error(msg::last_needs_ad(config.name, config.match.behaviour));
        }
        config.options |= SFC_OPTION_LAST;
        config.last_at = cache->at();
    }
    if (config.match.behaviour == "am") {
        if (config.inner != SFC_INNER_IP) {
            throw service.required("inner").error(msg::am_takes_no(config.name, "inner"));
        }
        if (const auto ttl = service.optional("inner_ttl")) {
            throw ttl->error(msg::am_takes_no(config.name, "inner_ttl"));
        }
        config.options |= SFC_OPTION_MASQUERADE;
        config.inner_ttl = SFC_INNER_TTL_KEEP; // its hop limit is the one that End.AM counts
    }
    const bool is_static = config.match.behaviour == "as";
    if (header && !is_static) {
        throw header->error(msg::header_needs_as(config.name, config.match.behaviour));
    }
    if (!is_static) {
        return;
    }
    if (!header) {
        throw service.error(msg::as_needs_header(config.name));
    }
    config.fixed = fixed_header(read_header(*header));
    config.options |= SFC_OPTION_STATIC;
}

std::string address_text(const unsigned char* at) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return inet_ntop(AF_INET6, at, text.data(), text.size());
}

Shown show_settings(const ServiceConfig& config) {
    if (!config.fixed) {
        return config.match.behaviour == "ad"
                   ? Shown{{"cache", std::string((config.options & SFC_OPTION_LAST) != 0 ? "last" : "each")}}
                   : Shown{};
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(config.fixed->word);
    std::string segments;
    for (std::size_t end = config.fixed->len; end > kIpv6 + kSrh; end -= kSegment) {
        segments += (segments.empty() ? "" : ", ") + address_text(bytes + end - kSegment);
    }
    ip6_hdr outer{};
    std::memcpy(&outer, bytes, sizeof(outer));
    return {{"source", address_text(outer.ip6_src.s6_addr)},
            {"segments", segments.empty() ? address_text(outer.ip6_dst.s6_addr) : segments},
            {"traffic_class", std::uint64_t{ntohl(outer.ip6_flow) >> 20 & kClassMost}}};
}

} // namespace

const Encapsulation encap_srv6 = {
    .match_keys = kMatchKeys,
    .setting_keys = kSettingKeys,
    .udp_port_key = {},
    .header_max = SFC_HEADER_MAX,
    .inner_ttl = SFC_INNER_TTL_DECREMENT,
    .may_bypass = true,
    .read_match = read_match,
    .show_match = show_match,
    .read_settings = read_settings,
    .show_settings = show_settings,
};

} // namespace sfc
