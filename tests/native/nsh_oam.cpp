// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// OAM packets of NSH with `oam: forward`: past the SF, whatever is in them. tests/wire/test_nsh_oam.py has the bytes.
#include "faults.h"
#include "nsh_packets.h"

namespace sfc::test {
namespace {

class NshOam : public testing::Test {
protected:
    Plan plan = make_plan(parse_config(R"(
cache: {capacity: 256}
sfs:
  - {name: fw, ports: {left: f0, right: f1}}
  - {name: nat, stack: true}
services:
  - {name: on, match: {encapsulation: nsh, spi: 1, si: 7}, domain: d0, sf: {name: fw, in: left}, oam: forward, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: back, match: {encapsulation: nsh, spi: 2, si: 7}, domain: d0, sf: {name: fw, in: left}, oam: forward, next_hop: ingress}
  - {name: six, match: {encapsulation: nsh, spi: 3, si: 7}, domain: d0, sf: {name: fw, in: left}, oam: forward, next_hop: {interface: e0, mac: "02:00:00:00:00:99", tunnel: {remote: "2001:db8::9", local: "2001:db8::1"}}}
  - {name: kernel, match: {encapsulation: nsh, spi: 4, si: 7}, domain: d0, sf: {name: nat}, egress: e0, oam: forward, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: off, match: {encapsulation: nsh, spi: 5, si: 7}, domain: d0, sf: {name: nat}, egress: e0}
)",
                                       "nsh-oam.yaml"));
    NativeRunner runner{plan};
    Random random{1};
    bool counts_lost = false; ///< a test makes the counters' lookups fail
    const std::vector<Bytes> frames = {
        ether(kNsh, nsh({.oam = true}, inner4())),
        ether(kNsh, nsh({.next = 7, .md = 15, .oam = true, .context = {}, .words = 9}, {})),
        ether(ETH_P_8021Q, join({tag(kNsh), nsh({.spi = 2, .oam = true}, inner4())})),
        gpe(nsh({.spi = 2, .oam = true}, inner4())),
        gpe(nsh({.spi = 3, .oam = true}, Bytes(9)), {.six = true}),
        ether(kNsh, nsh({.spi = 4, .oam = true}, inner4())),
    };

    void SetUp() override {
        runner.machine.constants.any_address = 1;
        runner.set_time(1'000'000'000);
    }
    void TearDown() override { EXPECT_TRUE(counts_lost || runner.totals().balanced); }
    Ran strip(const Bytes& frame) { return runner.strip(plan.port_id("d0"), frame); }
};

TEST_F(NshOam, GoesPastTheSf) {
    for (const Bytes& frame : frames) {
        const Ran ran = strip(frame);
        EXPECT_EQ(contradiction(ran, runner.machine.redirected().has_value()), "");
        EXPECT_EQ(ran.result.verdict, SFC_VERDICT_BYPASSED);
        EXPECT_EQ(unsigned{ran.result.reason}, SFC_REASON_oam);
        EXPECT_EQ(ran.result.egress, plan.port_id(ran.result.service == 2 ? "d0" : "e0"));
        EXPECT_EQ(ran.bytes.size(), frame.size());
    }
}

TEST_F(NshOam, IsDroppedByDefault) {
    const Ran ran = strip(ether(kNsh, nsh({.spi = 5, .oam = true}, inner4())));
    EXPECT_EQ(ran.result.verdict, SFC_VERDICT_DROPPED);
    EXPECT_EQ(unsigned{ran.result.reason}, SFC_REASON_oam);
}

TEST_F(NshOam, EveryLengthOfAFrame) {
    for (const Bytes& frame : frames) {
        for (std::size_t size = 0; size < frame.size(); size++) {
            const Ran ran = strip(Bytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)));
            EXPECT_EQ(contradiction(ran, runner.machine.redirected().has_value()), "") << size;
        }
    }
}

TEST_F(NshOam, EachHelperFailsOnce) {
    counts_lost = true;
    for (const Bytes& frame : frames) {
        each_fault(
            runner.machine, random, frame, [&] { return strip(frame); }, [] {});
    }
}

TEST_F(NshOam, MtuOfTheNextHop) {
    sfc_port& port = runner.machine.map("ports").at<sfc_port>(plan.port_id("e0"));
    port.mtu = static_cast<std::uint32_t>(frames[0].size() - ETH_HLEN);
    EXPECT_EQ(strip(frames[0]).result.verdict, SFC_VERDICT_BYPASSED);
    port.mtu--;
    EXPECT_EQ(unsigned{strip(frames[0]).result.reason}, SFC_REASON_too_big);
}

} // namespace
} // namespace sfc::test
