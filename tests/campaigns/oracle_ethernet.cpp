// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "oracle_ethernet.h"

#include <optional>

#include "oracle_l4.h"

namespace sfc::test::oracle {
namespace {

constexpr std::uint32_t kArp = 0x0806;
constexpr std::size_t kTypeAt = 12;
constexpr std::size_t kMacs = 12;
constexpr std::size_t kTagsMost = 2;
constexpr std::size_t kArpBytes = 28;
constexpr std::size_t kPayloadLeast = 46;
constexpr std::size_t kWrappersMost = 4;

bool is_sfc(std::uint32_t type) {
    return type == 0x8847 || type == 0x8848 || type == 0x894f;
}

/// A frame of no IP: EtherType, length and digest.
void judge_other(View payload, std::uint32_t type, const Sf& sf, Packet& packet, KeyBytes& key) {
    std::size_t length = std::max(payload.size(), kPayloadLeast);
    packet.kind = Kind::EtherType;
    if (type == kArp) {
        packet.kind = Kind::Arp;
        length = payload.size() >= kArpBytes ? kArpBytes : length;
    } else if (type < 0x0600) {
        packet.kind = Kind::Llc;
        length = type <= payload.size() ? type : length;
    }
    std::array<std::uint8_t, kDigest> seen{};
    std::copy_n(payload.begin(), std::min({payload.size(), length, kDigest}), seen.begin());
    put_payload(key.number(type), View(seen).first(std::min(length, kDigest)), length, sf);
}

/// One wrapper: where the next EtherType or packet begins, and what it is. The types are those of Ethernet; those of
/// PPP are translated.
struct Layer {
    std::uint32_t type = 0;
    std::size_t at = 0; ///< of what the type names
};

std::optional<Layer> ethertype_at(View frame, std::size_t at) {
    if (frame.size() < at + 2) {
        return std::nullopt;
    }
    return Layer{u16(frame, at), at + 2};
}

/// PPPoE session (RFC 2516 4): six bytes, then the protocol of PPP (RFC 1661 2, 2472, 3032 4.3).
std::optional<Layer> behind_pppoe(View frame, std::size_t at) {
    const auto ppp = ethertype_at(frame, at + 6);
    if (!ppp) {
        return std::nullopt;
    }
    switch (ppp->type) {
    case 0x0021:
        return Layer{kIpv4Type, ppp->at};
    case 0x0057:
        return Layer{kIpv6Type, ppp->at};
    case 0x0281:
    case 0x0283:
        return Layer{0x8847, ppp->at};
    default:
        return std::nullopt;
    }
}

/// At the limit any LLC counts: what it holds is not looked at any more.
bool is_wrapper(View frame, const Layer& layer, std::size_t depth) {
    constexpr std::array<std::uint32_t, 6> kTypes = {0x8100, 0x88a8, 0x9100, 0x9200, 0x8864, 0x88e7};
    constexpr std::array<std::uint8_t, 3> kSnap = {0xaa, 0xaa, 0x03};
    const View rest = behind(frame, layer.at);
    return std::find(kTypes.begin(), kTypes.end(), layer.type) != kTypes.end() ||
           (layer.type < 0x0600 &&
            (depth == kWrappersMost || (rest.size() >= 3 && std::equal(kSnap.begin(), kSnap.end(), rest.begin()))));
}

std::optional<Layer> unwrap(View frame, const Layer& layer) {
    if (layer.type < 0x0600) {
        return ethertype_at(frame, layer.at + 6); // LLC, and the organisation of SNAP
    }
    if (layer.type == 0x8864) {
        return behind_pppoe(frame, layer.at);
    }
    return ethertype_at(frame, layer.at + (layer.type == 0x88e7 ? 16 : 2)); // 802.1ah: service tag and MACs
}

} // namespace

Packet judge_ethernet(View frame, const Sf& sf) {
    Packet packet;
    if (frame.size() < kEthernetHeader) {
        packet.fault = SFC_REASON_truncated;
        return packet;
    }
    KeyBytes key;
    key.bytes(frame.first(kMacs));
    std::size_t at = kTypeAt;
    std::array<std::uint32_t, kTagsMost> tags{};
    for (std::uint32_t& tag : tags) {
        const std::uint32_t type = u16(frame, at);
        if (type != 0x8100 && type != 0x88a8) {
            break;
        }
        if (frame.size() < at + 6) {
            packet.fault = SFC_REASON_truncated;
            return packet;
        }
        tag = u16(frame, at + 2) & 0xfff;
        at += 4;
    }
    key.number(tags[0]).number(tags[1]);
    const std::uint32_t type = u16(frame, at);
    const View payload = frame.subspan(at + 2);
    if (is_sfc(type)) {
        packet.fault = SFC_REASON_bad_inner;
    } else if (type == kIpv4Type || type == kIpv6Type) {
        packet = judge_ip_of_type(payload, type, sf, true);
        packet.key += key.take();
    } else if (const Hidden hidden = look_for_sfc(frame, sf); hidden.sfc) {
        packet.fault = hidden.steered ? SFC_REASON_no_key : SFC_REASON_bad_inner;
    } else {
        judge_other(payload, type, sf, packet, key.number(0));
        packet.key = key.take();
    }
    return packet;
}

Hidden look_for_sfc(View frame, const Sf& sf) {
    Hidden hidden;
    std::optional<Layer> layer = ethertype_at(frame, kTypeAt);
    for (std::size_t depth = 0; layer && is_wrapper(frame, *layer, depth); depth++) {
        if (depth == kWrappersMost) {
            hidden.sfc = true;
            return hidden;
        }
        layer = unwrap(frame, *layer);
    }
    if (!layer) {
        return hidden;
    }
    hidden.sfc = is_sfc(layer->type);
    hidden.ip = layer->type == kIpv4Type || layer->type == kIpv6Type;
    hidden.version = layer->type == kIpv4Type ? 4 : layer->type == kIpv6Type ? 6 : 0;
    if (hidden.ip) {
        const Packet packet = judge_ip_of_type(behind(frame, layer->at), layer->type, sf);
        hidden.sfc = hidden.steered = packet.steered;
        hidden.listed = packet.listed;
        hidden.tunnel = packet.tunnel;
        hidden.link = packet.fault == SFC_REASON_no_key;
        hidden.fault = hidden.link ? SFC_OK : packet.fault;
    }
    return hidden;
}

} // namespace sfc::test::oracle
