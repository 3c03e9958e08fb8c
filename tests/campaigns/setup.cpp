// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "setup.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace sfc::test {
namespace {

using oracle::Inner;

enum Ports { A0, A1, B0, B1, C0, D0, D1, P0, P1, E0, E1, M0, M1 };
enum Sfs { A, B, C, D, M };

constexpr oracle::Mac kHop0 = {0x02, 0, 0, 0, 0, 0x99};
constexpr oracle::Mac kHop1 = {0x02, 0, 0, 0, 0, 0x98};
constexpr oracle::Mac kRouted = {0x02, 0, 0, 0, 0x0b, 0x01};

/// The last one is of End.AM, and no SF is without a service.
std::vector<oracle::Sf> sfs(bool masked) {
    std::vector<oracle::Sf> list(masked ? M + 1 : M);
    for (std::size_t id = 0; id < list.size(); id++) {
        list[id].name = std::string(1, "abcdm"[id]);
    }
    list[A].rtp_ports = {{5004, 5004}};
    list[B].profile = std::string("normalizer");
    list[B].ipv4_id = list[B].tcp_timestamps = false;
    list[B].on_miss_pass = true;
    list[B].tunnels = oracle::Tunnels::Drop;
    list[B].hold_ns = 50'000'000;
    list[C].profile = std::string("transcoder");
    list[C].payload_digest = list[C].payload_length = false;
    list[C].on_miss_pass = true;
    list[C].tunnels = oracle::Tunnels::Pass;
    list[C].rtp_ports = {{5004, 5004}, {16384, 16390}};
    list[D].ethernet = true;
    list[D].rtp_ports = {{16384, 16390}};
    if (masked) {
        list[M].masked = true;
    }
    return list;
}

std::vector<oracle::Port> ports(bool masked) {
    std::vector<oracle::Port> list(masked ? M1 + 1 : M0);
    constexpr std::array<const char*, M1 + 1> kNames = {"a0", "a1", "b0", "b1", "c0", "d0", "d1",
                                                        "p0", "p1", "e0", "e1", "m0", "m1"};
    constexpr std::array<int, M1 + 1> kSfs = {A, A, B, B, C, D, D, -1, -1, -1, -1, M, M};
    for (std::size_t id = 0; id < list.size(); id++) {
        list[id].name = kNames[id];
        list[id].sf = kSfs[id];
        list[id].routed = list[id].sf == B;
        list[id].mac = list[id].routed ? kRouted : oracle::Mac{};
    }
    list[B0].mtu = 300;
    list[D1].mtu = 160;
    list[P1].mtu = 280;
    list[E1].mtu = 250;
    return list;
}

/// Through which ports of which SF a service leads.
struct Way {
    int sf, to_port, return_port;
};

static_assert(P0 == kDomainPorts[0] && P1 == kDomainPorts[1]);

/// `egress` -1 is the way back to where the packet came from.
oracle::Service service(const char* name, std::vector<int> domain, Way way, int egress) {
    oracle::Service made;
    made.name = name;
    made.domain = std::move(domain);
    made.sf = way.sf;
    made.to_port = way.to_port;
    made.return_port = way.return_port;
    made.egress = egress;
    made.next_hop = egress == E0 ? kHop0 : egress == E1 ? kHop1 : oracle::Mac{};
    return made;
}

oracle::Service mpls(const char* name, std::uint32_t label, std::vector<int> domain, Way way, int egress) {
    return with_label(service(name, std::move(domain), way, egress), label);
}

/// Without `si` it takes any index.
oracle::Service nsh(const char* name, std::uint32_t spi, std::vector<std::uint8_t> si, std::vector<int> domain, Way way,
                    int egress) {
    return with_path(service(name, std::move(domain), way, egress), spi, std::move(si));
}

oracle::Service srv6(const char* name, const oracle::Sid& sid, std::vector<int> domain, Way way, int egress) {
    return with_sid(service(name, std::move(domain), way, egress), sid);
}

void add_mpls(std::vector<oracle::Service>& list) {
    list.push_back(mpls("plain", 16001, {P0, P1}, {A, A0, A1}, E0));
    list.back().plain = true;
    list.push_back(mpls("back", 16002, {P0}, {A, A1, A0}, -1));
    list.back().pipe = true;
    list.push_back(mpls("hops", 16003, {P0, P1}, {A, A0, A1}, E1));
    list.back().decrement = true;
    list.push_back(mpls("four", 16004, {P0}, {B, B0, B1}, E1));
    list.back().inner = Inner::Ipv4;
    list.push_back(mpls("six", 16005, {P0, P1}, {B, B1, B0}, -1));
    list.back().inner = Inner::Ipv6;
    list.back().decrement = true;
    list.push_back(mpls("media", 16006, {P0}, {C, C0, C0}, E0));
    list.push_back(mpls("media-in", 16007, {P0, P1}, {C, C0, C0}, -1));
    list.back().pipe = list.back().plain = true;
    list.push_back(mpls("wire", 16008, {P0}, {D, D0, D1}, E0));
    list.back().inner = Inner::Ethernet;
    list.push_back(mpls("wire-back", 16009, {P0, P1}, {D, D1, D0}, -1));
    list.back().inner = Inner::Ethernet;
    list.back().pipe = true;
}

void add_nsh(std::vector<oracle::Service>& list) {
    list.push_back(nsh("nsh-out", 1, {7, 6}, {P0, P1}, {A, A0, A1}, E0));
    list.push_back(nsh("nsh-any", 2, {}, {P0, P1}, {A, A1, A0}, -1));
    list.push_back(nsh("nsh-one", 2, {9}, {P0}, {A, A0, A1}, E1));
    list.back().decrement = true;
    list.push_back(nsh("nsh-four", 3, {1, 7}, {P0}, {B, B0, B1}, -1));
    list.back().inner = Inner::Ipv4;
    list.back().forwarder = true;
    list.push_back(nsh("nsh-six", 4, {255}, {P0, P1}, {B, B1, B0}, E1));
    list.back().inner = Inner::Ipv6;
    list.push_back(nsh("nsh-media", 5, {7}, {P0, P1}, {C, C0, C0}, -1));
    list.back().decrement = true;
    list.push_back(nsh("nsh-tunnel", 6, {7}, {P0}, {C, C0, C0}, E0));
    list.back().forwarder = true;
    list.back().tunnel = oracle::kTunnel4;
    list.push_back(nsh("nsh-tunnel6", 0xffffff, {7}, {P0, P1}, {A, A0, A1}, E0));
    list.back().tunnel = oracle::kTunnel6;
    list.push_back(nsh("nsh-wire", 7, {7}, {P0}, {D, D0, D1}, -1));
    list.back().inner = Inner::Ethernet;
    list.push_back(nsh("nsh-wire-out", 8, {7}, {P0, P1}, {D, D1, D0}, E0));
    list.back().inner = Inner::Ethernet;
}

/// SIDs of four lengths, one of them inside another one's prefix, one of them an address of this host.
void add_srv6(std::vector<oracle::Service>& list) {
    list.push_back(srv6("srv6-out", oracle::plain_sid(1), {P0, P1}, {A, A0, A1}, E0));
    list.back().last = true;
    list.push_back(srv6("srv6-back", oracle::plain_sid(2), {P0, P1}, {A, A1, A0}, -1));
    list.back().decrement = true;
    list.push_back(srv6("srv6-four", oracle::plain_sid(4), {P0}, {B, B0, B1}, E0));
    list.back().inner = Inner::Ipv4;
    list.back().decrement = true;
    list.push_back(srv6("srv6-six", oracle::plain_sid(6), {P0, P1}, {B, B1, B0}, -1));
    list.back().inner = Inner::Ipv6;
    list.back().last = true;
    list.push_back(srv6("srv6-fixed", oracle::fixed_sid(10, 3), {P0, P1}, {A, A0, A1}, E0));
    list.push_back(srv6("srv6-fixed-one", oracle::fixed_sid(11, 1), {P0}, {C, C0, C0}, -1));
    list.back().decrement = true;
    list.push_back(srv6("srv6-own", {.address = oracle::kOwn6}, {P0, P1}, {C, C0, C0}, E1));
    list.back().last = true;
    list.push_back(srv6("srv6-csid", oracle::compressed_sid(1), {P0, P1}, {A, A0, A1}, E0));
    list.push_back(srv6("srv6-csid-fixed", oracle::compressed_sid(2), {P0}, {A, A1, A0}, -1));
    list.back().sid.fixed = true;
    list.back().sid.source = oracle::kOwn6;
    list.back().sid.segments = oracle::fixed_sid(2, 10).segments;
    list.push_back(srv6("srv6-csid-32", oracle::compressed_sid(3), {P0, P1}, {C, C0, C0}, E0));
    list.back().sid.address[7] = 1;
    list.back().sid.function = 32;
    list.back().sid.prefix = 64;
    list.push_back(srv6("srv6-inside", oracle::compressed_sid(1), {P0}, {B, B0, B1}, -1));
    list.back().sid = {.address = list.back().sid.address};
    list.back().sid.address[7] = 7; // the argument 7 of srv6-csid
    list.push_back(srv6("srv6-wire", oracle::plain_sid(14), {P0}, {D, D0, D1}, E0));
    list.back().inner = Inner::Ethernet;
    list.back().last = true;
    list.push_back(srv6("srv6-wire-fixed", oracle::fixed_sid(15, 2), {P0, P1}, {D, D1, D0}, -1));
    list.back().inner = Inner::Ethernet;
    list.push_back(srv6("srv6-wire-csid", oracle::compressed_sid(4), {P0, P1}, {D, D0, D1}, E0));
    list.back().inner = Inner::Ethernet;
    list.push_back(srv6("srv6-masked", oracle::masked_sid(20), {P0, P1}, {M, M0, M1}, E0));
    list.push_back(srv6("srv6-masked-back", oracle::masked_sid(21), {P0}, {M, M1, M0}, -1));
    list.push_back(srv6("srv6-masked-small", oracle::masked_sid(22), {P0, P1}, {M, M0, M1}, E1));
}

void add(oracle::Encapsulation which, std::vector<oracle::Service>& list) {
    which == oracle::Encapsulation::Srv6  ? add_srv6(list)
    : which == oracle::Encapsulation::Nsh ? add_nsh(list)
                                          : add_mpls(list);
}

} // namespace

oracle::World campaign_world(const oracle::Encapsulations& encaps) {
    oracle::World world;
    const bool masked = std::find(encaps.begin(), encaps.end(), oracle::Encapsulation::Srv6) != encaps.end();
    world.sfs = sfs(masked);
    world.ports = ports(masked);
    world.addresses = {oracle::kOwn4, oracle::kOwn6};
    for (const oracle::Encapsulation which : encaps) {
        add(which, world.services);
    }
    return world;
}

} // namespace sfc::test
