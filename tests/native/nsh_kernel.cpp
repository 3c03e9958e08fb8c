// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// NSH through the kernel of this host: headers that have come before are told by their bytes, where those alone decide.
#include <linux/pkt_cls.h>

#include "faults.h"
#include "kernel_setup.h"
#include "nsh_packets.h"

namespace sfc::test {
namespace {

Plan nsh_kernel_plan() {
    return make_plan(parse_config(R"(
cache: {capacity: 64}
sfs:
  - {name: nat, stack: true}
services:
  - {name: out, match: {encapsulation: nsh, spi: 1, si: any}, domain: d0, sf: {name: nat}, egress: e0}
  - {name: tunnel, match: {encapsulation: nsh, spi: 2, si: 7}, domain: d0, sf: {name: nat}, egress: e0,
     next_hop: {interface: e0, mac: "02:00:00:00:00:99", tunnel: {remote: 192.0.2.9, local: 192.0.2.1}}}
)",
                                  "nsh-kernel.yaml"));
}

class NshKernel : public testing::Test {
protected:
    Plan plan = nsh_kernel_plan();
    NativeRunner runner{plan};
    Machine& machine = runner.machine;

    void SetUp() override {
        machine.constants.any_address = 1;
        set_hairpins(machine, plan);
        runner.set_time(kSomeTime);
    }
    void TearDown() override { EXPECT_TRUE(runner.totals().balanced); }

    Bytes ticket(const Bytes& frame) {
        const Ran ran = runner.strip(plan.port_id("d0"), frame);
        EXPECT_EQ(ran.result.verdict, SFC_VERDICT_TO_KERNEL) << unsigned{ran.result.reason};
        return machine.metadata();
    }
    /// The frame behind Ethernet as it leaves by the hairpin.
    Bytes leave(const Bytes& ticket) {
        machine.run(sfc_restore_tc, plain_udp({}),
                    {.ifindex = NativeRunner::ifindex(plan.port_id("e0")),
                     .ingress_ifindex = NativeRunner::ifindex(plan.port_id("d0")),
                     .segments = 2,
                     .metadata = ticket});
        EXPECT_EQ(machine.redirected(), kHairpinIn);
        machine.run(sfc_hairpin, machine.frame_bytes(), kHairpinOut);
        return without_ethernet(machine.frame_bytes());
    }
};

const std::vector<Nsh> kHeaders = {
    {},
    {.context = Bytes(16, 0x11)},
    {.next = kIpv6},
    {.md = 2, .context = {}},
    {.md = 2, .context = tlv(0)},                    // an odd number of words
    {.md = 2, .context = tlv(52)},                   // as long as glance reads
    {.md = 2, .context = join({tlv(52), tlv(0)})},   // longer
    {.md = 2, .context = join({tlv(124), tlv(76)})}, // as long as there is room for
};

TEST_F(NshKernel, EqualHeadersHaveEqualTickets) {
    std::vector<Bytes> seen;
    for (const Nsh& header : kHeaders) {
        const Bytes packet = header.next == kIpv6 ? inner6() : inner4();
        const Bytes first = ticket(ether(kNsh, nsh(header, packet)));
        EXPECT_EQ(ticket(ether(kNsh, nsh(header, packet))), first);
        EXPECT_EQ(std::count(seen.begin(), seen.end(), first), 0);
        seen.push_back(first);
    }
}

TEST_F(NshKernel, HeaderComesBackWhereThePacketLeaves) {
    for (Nsh header : kHeaders) {
        if (header.next == kIpv6) {
            continue; // what leaves here is IPv4
        }
        const Bytes back = leave(ticket(ether(kNsh, nsh(header, inner4()))));
        header.si--;
        EXPECT_EQ(back, nsh(header, inner4()));
    }
    const Bytes tags = join({tag(kNsh), nsh({.si = 6}, inner4())});
    EXPECT_EQ(leave(ticket(ether(ETH_P_8021Q, join({tag(kNsh), nsh({}, inner4())})))), tags);
    EXPECT_EQ(leave(ticket(ether(kNsh, nsh({.next = kMpls}, join({word(0x00012140), inner4()}))))),
              nsh({.si = 6, .next = kMpls}, join({word(0x00012140), inner4()})));
}

TEST_F(NshKernel, OuterPacketIsMadeForEachFrame) {
    const Bytes back = leave(ticket(gpe(nsh({.spi = 2}, inner4()))));
    EXPECT_EQ(internet_checksum(std::span(back).first(20)), 0);
    EXPECT_EQ(Bytes(back.begin() + 36, back.end()), nsh({.spi = 2, .si = 6}, inner4()));
}

/// IPv4 went in, and a single packet leaves as IPv6: it takes the hairpin, where the last next protocol becomes that of
/// IPv6.
TEST_F(NshKernel, AnotherVersion) {
    constexpr std::uint16_t kSummedAt = 128;
    machine.constants.summed_at = kSummedAt; // so that single frames need no hairpin
    const auto leaves = [&](const Bytes& bare, std::uint16_t ethertype, const Bytes& metadata) {
        return machine.run(sfc_restore_tc, bare,
                           {.ifindex = NativeRunner::ifindex(plan.port_id("e0")),
                            .ingress_ifindex = NativeRunner::ifindex(plan.port_id("d0")),
                            .ethertype = ethertype,
                            .metadata = metadata});
    };
    const Bytes six = join({Bytes(12), {0x86, 0xdd}, inner6()});
    for (const Bytes& nested : {Bytes{}, nsh({}, {}), Bytes{0, 2, 0, kIpv4, 1, 2, 3, 4}}) {
        const std::uint8_t next = nested.empty() ? kIpv4 : nested[0] != 0 ? kNested : kIoam;
        const Bytes in = ether(kNsh, nsh({.next = next}, join({nested, inner4()})));
        EXPECT_EQ(leaves(plain_udp({}), ETH_P_IP, ticket(in)), TC_ACT_UNSPEC);
        EXPECT_EQ(without_ethernet(machine.frame_bytes()), nsh({.si = 6, .next = next}, join({nested, inner4()})));
        leaves(six, ETH_P_IPV6, ticket(in));
        ASSERT_EQ(machine.redirected(), kHairpinIn);
        machine.run(sfc_hairpin, machine.frame_bytes(), kHairpinOut);
        Bytes want = nsh({.si = 6, .next = next}, nested);
        want[nested.empty() ? 3 : want.size() - nested.size() + 3] = kIpv6;
        EXPECT_EQ(without_ethernet(machine.frame_bytes()), join({want, inner6()}));
    }
}

TEST_F(NshKernel, ALengthThatIsTooSmall) {
    const Ran ran = runner.strip(plan.port_id("d0"), ether(kNsh, nsh({.words = 1}, inner4())));
    EXPECT_EQ(unsigned{ran.result.reason}, SFC_REASON_bad_length);
}

TEST_F(NshKernel, EveryLengthOfAFrame) {
    for (const Nsh& header : kHeaders) {
        const Bytes whole = ether(kNsh, nsh(header, inner4()));
        for (std::size_t size = 0; size < whole.size(); size++) {
            const Bytes frame(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_NE(runner.strip(plan.port_id("d0"), frame).result.verdict, SFC_VERDICT_TO_SF);
        }
    }
}

} // namespace
} // namespace sfc::test
