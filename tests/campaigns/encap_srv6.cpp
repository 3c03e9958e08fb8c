// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SRv6: RFC 8754, 8986, 9800, draft-ietf-spring-sr-service-programming (docs/srv6.md).
#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "encap.h"
#include "oracle_ethernet.h"
#include "oracle_srv6.h"
#include "srv6_maker.h"

namespace sfc::test {
namespace {

using oracle::kEthernetHeader;
using oracle::Service;

constexpr std::size_t kIpv6Bytes = 40, kLabelAt = kEthernetHeader + 3, kSourceEnd = kEthernetHeader + 23;
constexpr std::size_t kNext = 6, kSource = 8, kAddress = 16; // of the IPv6 header
constexpr std::size_t kTagEnd = 7, kList = 8;                // of a segment routing header

std::string without_quotes(const std::string& text) {
    return text.substr(1, text.size() - 2);
}

class Srv6 final : public Encap {
public:
    [[nodiscard]] const char* name() const override { return "srv6"; }

    [[nodiscard]] std::string match(const Service& service) const override {
        const oracle::Sid& sid = service.sid;
        return fmt::format("sid: \"{}/{}\", behaviour: {}{}", without_quotes(oracle::quoted(sid.address)), sid.prefix,
                           sid.fixed    ? "as"
                           : sid.masked ? "am"
                                        : "ad",
                           sid.function != 0 ? fmt::format(", lblen: {}, nflen: {}", sid.block, sid.function) : "");
    }

    [[nodiscard]] std::string settings(const Service& service) const override {
        const bool no_hops = service.inner == oracle::Inner::Ethernet || service.sid.masked;
        std::string out = service.decrement || no_hops ? "" : ", inner_ttl: keep";
        out += service.last ? ", cache: last" : "";
        if (service.sid.fixed) {
            std::vector<std::string> segments;
            std::transform(service.sid.segments.begin(), service.sid.segments.end(), std::back_inserter(segments),
                           [](const oracle::Address& one) { return oracle::quoted(one); });
            out +=
                fmt::format(", header: {{source: {}, segments: [{}], traffic_class: {}}}",
                            oracle::quoted(service.sid.source), fmt::join(segments, ", "), service.sid.traffic_class);
        }
        return out;
    }

    [[nodiscard]] Head draw(const oracle::World& world, const Service& service, Inside inside, Random& random,
                            bool odd) const override {
        return Srv6Maker(world, service, inside, random, odd).make();
    }

    /// Of End.AM a segment routing header is all that makes a header, and its packet has source and last segment.
    std::size_t merge(const Service& service, std::span<std::uint8_t> head, oracle::View packet) const override {
        std::size_t next = 0;
        const std::size_t srh = srh_at(head, next);
        if (!service.sid.masked || srh == 0 || packet.size() < kIpv6Bytes || packet[0] >> 4 != 6) {
            return 0;
        }
        head[next] = packet[kNext];
        std::ranges::copy(packet.subspan(kSource, kAddress), head.begin() + kEthernetHeader + kSource);
        std::ranges::copy(packet.subspan(kSource + kAddress, kAddress),
                          head.begin() + static_cast<std::ptrdiff_t>(srh + kList));
        return kIpv6Bytes;
    }

    /// The tag, the flow label or the source; of End.AS none of them leaves, of End.AM the tag alone is the header's.
    void nudge(std::span<std::uint8_t> head, Random& random) const override {
        std::size_t next = 0;
        const std::size_t srh = srh_at(head, next);
        if (srh != 0 && random.one_in(2)) {
            head[srh + kTagEnd] ^= static_cast<std::uint8_t>(1 << random.below(8));
            return;
        }
        head[random.one_in(2) ? kLabelAt : kSourceEnd] ^= static_cast<std::uint8_t>(1 << random.below(8));
    }

    /// Nothing: all that came leaves, but for the payload length, which is the packet's.
    void touch(std::span<std::uint8_t> /*head*/, Random& /*random*/) const override {}

    void close(std::span<std::uint8_t> frame, std::size_t end) const override {
        if (frame.size() >= kEthernetHeader + kIpv6Bytes && end >= kEthernetHeader + kIpv6Bytes) {
            close_around(frame, oracle::Around::Ipv6, end);
        }
    }

    /// Its EtherType is that of any IPv6 packet.
    [[nodiscard]] bool owns(std::uint32_t /*ethertype*/) const override { return false; }

    [[nodiscard]] std::optional<oracle::Judged> judge(const oracle::World& world, int port,
                                                      oracle::View frame) const override {
        return oracle::judge_srv6(world, port, frame);
    }

    [[nodiscard]] std::vector<const char*> outcomes() const override {
        return {"restored srv6",           "restored srv6 anew",  "bypassed bypassed",    "dropped bad_srh",
                "dropped bad_tlv",         "dropped upper_layer", "dropped ttl",          "dropped outer_fragment",
                "dropped header_too_long", "dropped truncated",   "restored srv6 masked", "restored srv6 originated"};
    }
};

} // namespace

const Encap& srv6_encap() {
    static const Srv6 srv6;
    return srv6;
}

} // namespace sfc::test
