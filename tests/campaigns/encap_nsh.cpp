// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// NSH: RFC 8300, RFC 9452, draft-ietf-nvo3-vxlan-gpe (docs/nsh.md).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "encap.h"
#include "nsh_maker.h"
#include "oracle_ethernet.h"
#include "oracle_nsh.h"
#include "oracle_outer.h"

namespace sfc::test {
namespace {

using oracle::kEthernetHeader;
using oracle::Service;

constexpr std::size_t kTypeAt = kEthernetHeader - 2, kTag = 4, kContexts = 8, kContextBytes = 16, kUdp = 8;
constexpr std::uint8_t kUnassigned = 0x10; // RFC 8300 2.2: of the base header's first byte

/// A packet around the header, of a frame that is nearly sound. Those that are not have none.
unsigned version_of(oracle::View frame) {
    const std::uint32_t type = oracle::u16(frame, kTypeAt);
    const unsigned version = type == oracle::kIpv4Type ? 4 : type == oracle::kIpv6Type ? 6 : 0;
    return frame.size() >= kEthernetHeader + (version == 4 ? 20 : 40) + kUdp ? version : 0;
}

/// Where the NSH of a sound header begins.
std::size_t nsh_at(oracle::View head) {
    if (const unsigned version = version_of(head)) {
        return kEthernetHeader + (version == 4 ? 20 : 40) + 16;
    }
    std::size_t at = kTypeAt;
    while (oracle::u16(head, at) != oracle::kNshType) {
        at += kTag;
    }
    return at + 2;
}

class Nsh final : public Encap {
public:
    [[nodiscard]] const char* name() const override { return "nsh"; }

    [[nodiscard]] std::string match(const Service& service) const override {
        return fmt::format("spi: {}, si: {}", service.spi,
                           service.si.empty() ? "any" : fmt::format("[{}]", fmt::join(service.si, ", ")));
    }

    [[nodiscard]] std::string settings(const Service& service) const override {
        return service.forwarder ? ", forwarder: true" : "";
    }

    [[nodiscard]] Head draw(const oracle::World& world, const Service& service, Inside inside, Random& random,
                            bool odd) const override {
        return NshMaker(world, service, inside, random, odd).make();
    }

    /// A bit of a context or of the link, or the unassigned one where the header has no more.
    void nudge(std::span<std::uint8_t> head, Random& random) const override {
        const std::size_t nsh = nsh_at(head);
        if (version_of(head) == 0 && nsh > kEthernetHeader && random.one_in(2)) {
            head[nsh - kTag] ^= 0x20; // priority of the last tag
        } else if ((head[nsh + 2] & 15) == 1) {
            head[nsh + kContexts + random.below(kContextBytes)] ^= static_cast<std::uint8_t>(1 << random.below(8));
        } else {
            head[nsh] ^= kUnassigned;
        }
    }

    /// The hop count and the identification of an outer packet.
    void touch(std::span<std::uint8_t> head, Random& random) const override {
        const unsigned version = version_of(head);
        if (version == 6) {
            head[kEthernetHeader + 7] = random.byte();
        } else if (version == 4) {
            head[kEthernetHeader + 5] = random.byte();
            head[kEthernetHeader + 8] = random.byte();
        }
    }

    void close(std::span<std::uint8_t> frame, std::size_t end) const override {
        if (const unsigned version = version_of(frame)) {
            oracle::close_outer(frame, version, end);
        }
    }

    [[nodiscard]] bool owns(std::uint32_t ethertype) const override { return ethertype == oracle::kNshType; }

    [[nodiscard]] std::optional<oracle::Judged> judge(const oracle::World& world, int port,
                                                      oracle::View frame) const override {
        return oracle::judge_nsh(world, port, frame);
    }

    [[nodiscard]] std::vector<const char*> outcomes() const override {
        return {"passed unmatched",   "restored nsh",           "restored nsh in IPv4",    "restored nsh in IPv6",
                "dropped oam",        "dropped bad_version",    "dropped service_index",   "dropped md_type",
                "dropped bad_length", "dropped next_protocol",  "dropped header_too_long", "dropped bad_tlv",
                "dropped bad_outer",  "dropped outer_fragment", "dropped no_next_hop",     "dropped ttl"};
    }
};

} // namespace

const Encap& nsh_encap() {
    static const Nsh nsh;
    return nsh;
}

} // namespace sfc::test
