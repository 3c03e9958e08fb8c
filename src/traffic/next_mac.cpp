// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic/next_mac.h"

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "net/hook.h"
#include "net/neighbours.h"
#include "traffic/messages.h"

namespace sfc {
namespace {

constexpr std::chrono::milliseconds kAnswerWithin{2000}, kStep{20};

/// `sfc_pass` is only at the other end of a port, and lets everything pass.
void refuse_port(const Location& at, TrafficEnd end) {
    const std::string program = at.link.xdp == XdpMode::None ? "" : program_name(at.link.xdp_program);
    if (!program.starts_with("sfc_") || program == "sfc_pass") {
        return;
    }
    const std::string there = at.peer ? at.peer_text() : msg::other_end_of_link();
    throw Error(ExitCode::Kernel, end == TrafficEnd::Send ? msg::send_on_port(at.link.name, program, there)
                                                          : msg::sink_on_port(at.link.name, program, there));
}

std::optional<Mac> known_mac(Netlink& netlink, std::uint32_t ifindex, const IpBytes& ip) {
    std::optional<Mac> mac;
    (void)each_neighbour(netlink, [&](const Neighbour& neighbour) {
        if (neighbour.ifindex == ifindex && neighbour.ip == ip) {
            mac = neighbour.mac;
        }
    });
    return mac;
}

Mac ask_mac(const Link& link, const std::string& address) {
    Netlink netlink;
    const IpBytes ip = parse_ip(address);
    const auto end = std::chrono::steady_clock::now() + kAnswerWithin;
    auto mac = known_mac(netlink, link.index, ip);
    if (!mac && resolve_neighbour(netlink, link.index, ip) == EADDRNOTAVAIL) {
        throw Error(ExitCode::Kernel, msg::no_address_to_ask_from(link.name, address));
    }
    while (!mac && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(kStep);
        mac = known_mac(netlink, link.index, ip);
    }
    if (!mac) {
        throw Error(ExitCode::Kernel, msg::neighbour_says_nothing(address, link.name));
    }
    return *mac;
}

} // namespace

Location traffic_interface(const std::string& name, TrafficEnd end) {
    Plan::Port port;
    port.name = port.interface = name;
    auto at = locate(port);
    if (!at) {
        throw Error(ExitCode::Kernel, msg::no_traffic_interface(name));
    }
    refuse_port(*at, end);
    if (!at->link.usable) {
        throw Error(ExitCode::Kernel, msg::traffic_interface_down(name));
    }
    return std::move(*at);
}

Mac next_mac(const Location& at, const SendOptions& options) {
    if (options.mac) {
        return *options.mac;
    }
    if (!options.via.empty()) {
        return ask_mac(at.link, options.via);
    }
    if (!at.peer || at.peer->master != 0) { // what is in a bridge is not who gets the frames
        throw Error(ExitCode::Usage, msg::whose_mac(at.link.name));
    }
    return at.peer->mac;
}

} // namespace sfc
