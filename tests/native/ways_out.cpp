// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Strip asks once a tick of the clock whether the ways out are there, and for each packet that may be too large.
#include <gtest/gtest.h>
#include <linux/if_ether.h>

#include "config/config.h"
#include "native_runner.h"
#include "packet.h"

namespace sfc::test {
namespace {

constexpr std::uint64_t kTick = 4'000'000;
constexpr std::uint32_t kKept = 4; // bytes of the label that packets leave with
constexpr std::string_view kText = R"(
sfs:
  - {name: fw, ports: {left: f0, right: f1}}
services:
  - {name: out, match: {encapsulation: mpls, label: 16001}, domain: d0, sf: {name: fw, in: left}, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: other, match: {encapsulation: mpls, label: 16002}, domain: d0, sf: {name: fw, in: left}, next_hop: {interface: e1, mac: "02:00:00:00:00:98"}}
  - {name: back, match: {encapsulation: mpls, label: 16003}, domain: [d0, d1], sf: {name: fw, in: left}, next_hop: ingress}
)";

class WaysOut : public testing::Test {
protected:
    Plan plan = make_plan(parse_config(std::string(kText), "ways.yaml"));
    NativeRunner runner{plan};
    std::uint64_t now = kTick;
    std::uint16_t sent = 0;

    void SetUp() override { runner.set_time(now); }
    void TearDown() override { EXPECT_TRUE(runner.totals().balanced); }

    void wait() { runner.set_time(now += kTick); }
    [[nodiscard]] std::uint32_t id(const char* port) const { return plan.port_id(port); }
    sfc_port& port(const char* name) { return runner.machine.map("ports").at<sfc_port>(id(name)); }
    /// The interface of the port goes, or comes back.
    void there(const char* name, bool is) {
        std::uint32_t number = id(name), interface = NativeRunner::ifindex(plan.port_id(name));
        if (is) {
            runner.machine.map("tx_ports").set(number, interface);
        } else {
            runner.machine.map("tx_ports").erase(&number);
        }
    }
    /// Each packet is another one.
    unsigned strip(std::uint32_t label = 16001, std::string_view payload = "", const char* from = "d0") {
        return runner
            .strip(plan.port_id(from), mpls_udp({{.label = label}, {.label = 100}}, {.id = ++sent, .payload = payload}))
            .result.reason;
    }
    /// L3 bytes of a packet with `payload`, without labels.
    static std::uint32_t size(std::string_view payload) {
        return static_cast<std::uint32_t>(plain_udp({.payload = payload}).size() - ETH_HLEN);
    }
};

TEST_F(WaysOut, AreAskedForOnceATick) {
    for (const char* gone : {"e0", "f1"}) {
        EXPECT_EQ(strip(), SFC_OK);
        there(gone, false);
        EXPECT_EQ(strip(), SFC_OK) << gone << " has gone within the tick";
        wait();
        EXPECT_EQ(strip(), SFC_REASON_no_next_hop) << gone;
        EXPECT_EQ(strip(), SFC_REASON_no_next_hop) << gone << " is asked for until it is there";
        there(gone, true);
        EXPECT_EQ(strip(), SFC_OK) << gone << " is back within the tick";
    }
    port("f0").unready = 1;
    EXPECT_EQ(strip(), SFC_OK);
    wait();
    EXPECT_EQ(strip(), SFC_REASON_no_next_hop);
}

/// The SF's own port is no question of ticks, because the redirect says at once that it is not there.
TEST_F(WaysOut, TheWayToTheSfIsNoticedAtOnce) {
    EXPECT_EQ(strip(), SFC_OK);
    there("f0", false);
    EXPECT_EQ(strip(), SFC_REASON_no_next_hop);
}

TEST_F(WaysOut, APacketThatMayBeTooLargeIsLookedAtAlways) {
    const struct {
        const char* port;
        std::uint32_t labels; ///< bytes of them that the packet has there
    } rows[] = {{"f0", 0}, {"e0", kKept}};
    const std::string_view fits = "seventeen letters", larger = "eighteen   letters";
    for (const auto& row : rows) {
        wait();
        port(row.port).mtu = size(fits) + row.labels;
        EXPECT_EQ(strip(16001, "small"), SFC_OK);
        EXPECT_EQ(strip(16001, fits), SFC_OK) << row.port;
        EXPECT_EQ(strip(16001, larger), SFC_REASON_too_big) << row.port;
        EXPECT_EQ(strip(16001, fits), SFC_OK) << row.port;
        port(row.port).mtu = 0;
        wait();
        EXPECT_EQ(strip(16001, larger), SFC_OK) << "without an MTU any size fits";
    }
}

TEST_F(WaysOut, AreThoseOfEachService) {
    there("e1", false);
    EXPECT_EQ(strip(16001), SFC_OK);
    EXPECT_EQ(strip(16002), SFC_REASON_no_next_hop);
    EXPECT_EQ(strip(16001), SFC_OK);
}

/// Back where it came from: the packet's own port is its way out.
TEST_F(WaysOut, ByThePortOfThePacketAreAskedForAlways) {
    EXPECT_EQ(strip(16003, "", "d0"), SFC_OK);
    there("d1", false);
    EXPECT_EQ(strip(16003, "", "d1"), SFC_REASON_no_next_hop);
    there("d0", false);
    EXPECT_EQ(strip(16003, "", "d0"), SFC_REASON_no_next_hop);
}

} // namespace
} // namespace sfc::test
