// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SR-MPLS: RFC 3032, 3443, 6790 (docs/DESIGN.md "SR-MPLS").
#include <fmt/format.h>

#include "encap.h"
#include "oracle_ethernet.h"
#include "oracle_stack.h"

namespace sfc::test {
namespace {

using oracle::Judged;
using oracle::kEthernetHeader;
using oracle::Service;

constexpr std::uint32_t kType = 0x8847, kTypeMulticast = 0x8848;
constexpr std::uint32_t kEntropyIndicator = 7;
constexpr std::array<std::uint32_t, 8> kSpecialLabels = {0, 1, 2, 7, 7, 13, 14, 15};
constexpr std::size_t kClassAt = kEthernetHeader + 2; // traffic class of the top entry, and the bit at the bottom
constexpr std::uint8_t kBottom = 1;

void put_entry(Bytes& out, std::uint32_t label, std::uint32_t ttl, Random& random) {
    put32(out, label << 12 | random.below(8) << 9 | ttl);
}

/// Entries that a service takes.
void put_stack(Bytes& out, const Service& service, Random& random) {
    put_entry(out, service.label, 2 + random.below(254), random);
    std::uint32_t more = service.plain && random.one_in(4) ? 0 : 1 + random.below(random.one_in(16) ? 13 : 4);
    if (more > 0 && random.one_in(8)) {
        put_entry(out, kEntropyIndicator, random.below(256), random);
        put_entry(out, 16 + random.below(1000), 0, random);
    }
    for (; more > 0; more--) {
        put_entry(out, 16 + random.below(1U << 19), random.below(256), random);
    }
    out[out.size() - 2] |= kBottom;
}

void put_odd_stack(Bytes& out, const Service& service, Random& random) {
    const std::uint32_t count = random.one_in(3) ? 1 + random.below(18) : 2 + random.below(3);
    for (std::uint32_t i = 0; i < count; i++) {
        std::uint32_t label = random.one_in(4) ? random.pick(kSpecialLabels) : random.below(1 << 20);
        if (i == 0 && !random.one_in(64)) {
            label = service.label;
        }
        put_entry(out, label, random.one_in(24) ? random.below(3) : random.below(256), random);
        if (i + 1 == count && !random.one_in(64)) {
            out[out.size() - 2] |= kBottom;
        }
    }
}

class Mpls final : public Encap {
public:
    [[nodiscard]] const char* name() const override { return "mpls"; }

    [[nodiscard]] std::string match(const Service& service) const override {
        return fmt::format("label: {}", service.label);
    }

    [[nodiscard]] std::string settings(const Service& service) const override {
        return fmt::format(", ttl: {}{}", service.pipe ? "pipe" : "uniform",
                           service.plain ? ", last_label: plain" : "");
    }

    [[nodiscard]] Head draw(const oracle::World& /*world*/, const Service& service, Inside /*inside*/, Random& random,
                            bool odd) const override {
        Head head{.bytes = Bytes(kEthernetHeader - 2), .fields = {}};
        put16(head.bytes, random.one_in(odd ? 2 : 8) ? kTypeMulticast : kType);
        if (odd) {
            put_odd_stack(head.bytes, service, random);
        } else {
            put_stack(head.bytes, service, random);
        }
        for (std::size_t at = kEthernetHeader - 1; at < head.bytes.size(); at++) {
            head.fields.push_back(at);
        }
        return head;
    }

    void nudge(std::span<std::uint8_t> head, Random& /*random*/) const override {
        std::uint8_t& ttl = head.back();
        ttl = ttl == 255 ? 2 : ttl + 1; // which may be the top one
    }

    void touch(std::span<std::uint8_t> head, Random& random) const override {
        head[kClassAt] ^= static_cast<std::uint8_t>(random.below(8) << 1); // the top entry is cut
    }

    [[nodiscard]] bool owns(std::uint32_t ethertype) const override {
        return ethertype == kType || ethertype == kTypeMulticast;
    }

    [[nodiscard]] std::optional<Judged> judge(const oracle::World& world, int port, oracle::View frame) const override {
        if (!owns(oracle::u16(frame, kEthernetHeader - 2))) {
            return std::nullopt;
        }
        const oracle::View labels = frame.subspan(kEthernetHeader);
        if (labels.size() < 4) {
            return Judged{.fault = SFC_REASON_truncated};
        }
        for (const Service* service : oracle::services_at(world, oracle::Encapsulation::Mpls, port)) {
            if (service->label == oracle::u32(labels, 0) >> 12) {
                return judge_for(*service, frame, labels);
            }
        }
        return Judged{.fault = SFC_REASON_unmatched};
    }

    [[nodiscard]] std::vector<const char*> outcomes() const override {
        return {"passed unmatched",        "restored mpls",      "dropped no_bottom",
                "dropped too_many_labels", "dropped last_label", "dropped ttl"};
    }

private:
    static Judged judge_for(const Service& service, oracle::View frame, oracle::View labels) {
        if (labels[3] <= 1) {
            return {.fault = SFC_REASON_ttl, .service = &service};
        }
        const oracle::Stack stack = oracle::judge_stack(labels, service.pipe);
        if (stack.fault != SFC_OK) {
            return {.fault = stack.fault, .service = stack.fault == SFC_REASON_truncated ? nullptr : &service};
        }
        if (stack.left.empty() && !service.plain) {
            return {.fault = SFC_REASON_last_label, .service = &service};
        }
        Judged judged{.service = &service,
                      .size = kEthernetHeader + stack.size,
                      .versions = oracle::kIpv4 | oracle::kIpv6,
                      .ethernet = true,
                      .advanced = {},
                      .hops = stack.hops};
        if (!stack.left.empty()) {
            judged.advanced = std::string(frame.begin() + 12, frame.begin() + 14) + stack.left;
        }
        return judged;
    }
};

} // namespace

const Encap& mpls_encap() {
    static const Mpls mpls;
    return mpls;
}

} // namespace sfc::test
