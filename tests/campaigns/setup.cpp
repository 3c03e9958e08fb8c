// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "setup.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace sfc::test {
namespace {

using oracle::Inner;

enum Ports { A0, A1, B0, B1, C0, D0, D1, P0, P1, E0, E1 };
enum Sfs { A, B, C, D };

constexpr oracle::Mac kHop0 = {0x02, 0, 0, 0, 0, 0x99};
constexpr oracle::Mac kHop1 = {0x02, 0, 0, 0, 0, 0x98};
constexpr oracle::Mac kRouted = {0x02, 0, 0, 0, 0x0b, 0x01};

std::vector<oracle::Sf> sfs() {
    std::vector<oracle::Sf> list(4);
    for (std::size_t id = 0; id < list.size(); id++) {
        list[id].name = std::string(1, "abcd"[id]);
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
    return list;
}

std::vector<oracle::Port> ports() {
    std::vector<oracle::Port> list(E1 + 1);
    constexpr std::array<const char*, E1 + 1> kNames = {"a0", "a1", "b0", "b1", "c0", "d0",
                                                        "d1", "p0", "p1", "e0", "e1"};
    constexpr std::array<int, E1 + 1> kSfs = {A, A, B, B, C, D, D, -1, -1, -1, -1};
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

/// `egress` -1 is the way back to where the packet came from.
oracle::Service service(const char* name, std::uint32_t label, std::vector<int> domain, Way way, int egress) {
    oracle::Service made;
    made.name = name;
    made.label = label;
    made.domain = std::move(domain);
    made.sf = way.sf;
    made.to_port = way.to_port;
    made.return_port = way.return_port;
    made.egress = egress;
    made.next_hop = egress == E0 ? kHop0 : egress == E1 ? kHop1 : oracle::Mac{};
    return made;
}

} // namespace

oracle::World campaign_world() {
    oracle::World world;
    world.sfs = sfs();
    world.ports = ports();
    std::vector<oracle::Service>& list = world.services;
    list.push_back(service("plain", 16001, {P0, P1}, {A, A0, A1}, E0));
    list.back().plain = true;
    list.push_back(service("back", 16002, {P0}, {A, A1, A0}, -1));
    list.back().pipe = true;
    list.push_back(service("hops", 16003, {P0, P1}, {A, A0, A1}, E1));
    list.back().decrement = true;
    list.push_back(service("four", 16004, {P0}, {B, B0, B1}, E1));
    list.back().inner = Inner::Ipv4;
    list.push_back(service("six", 16005, {P0, P1}, {B, B1, B0}, -1));
    list.back().inner = Inner::Ipv6;
    list.back().decrement = true;
    list.push_back(service("media", 16006, {P0}, {C, C0, C0}, E0));
    list.push_back(service("media-in", 16007, {P0, P1}, {C, C0, C0}, -1));
    list.back().pipe = list.back().plain = true;
    list.push_back(service("wire", 16008, {P0}, {D, D0, D1}, E0));
    list.back().inner = Inner::Ethernet;
    list.push_back(service("wire-back", 16009, {P0, P1}, {D, D1, D0}, -1));
    list.back().inner = Inner::Ethernet;
    list.back().pipe = true;
    return world;
}

std::vector<std::string> campaign_interfaces() {
    const oracle::World world = campaign_world();
    std::vector<std::string> names;
    std::transform(world.ports.begin(), world.ports.end(), std::back_inserter(names),
                   [](const oracle::Port& port) { return port.name; });
    return names;
}

std::vector<Chain> campaign_chains(const oracle::World& world) {
    std::vector<Chain> chains;
    for (const oracle::Service& service : world.services) {
        const bool any = service.inner == Inner::Ip;
        chains.push_back({service.label, any || service.inner == Inner::Ipv4, any || service.inner == Inner::Ipv6,
                          service.inner == Inner::Ethernet});
    }
    return chains;
}

} // namespace sfc::test
