// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Frames of `send`, against the same made by scapy, and what `sink` notices.
#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "traffic/packet.h"
#include "traffic/tally.h"

namespace sfc {
namespace {

constexpr Mac kOwn = {0x02, 0, 0, 0, 0, 0x01}, kNext = {0x02, 0, 0, 0, 0, 0x02};
constexpr std::size_t kEthernet = 14;

std::string hex(const Bytes& bytes) {
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

const HeaderKind& mpls() {
    return *header_kind(0x8847);
}

Inner inner_of(std::uint8_t protocol, bool six, std::size_t size) {
    return {.source = parse_ip(six ? "2001:db8:1::10" : "192.0.2.10"),
            .destination = parse_ip(six ? "2001:db8:2::10" : "198.51.100.10"),
            .protocol = protocol,
            .source_port = 4000,
            .destination_port = 9,
            .size = size};
}

Stamp stamp_of(std::uint64_t number, const std::string& labels = "16001,16003", std::uint64_t count = 5) {
    return {.run = 1, .number = number, .count = count, .ether_type = 0x8847, .header = mpls().parse(labels)};
}

/// As a proxy that does its work leaves packet `number`.
Bytes arrived(std::uint64_t number, const std::string& labels = "16001,16003") {
    Stamp stamp = stamp_of(number, labels);
    Bytes frame = traffic_frame(kNext, kOwn, inner_of(IPPROTO_UDP, false, 128), stamp);
    const auto header = frame.begin() + kEthernet;
    frame.erase(header, header + static_cast<std::ptrdiff_t>(stamp.header.size()));
    const Bytes rest = mpls().advance(stamp.header);
    frame.insert(frame.begin() + kEthernet, rest.begin(), rest.end());
    return frame;
}

std::string refused(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::Usage);
        return error.what();
    }
    return "";
}

TEST(Traffic, LabelsAsTheStandardHasThem) {
    // MPLS(label=16001, cos=0, s=0, ttl=64)/MPLS(label=1048575, cos=5, s=0, ttl=7)/MPLS(label=0, cos=0, s=1, ttl=64)
    EXPECT_EQ(hex(mpls().parse("16001,1048575:5:7,0")), "03e81040"
                                                        "fffffa07"
                                                        "00000140");
    EXPECT_EQ(mpls().text(mpls().parse("16001,17:5:7,0::9")), "16001:0:64,17:5:7,0:0:9");
}

TEST(Traffic, LabelsThatAreRefused) {
    for (const char* labels :
         {"", ",", "1,", "1,,2", "x", "1048576", "3", "-1", "1:8", "1:0:256", "1:0:1:0", "1:0:1:", "0x10", " 1"}) {
        EXPECT_NE(refused([&] { (void)mpls().parse(labels); }), "") << labels;
    }
    EXPECT_NE(refused([&] { (void)mpls().parse("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"); }), "");
    EXPECT_EQ(mpls().parse("1,2,4,4,5,6,7,8,9,10,11,12,13,14,15,16").size(), 64U);
}

TEST(Traffic, Advances) {
    const auto after = [](const std::string& labels) { return mpls().text(mpls().advance(mpls().parse(labels))); };
    EXPECT_EQ(after("16001,16003"), "16003:0:63");
    EXPECT_EQ(after("16001:0:9,16003:3:64,16004:0:64"), "16003:3:8,16004:0:64");
    EXPECT_EQ(after("16001:0:64,16003:0:20"), "16003:0:20");
    EXPECT_EQ(after("16001,7,99,16003"), "16003:0:63"); // RFC 6790: the entropy label goes with its indicator
    EXPECT_EQ(after("16001"), "");
    EXPECT_EQ(after("16001,7,99"), "");
}

TEST(Traffic, FramesAsScapyMakesThem) {
    // Ether/MPLS(16001)/MPLS(16003)/IP/UDP/payload, of scapy
    EXPECT_EQ(hex(traffic_frame(kNext, kOwn, inner_of(IPPROTO_UDP, false, 90), stamp_of(3))),
              "020000000002020000000001884703e8104003e831404500005a0003400040114e48c000020ac633640a0fa000090046"
              "736073666370726f7879a393b262e57fdc0a003e00000000000000010000000000000003000000000000000588470008"
              "03e8104003e83140363738393a3b3c3d");
    // Ether/MPLS(16001)/MPLS(16003)/IP/TCP/payload, of scapy
    EXPECT_EQ(hex(traffic_frame(kNext, kOwn, inner_of(IPPROTO_TCP, false, 101), stamp_of(3))),
              "020000000002020000000001884703e8104003e83140450000650003400040064e48c000020ac633640a0fa000090000"
              "00b7000000015018ffffb527000073666370726f7879a0822e6659845d00003d00000000000000010000000000000003"
              "00000000000000058847000803e8104003e83140363738393a3b3c");
    // Ether/MPLS(16001)/MPLS(16003)/IPv6/UDP/payload, of scapy
    EXPECT_EQ(hex(traffic_frame(kNext, kOwn, inner_of(IPPROTO_UDP, true, 111), stamp_of(3))),
              "020000000002020000000001884703e8104003e83140600000000047114020010db80001000000000000000000102001"
              "0db80002000000000000000000100fa000090047b8d773666370726f78790affc7ddf4775d65003f0000000000000001"
              "000000000000000300000000000000058847000803e8104003e83140363738393a3b3c3d3e");
    // Ether/MPLS(16001)/MPLS(16003)/IPv6/TCP/payload, of scapy
    EXPECT_EQ(hex(traffic_frame(kNext, kOwn, inner_of(IPPROTO_TCP, true, 120), stamp_of(3))),
              "020000000002020000000001884703e8104003e83140600000000050064020010db80001000000000000000000102001"
              "0db80002000000000000000000100fa00009000000b4000000015018ffffdf88000073666370726f787900604c353964"
              "a1cb003c0000000000000001000000000000000300000000000000058847000803e8104003e83140363738393a3b");
}

TEST(Traffic, ChecksumsAreRight) {
    for (const bool six : {false, true}) {
        for (const std::uint8_t protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
            for (const std::size_t size : {128U, 129U, 1480U}) {
                Bytes packet = inner_packet(inner_of(protocol, six, size), stamp_of(3));
                EXPECT_EQ(packet.size(), size);
                EXPECT_EQ(checksums_right(packet), true);
                packet.back() ^= 1;
                EXPECT_EQ(checksums_right(packet), false);
            }
        }
    }
    EXPECT_EQ(checksums_right({}), std::nullopt);
}

TEST(Traffic, StampComesBack) {
    const Bytes frame = arrived(3);
    const auto at = find_stamp(frame);
    ASSERT_TRUE(at);
    const auto stamp = read_stamp(std::span(frame).subspan(*at));
    ASSERT_TRUE(stamp);
    EXPECT_EQ(stamp->number, 3U);
    EXPECT_EQ(stamp->count, 5U);
    EXPECT_EQ(hex(stamp->header), "03e8104003e83140");
    for (std::size_t i = *at; i < frame.size(); i++) {
        Bytes changed = frame;
        changed[i] ^= 0x10;
        EXPECT_FALSE(find_stamp(changed) && read_stamp(std::span(changed).subspan(*at))) << i;
        EXPECT_FALSE(read_stamp(std::span(frame).subspan(*at, i - *at))) << i;
    }
}

std::string result_of(const std::vector<Bytes>& frames, std::optional<HeaderPattern> expected = {},
                      std::optional<std::uint64_t> count = {}) {
    Tally tally(std::move(expected), count);
    for (const Bytes& frame : frames) {
        (void)tally.take(frame);
    }
    return tally.result();
}

TEST(Tally, AllRight) {
    const std::vector<Bytes> all = {arrived(1), arrived(2), arrived(3), arrived(4), arrived(5)};
    EXPECT_EQ(result_of(all), "RESULT pass received=5 wrong=0 lost=0 duplicate=0 reordered=0");
    Bytes padded = arrived(1);
    padded.resize(padded.size() + 6); // as a short frame on a real link
    EXPECT_EQ(result_of({padded, all[1], all[2], all[3], all[4]}), result_of(all));
}

TEST(Tally, LostTwiceAndOvertaken) {
    EXPECT_EQ(result_of({}), "RESULT fail received=0 wrong=0 lost=0 duplicate=0 reordered=0");
    EXPECT_EQ(result_of({}, {}, 7), "RESULT fail received=0 wrong=0 lost=7 duplicate=0 reordered=0");
    EXPECT_EQ(result_of({arrived(1), arrived(2), arrived(4), arrived(5)}),
              "RESULT fail received=4 wrong=0 lost=1 duplicate=0 reordered=0");
    EXPECT_EQ(result_of({arrived(1), arrived(2), arrived(2), arrived(3), arrived(4), arrived(5)}),
              "RESULT fail received=6 wrong=0 lost=0 duplicate=1 reordered=0");
    EXPECT_EQ(result_of({arrived(1), arrived(3), arrived(2), arrived(4), arrived(5)}),
              "RESULT fail received=5 wrong=0 lost=0 duplicate=0 reordered=1");
    EXPECT_EQ(result_of({arrived(1), arrived(2)}, {}, 2),
              "RESULT pass received=2 wrong=0 lost=0 duplicate=0 reordered=0");
}

/// Exactly one of five packets is wrong, and the sentence says so.
void one_wrong(const Bytes& frame, const std::string& says) {
    Tally tally({}, {});
    for (const std::uint64_t number : {1, 2, 4, 5}) {
        EXPECT_EQ(tally.take(arrived(number)), std::nullopt);
    }
    const std::string said = tally.take(frame).value_or("");
    EXPECT_NE(said.find(says), std::string::npos) << said;
    EXPECT_EQ(tally.wrong(), 1U);
    EXPECT_FALSE(tally.passed());
}

TEST(Tally, WrongHeaders) {
    const Bytes sent = traffic_frame(kNext, kOwn, inner_of(IPPROTO_UDP, false, 128), stamp_of(3));
    one_wrong(sent, "packet 3 came with header 16001:0:64,16003:0:64, and not with 16003:0:63");
    Bytes bare = arrived(3);
    bare.erase(bare.begin() + kEthernet, bare.begin() + kEthernet + 4);
    bare[12] = 0x08;
    bare[13] = 0x00;
    one_wrong(bare, "packet 3 came with header none, and not with 16003:0:63");
    for (std::size_t bit = 0; bit < 32; bit++) {
        Bytes changed = arrived(3);
        changed[kEthernet + bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        one_wrong(changed, "packet 3 came with");
    }
    Bytes other_type = arrived(3);
    other_type[13] = 0x48;
    one_wrong(other_type, "EtherType 0x8848");
}

TEST(Tally, SaysWhatWasExpected) {
    for (const char* labels : {"16004", "16003::64", "none"}) {
        Tally tally(mpls().parse_pattern(labels), {});
        EXPECT_EQ(tally.take(arrived(3)), fmt::format("packet 3 came with header 16003:0:63, and not with {}", labels));
    }
}

TEST(Tally, WrongPackets) {
    Bytes payload = arrived(3);
    payload.back() ^= 1;
    one_wrong(payload, "a payload is not as it was sent");
    Bytes address = arrived(3);
    address[kEthernet + 4 + 12] ^= 1;
    one_wrong(address, "packet 3 came with a wrong checksum");
}

TEST(Tally, ExpectedLabels) {
    const std::vector<Bytes> all = {arrived(1), arrived(2), arrived(3), arrived(4), arrived(5)};
    const auto passes = [&](const std::string& labels) {
        return result_of(all, mpls().parse_pattern(labels)).starts_with("RESULT pass");
    };
    EXPECT_TRUE(passes("16003"));
    EXPECT_TRUE(passes("16003:0:63"));
    EXPECT_TRUE(passes("16003::63"));
    EXPECT_FALSE(passes("16004"));
    EXPECT_FALSE(passes("16003:1"));
    EXPECT_FALSE(passes("16003:0:64"));
    EXPECT_FALSE(passes("16003,16004"));
    EXPECT_FALSE(passes("none"));
}

TEST(Tally, ForeignFrames) {
    Stamp other = stamp_of(3);
    other.run = 2;
    const Bytes of_another_send = traffic_frame(kNext, kOwn, inner_of(IPPROTO_UDP, false, 128), other);
    Bytes all = arrived(1);
    Tally tally({}, 1);
    EXPECT_EQ(tally.take(all), std::nullopt);
    EXPECT_EQ(tally.take(of_another_send), std::nullopt);
    EXPECT_EQ(tally.take({}), std::nullopt);
    EXPECT_EQ(tally.take(Bytes(60, 0xff)), std::nullopt);
    for (std::size_t size = 0; size < all.size(); size++) { // no length of a frame is read beyond its end
        (void)tally.take(std::span(all).first(size));
    }
    EXPECT_TRUE(tally.last_seen());
}

} // namespace
} // namespace sfc
