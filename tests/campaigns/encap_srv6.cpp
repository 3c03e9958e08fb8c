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

std::string without_quotes(const std::string& text) {
    return text.substr(1, text.size() - 2);
}

class Srv6 final : public Encap {
public:
    [[nodiscard]] const char* name() const override { return "srv6"; }

    [[nodiscard]] std::string match(const Service& service) const override {
        const oracle::Sid& sid = service.sid;
        return fmt::format("sid: \"{}/{}\", behaviour: {}{}", without_quotes(oracle::quoted(sid.address)), sid.prefix,
                           sid.fixed ? "as" : "ad",
                           sid.function != 0 ? fmt::format(", lblen: {}, nflen: {}", sid.block, sid.function) : "");
    }

    [[nodiscard]] std::string settings(const Service& service) const override {
        std::string out = service.decrement || service.inner == oracle::Inner::Ethernet ? "" : ", inner_ttl: keep";
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

    /// The flow label or the source; of End.AS neither leaves.
    void nudge(std::span<std::uint8_t> head, Random& random) const override {
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
        return {"restored srv6",           "restored srv6 anew",  "bypassed bypassed", "dropped bad_srh",
                "dropped bad_tlv",         "dropped upper_layer", "dropped ttl",       "dropped outer_fragment",
                "dropped header_too_long", "dropped truncated"};
    }
};

} // namespace

const Encap& srv6_encap() {
    static const Srv6 srv6;
    return srv6;
}

} // namespace sfc::test
