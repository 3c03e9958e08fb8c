// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Messages to senders where the header is in the way: long headers, for which there is just room in front of a frame;
// routes (`fib`), which are asked with the header on; and End.AM, whose packets go to the SF with it.
#pragma once

#include "faults.h"
#include "messages.h"
#include "nsh_packets.h"
#include "srv6_packets.h"

namespace sfc::test {

constexpr std::uint16_t kDontFragment = 0x4000; // RFC 791 3.1
constexpr std::uint32_t kQueue = 2048;          ///< stands for the way to this host's kernel
constexpr std::uint32_t kGpe = 60;              ///< bytes of IPv4, UDP, VXLAN-GPE and NSH
inline const Bytes kNextMac = {0x02, 0, 0, 0, 0, 0x99}, kOutMac = {0x02, 0, 0, 0, 0, 0xe1},
                   kOurMac = {0x02, 0, 0, 0, 0, 0xf1};
inline const Bytes kNoMac = Bytes(6), kSenderMac = {0x02, 0, 0, 0, 0, 0x77};
inline const Bytes kFour = {0x08, 0x00}, kSix = {0x86, 0xdd};
inline const Bytes kOne = address(1, 1), kTwo = address(2, 1); ///< segments behind the SF

inline Plan behind_plan() {
    return make_plan(parse_config(R"(
cache: {capacity: 256}
icmp: {source: [203.0.113.1, "2001:db8:a::1"], rate: 1000000}
sfs:
  - {name: fw, ports: {left: f0, right: f1}}
  - {name: masked, ports: {left: m0, right: m1}}
services:
  - {name: nsh, match: {encapsulation: nsh, spi: 1, si: 7}, domain: d0, sf: {name: fw, in: left}, oam: forward, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: four, match: {encapsulation: nsh, spi: 4, si: 7}, domain: d0, sf: {name: fw, in: left}, oam: forward, next_hop: {tunnel: {remote: 192.0.2.9, local: 192.0.2.1}, fib: [e0, e1]}}
  - {name: six, match: {encapsulation: nsh, spi: 6, si: 7}, domain: d0, sf: {name: fw, in: left}, next_hop: {tunnel: {remote: "2001:db8::9", local: "2001:db8::1"}, fib: [e0, e1]}}
  - {name: ad, match: {encapsulation: srv6, sid: "2001:db8:f::1"}, domain: d0, sf: {name: fw, in: left}, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: ad-fib, match: {encapsulation: srv6, sid: "2001:db8:f::11"}, domain: d0, sf: {name: fw, in: left}, inner_ttl: keep, next_hop: {fib: [e0, e1]}}
  - {name: am, match: {encapsulation: srv6, sid: "2001:db8:f::2", behaviour: am}, domain: d0, sf: {name: masked, in: left}, next_hop: {interface: e0, mac: "02:00:00:00:00:99"}}
  - {name: am-back, match: {encapsulation: srv6, sid: "2001:db8:f::3", behaviour: am}, domain: d0, sf: {name: masked, in: left}, next_hop: ingress}
  - {name: am-fib, match: {encapsulation: srv6, sid: "2001:db8:f::12", behaviour: am}, domain: d0, sf: {name: masked, in: left}, next_hop: {fib: [e0, e1]}}
)",
                                  "behind.yaml"));
}

/// A packet of so many bytes that must not be fragmented.
inline Bytes packet_of(std::size_t size, bool six) {
    return without_ethernet(six ? Bytes(ethernet() / ipv6() / udp() / payload(size - 48))
                                : Bytes(ethernet() / ipv4({.fragment = kDontFragment}) / udp() / payload(size - 28)));
}

/// The outer packet of VXLAN-GPE on its way back, to the other end of the tunnel.
inline Bytes tunnelled(const Bytes& inside, bool six) {
    const Bytes all = join({{0x0c, 0, 0, 4, 0, 0xab, 0xcd, 0}, inside});
    const std::string_view text(reinterpret_cast<const char*>(all.data()), all.size());
    const Ports ports = {.from = 50001, .to = kGpePort};
    const Ipv4 outer4 = {.from = {192, 0, 2, 1}, .to = {192, 0, 2, 9}, .id = 0, .fragment = kDontFragment};
    return without_ethernet(six ? Bytes(ethernet() / ipv6({.from = 1, .to = 9}) / udp(ports) / payload(text))
                                : Bytes(ethernet() / ipv4(outer4) / udp(ports) / payload(text)));
}

/// To a SID of one byte, with the segments kOne and kTwo behind it; `left` of a list of three.
inline Bytes steered(std::uint8_t sid, std::uint8_t next, const Bytes& behind, std::uint8_t hops = 64) {
    const Bytes list = srh(next, 2, {kTwo, kOne, address(0x0f, sid)});
    Bytes frame = in_frame(outer(address(0x0f, sid), kRoutingHeader, joined({list, behind}), hops));
    std::copy(kSenderMac.begin(), kSenderMac.end(), frame.begin() + ETH_ALEN);
    return frame;
}

inline Bytes udp_of(std::size_t size) {
    Bytes all = {0, 1, 0, 2, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size), 0, 0};
    all.resize(size, 0x5a);
    return all;
}

class Behind : public testing::Test {
protected:
    Plan plan = behind_plan();
    NativeRunner runner{plan};
    Machine& machine = runner.machine;
    std::vector<struct bpf_fib_lookup> asked;
    std::uint32_t route_mtu = 65535, leads_to = at("e1");
    long found = BPF_FIB_LKUP_RET_SUCCESS;
    bool counts_lost = false;

    void SetUp() override {
        machine.constants.any_address = 1;
        full();
        machine.map("handover").set(std::uint32_t{0}, kQueue);
        for (const char* name : {"f1", "m1"}) {
            std::copy(kOurMac.begin(), kOurMac.end(), machine.map("ports").at<sfc_port>(id(name)).mac);
        }
        // As the kernel: the size first, and of an interface nothing where the packet is too big.
        machine.route = [this](struct bpf_fib_lookup& question) -> long {
            asked.push_back(question);
            if (question.tot_len > route_mtu) {
                question.tot_len = static_cast<std::uint16_t>(route_mtu);
                return BPF_FIB_LKUP_RET_FRAG_NEEDED;
            }
            if (found == BPF_FIB_LKUP_RET_UNSUPP_LWT) {
                return found;
            }
            question.ifindex = leads_to;
            if (found == BPF_FIB_LKUP_RET_SUCCESS) {
                question.tot_len = static_cast<std::uint16_t>(route_mtu);
                std::copy(kNextMac.begin(), kNextMac.end(), question.dmac);
                std::copy(kOutMac.begin(), kOutMac.end(), question.smac);
            }
            return found;
        };
    }
    void TearDown() override { EXPECT_TRUE(counts_lost || runner.totals().balanced); }

    [[nodiscard]] std::uint16_t id(const char* port) const { return plan.port_id(port); }
    [[nodiscard]] std::uint32_t at(const char* port) const { return NativeRunner::ifindex(plan.port_id(port)); }
    std::uint32_t& mtu(const char* name) { return machine.map("ports").at<sfc_port>(id(name)).mtu; }
    void full() { runner.set_time(machine.map("set_clock").at<std::uint64_t>(0) + 1'000'000'000); }
    Ran strip(const Bytes& frame) {
        full();
        return runner.strip(id("d0"), frame);
    }
    /// The frame that the SF gets.
    Bytes bare(const Bytes& frame) {
        const Ran ran = strip(frame);
        EXPECT_EQ(ran.result.verdict, SFC_VERDICT_TO_SF) << unsigned{ran.result.reason};
        return {ran.bytes.begin(), ran.bytes.end()};
    }
    Ran restore(const char* port, const Bytes& frame) { return runner.restore(id(port), frame); }
    /// The frame that left instead; empty where none did.
    Bytes answer(const Ran& ran, sfc_reason reason = SFC_REASON_too_big) {
        EXPECT_EQ(unsigned{ran.result.reason}, unsigned{reason});
        EXPECT_EQ(contradiction(ran, machine.redirected().has_value()), "");
        return ran.result.answered != 0 ? Bytes(ran.bytes.begin(), ran.bytes.end()) : Bytes{};
    }
    std::uint64_t sent(std::uint32_t service, sfc_event event) {
        return runner.service_counters(static_cast<std::uint16_t>(service)).event[event].packets;
    }
};

inline Error too_big(bool six, std::uint32_t mtu, std::size_t most = 65535) {
    return {static_cast<std::uint8_t>(six ? 2 : 3), static_cast<std::uint8_t>(six ? 0 : 4), mtu, most};
}

} // namespace sfc::test
