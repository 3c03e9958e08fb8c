// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Payloads shorter than the digest: each of their bytes is in it, at each length, and none that stands around them.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <linux/if_ether.h>

#include "config/config.h"
#include "frame.h"
#include "native_runner.h"
#include "packet.h"

namespace sfc::test {
namespace {

constexpr std::size_t kIpv4 = 20, kIpv6 = 40, kUdp = 8, kLabels = 4, kChecksum = 6;
constexpr std::size_t kTotalLength = ETH_HLEN + 2;
constexpr std::size_t kOptionsMost = 2048; ///< bytes of an extension header
constexpr std::string_view kText = R"(
sfs:
  - {name: fw, ports: {left: f0, right: f1}}
  - {name: lengths, ports: {left: g0, right: g1}, payload_length: off}
services:
  - {name: out, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: fw, in: left}, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: any, match: {encapsulation: mpls, label: 16002}, domain: d0, sf: {name: lengths, in: left}, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
)";

std::string text(std::size_t size) {
    std::string out(size, 0);
    for (std::size_t i = 0; i < size; i++) {
        out[i] = static_cast<char>(1 + i * 5);
    }
    return out;
}

Packet labels(std::uint32_t top = 16001) {
    return ethernet() / mpls({{.label = top}, {.label = 100}});
}

class Digest : public testing::Test {
protected:
    Plan plan = make_plan(parse_config(std::string(kText), "digest.yaml"));
    NativeRunner runner{plan};

    void TearDown() override { EXPECT_TRUE(runner.totals().balanced); }

    Bytes stripped(const Bytes& frame) {
        const Ran ran = runner.strip(plan.port_id("d0"), frame);
        EXPECT_EQ(ran.result.verdict, SFC_VERDICT_TO_SF) << ran.result.reason;
        return {ran.bytes.begin(), ran.bytes.end()};
    }
    bool restored(const Bytes& bare, const char* port = "f1") {
        const Ran ran = runner.restore(plan.port_id(port), bare);
        EXPECT_TRUE(ran.result.verdict == SFC_VERDICT_RESTORED || ran.result.reason == SFC_REASON_miss);
        return ran.result.verdict == SFC_VERDICT_RESTORED;
    }
    /// As the SF sends it back: with this byte changed.
    bool restored_with(Bytes bare, std::size_t at) {
        bare[at] ^= 0x80;
        return restored(bare);
    }
};

TEST_F(Digest, HasEachByteOfAPayloadOfAnyLength) {
    for (std::size_t size = 0; size <= SFC_DIGEST_BYTES + 3; size++) {
        const Bytes bare = stripped(labels() / ipv4() / udp() / payload(text(size)));
        const std::size_t start = ETH_HLEN + kIpv4 + kUdp;
        for (std::size_t at = start; at < start + std::min<std::size_t>(size, SFC_DIGEST_BYTES); at++) {
            EXPECT_FALSE(restored_with(bare, at)) << "byte " << at - start << " of " << size;
        }
        EXPECT_TRUE(restored(bare)) << size << " bytes";
    }
}

/// In front of them stands the checksum, which the SF may change, and behind them what fills an Ethernet frame.
TEST_F(Digest, HasNoByteAroundThePayload) {
    for (std::size_t size = 0; size < SFC_DIGEST_BYTES; size++) {
        Bytes frame = labels() / ipv4() / udp() / payload(text(size));
        frame.resize(frame.size() + kUdp, 0xa5);
        const std::size_t start = ETH_HLEN + kIpv4 + kUdp;
        EXPECT_TRUE(restored_with(stripped(frame), start - kUdp + kChecksum)) << size;
        EXPECT_TRUE(restored_with(stripped(frame), start - kUdp + kChecksum + 1)) << size;
        EXPECT_TRUE(restored_with(stripped(frame), start + size)) << size;
        EXPECT_TRUE(restored_with(stripped(frame), start + size + kUdp - 1)) << size;
    }
}

/// docs/keys.md: without the length it does not see zeros at the end.
TEST_F(Digest, IsThatOfThePayloadAndZeros) {
    for (std::size_t size = 0; size <= SFC_DIGEST_BYTES; size++) {
        Bytes bare = stripped(labels(16002) / ipv4() / udp() / payload(text(size)));
        bare.resize(ETH_HLEN + kIpv4 + kUdp + SFC_DIGEST_BYTES, 0);
        const std::size_t total = bare.size() - ETH_HLEN;
        bare[kTotalLength] = total >> 8;
        bare[kTotalLength + 1] = total & 0xff;
        EXPECT_TRUE(restored(bare, "g1")) << size;
    }
}

/// Whether a payload lies in the linear part of a frame is the driver's business.
TEST_F(Digest, IsTheSameBeyondTheLinearPart) {
    const std::size_t linear_of_rest = kLinearMost - ETH_HLEN - kIpv6 - kUdp - 2 * kLabels;
    const std::size_t rest = linear_of_rest / 8 * 8 - kOptionsMost;
    const std::size_t before = linear_of_rest % 8,
                      after = before + 2 * kLabels; // bytes of the payload in the linear part
    const auto extension = [](std::size_t size) {
        Bytes bytes(size);
        bytes[1] = static_cast<std::uint8_t>(size / 8 - 1);
        return bytes;
    };
    const Packet front = labels() / ipv6() / Packet(Packet::Kind::Options, extension(kOptionsMost), std::uint8_t{60}) /
                         Packet(Packet::Kind::Options, extension(rest));
    for (std::size_t size : {before, after - 1, after, after + 1, std::size_t{SFC_DIGEST_BYTES}}) {
        const Bytes bare = stripped(front / udp() / payload(text(size)));
        ASSERT_EQ(bare.size() - size + after, kLinearMost);
        EXPECT_FALSE(restored_with(bare, bare.size() - 1)) << size;
        EXPECT_TRUE(restored(bare)) << size;
    }
}

} // namespace
} // namespace sfc::test
