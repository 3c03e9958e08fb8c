// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <algorithm>
#include <cerrno>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/frame_bytes.h"
#include "net/messages.h"
#include "net/neighbours.h"

namespace sfc {
namespace {

constexpr std::size_t kMost = 128; // no frame or message here is longer
constexpr Mac kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

} // namespace

Bytes arp_request(const Mac& own, const IpBytes& source, const IpBytes& target) {
    Bytes frame;
    frame.reserve(kMost);
    append(frame, kBroadcast);
    append(frame, own);
    append(frame, {0x08, 0x06});                               // EtherType ARP
    append(frame, {0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01}); // Ethernet, IPv4, request
    append(frame, own);
    append(frame, source);
    append(frame, Mac{});
    append(frame, target);
    return frame;
}

Bytes neighbour_solicitation(const Mac& own, const IpBytes& source, const IpBytes& target) {
    IpBytes group = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0}; // solicited-node address, RFC 4291 2.7.1
    std::copy(target.end() - 3, target.end(), group.end() - 3);
    Bytes message;
    message.reserve(kMost); // also keeps g++ 12 from seeing an overflow in the growing vector
    append(message, {135, 0, 0, 0, 0, 0, 0, 0});
    append(message, target);
    append(message, {1, 1}); // option: source link-layer address
    append(message, own);
    set16(message, 2, checksum(source, group, IPPROTO_ICMPV6, message));

    Bytes frame;
    frame.reserve(kMost);
    append(frame, {0x33, 0x33, group[12], group[13], group[14], group[15]}); // RFC 2464 7
    append(frame, own);
    append(frame, {0x86, 0xdd, 0x60, 0, 0, 0, 0, static_cast<std::uint8_t>(message.size()), IPPROTO_ICMPV6, 255});
    append(frame, source);
    append(frame, group);
    append(frame, message);
    return frame;
}

NeighbourPing::NeighbourPing() : socket_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    if (!socket_) {
        throw system_error(msg::cannot_open_neighbour_probe(), errno);
    }
}

void NeighbourPing::ask(Netlink& netlink, std::uint32_t ifindex, const Mac& own, const IpBytes& ip) const {
    const IpBytes source = source_for(netlink, ifindex, ip);
    if (unspecified(source)) {
        return;
    }
    const Bytes frame = ip.size() == 4 ? arp_request(own, source, ip) : neighbour_solicitation(own, source, ip);
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(ifindex);
    // A link that is down refuses it; the next probe comes soon.
    (void)sendto(socket_.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
}

} // namespace sfc
