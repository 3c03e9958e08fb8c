// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic_world.h"

#include <algorithm>
#include <iterator>

namespace sfc::test::traffic {
namespace {

using oracle::Mac;

enum Ports { A0, A1, B0, B1, P0, P1, E0, E1, M0, M1, PortCount };
enum Sfs { A, B, M };

constexpr Mac kHop0 = {0x02, 0, 0, 0, 0, 0x99};
constexpr Mac kHop1 = {0x02, 0, 0, 0, 0, 0x98};
constexpr Mac kRouted = {0x02, 0, 0, 0, 0x0b, 0x01};
constexpr std::uint64_t kHoldNs = kTicksMost * kTickNs;

/// With SRv6 it has an SF of End.AM.
oracle::World world_of(const oracle::Encapsulations& encaps, std::uint64_t hold_of_b_ns, bool routed) {
    const bool masked = std::find(encaps.begin(), encaps.end(), oracle::Encapsulation::Srv6) != encaps.end();
    oracle::World world;
    world.sfs.resize(masked ? M + 1 : M);
    world.sfs[A].name = std::string(1, 'a');
    world.sfs[A].hold_ns = kHoldNs;
    world.sfs[B].name = std::string(1, 'b');
    world.sfs[B].hold_ns = hold_of_b_ns;
    if (masked) {
        world.sfs[M].name = std::string(1, 'm');
        world.sfs[M].hold_ns = kHoldNs;
        world.sfs[M].masked = true;
    }
    constexpr std::array<const char*, PortCount> kNames = {"a0", "a1", "b0", "b1", "p0", "p1", "e0", "e1", "m0", "m1"};
    constexpr std::array<int, PortCount> kSfs = {A, A, B, B, -1, -1, -1, -1, M, M};
    world.ports.resize(masked ? PortCount : M0);
    for (std::size_t id = 0; id < world.ports.size(); id++) {
        oracle::Port& port = world.ports[id];
        port.name = kNames[id];
        port.sf = kSfs[id];
        port.routed = routed && port.sf == B;
        port.mac = port.routed ? kRouted : Mac{};
    }
    world.addresses = {oracle::kOwn4, oracle::kOwn6};
    return world;
}

/// From `to_port` to the other port of its SF. `egress` -1 is the way back to where the packet came from.
oracle::Service service(const char* name, std::vector<int> domain, int to_port, int egress) {
    oracle::Service made;
    made.name = name;
    made.domain = std::move(domain);
    made.sf = to_port >= M0 ? M : to_port < B0 ? A : B;
    made.to_port = to_port;
    made.return_port = to_port ^ 1;
    made.egress = egress;
    made.next_hop = egress == E0 ? kHop0 : egress == E1 ? kHop1 : Mac{};
    return made;
}

oracle::Service mpls(const char* name, std::uint32_t label, std::vector<int> domain, int to_port, int egress) {
    return with_label(service(name, std::move(domain), to_port, egress), label);
}

oracle::Service nsh(const char* name, std::uint32_t spi, std::vector<std::uint8_t> si, std::vector<int> domain,
                    int to_port, int egress) {
    return with_path(service(name, std::move(domain), to_port, egress), spi, std::move(si));
}

oracle::Service srv6(const char* name, const oracle::Sid& sid, std::vector<int> domain, int to_port, int egress) {
    return with_sid(service(name, std::move(domain), to_port, egress), sid);
}

void add_mpls(std::vector<oracle::Service>& list) {
    list.push_back(mpls("out", 16001, {P0, P1}, A0, E0));
    list.push_back(mpls("back", 16002, {P1}, A1, E1));
    list.back().pipe = true;
    list.push_back(mpls("also-out", 16003, {P0, P1}, A0, -1));
    list.push_back(mpls("in", 16004, {P0, P1}, B0, E1));
    list.back().plain = true;
    list.push_back(mpls("home", 16005, {P0, P1}, B1, -1));
    list.back().pipe = true;
}

void add_nsh(std::vector<oracle::Service>& list) {
    list.push_back(nsh("nsh-out", 1, {7, 6}, {P0, P1}, A0, E0));
    list.push_back(nsh("nsh-back", 2, {}, {P1}, A1, -1));
    list.push_back(nsh("nsh-also-out", 2, {9}, {P0, P1}, A0, E1));
    list.back().tunnel = oracle::kTunnel6;
    list.push_back(nsh("nsh-in", 3, {1, 255}, {P0, P1}, B0, -1));
    list.back().forwarder = true;
    list.push_back(nsh("nsh-home", 0xffffff, {7}, {P0, P1}, B1, E0));
    list.back().tunnel = oracle::kTunnel4;
}

void add_srv6(std::vector<oracle::Service>& list) {
    list.push_back(srv6("srv6-out", oracle::plain_sid(1), {P0, P1}, A0, E0));
    list.push_back(srv6("srv6-back", oracle::compressed_sid(1), {P1}, A1, -1));
    list.push_back(srv6("srv6-also-out", oracle::fixed_sid(2, 3), {P0, P1}, A0, E1));
    list.push_back(srv6("srv6-in", oracle::compressed_sid(2), {P0, P1}, B0, E1));
    list.push_back(srv6("srv6-home", oracle::plain_sid(3), {P0, P1}, B1, -1));
    list.push_back(srv6("srv6-masked", oracle::masked_sid(4), {P0, P1}, M0, E0));
    list.push_back(srv6("srv6-masked-back", oracle::masked_sid(5), {P1}, M1, E1));
    list.push_back(srv6("srv6-masked-also", oracle::masked_sid(6), {P0, P1}, M0, -1));
}

void add(oracle::Encapsulation which, std::vector<oracle::Service>& list) {
    which == oracle::Encapsulation::Srv6  ? add_srv6(list)
    : which == oracle::Encapsulation::Nsh ? add_nsh(list)
                                          : add_mpls(list);
}

} // namespace

oracle::World oracle_world(const oracle::Encapsulations& encaps) {
    oracle::World world = world_of(encaps, kHoldNs / 2, true);
    for (const oracle::Encapsulation which : encaps) {
        add(which, world.services);
    }
    return world;
}

oracle::World flood_world(const oracle::Encapsulations& encaps) {
    oracle::World world = world_of(encaps, kHoldNs, false);
    for (const oracle::Encapsulation which : encaps) {
        if (which == oracle::Encapsulation::Srv6) {
            world.services.push_back(srv6("srv6-flooded", oracle::compressed_sid(1), {P0}, A0, E0));
            world.services.push_back(srv6("srv6-normal", oracle::masked_sid(1), {P1}, M0, E1));
        } else if (which == oracle::Encapsulation::Nsh) {
            world.services.push_back(nsh("nsh-flooded", 1, {7}, {P0}, A0, E0));
            world.services.push_back(nsh("nsh-normal", 2, {}, {P1}, B0, E1));
            world.services.back().tunnel = oracle::kTunnel6;
        } else {
            world.services.push_back(mpls("flooded", 16001, {P0}, A0, E0));
            world.services.push_back(mpls("normal", 16002, {P1}, B0, E1));
        }
    }
    return world;
}

std::vector<std::uint64_t> holds(const oracle::World& world) {
    std::vector<std::uint64_t> list;
    std::transform(world.services.begin(), world.services.end(), std::back_inserter(list),
                   [&](const oracle::Service& of) { return world.sfs[of.sf].hold_ns; });
    return list;
}

} // namespace sfc::test::traffic
