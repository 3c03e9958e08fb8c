// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <algorithm>
#include <array>
#include <cerrno>
#include <initializer_list>

#include <ifaddrs.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "net/messages.h"
#include "net/neighbours.h"

namespace sfc {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kMost = 128; // no frame or message here is longer
constexpr Mac kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

template <class Range> void append(Bytes& to, const Range& from) {
    to.insert(to.end(), std::begin(from), std::end(from));
}

void append(Bytes& to, std::initializer_list<std::uint8_t> from) {
    to.insert(to.end(), from.begin(), from.end());
}

/// RFC 1071 over the pseudo header of RFC 8200 8.1 and the message.
std::uint16_t icmpv6_checksum(const IpBytes& source, const IpBytes& destination, const Bytes& message) {
    Bytes all;
    all.reserve(kMost);
    append(all, source);
    append(all, destination);
    append(all, {0, 0, 0, static_cast<std::uint8_t>(message.size()), 0, 0, 0, IPPROTO_ICMPV6});
    append(all, message);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
        sum += std::uint32_t{all[i]} << 8 | all[i + 1];
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

/// An address of ours on the interface: in IPv4 the one that shares most leading bits with `target`, in IPv6 the
/// link-local one. All zero where there is none.
IpBytes own_address(const char* interface, const IpBytes& target) {
    IpBytes best(target.size(), 0);
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) {
        return best;
    }
    std::size_t best_common = 0;
    for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
        const int family = target.size() == 4 ? AF_INET : AF_INET6;
        if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != family ||
            std::string(interface) != entry->ifa_name) {
            continue;
        }
        const auto* bytes = family == AF_INET
                                ? reinterpret_cast<const std::uint8_t*>(
                                      &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr)
                                : reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr)->sin6_addr.s6_addr;
        const std::size_t common = std::mismatch(target.begin(), target.end(), bytes).first - target.begin();
        const bool link_local = family == AF_INET6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
        if (link_local || common >= best_common) {
            best.assign(bytes, bytes + target.size());
            best_common = link_local ? target.size() : common;
        }
    }
    freeifaddrs(list);
    return best;
}

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
    IpBytes group = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}; // solicited-node address, RFC 4291 2.7.1
    group.insert(group.end(), target.end() - 3, target.end());
    Bytes message;
    message.reserve(kMost); // also keeps g++ 12 from seeing an overflow in the growing vector
    append(message, {135, 0, 0, 0, 0, 0, 0, 0});
    append(message, target);
    append(message, {1, 1}); // option: source link-layer address
    append(message, own);
    const std::uint16_t checksum = icmpv6_checksum(source, group, message);
    message[2] = checksum >> 8;
    message[3] = checksum & 0xff;

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

NeighbourProbe::NeighbourProbe() : socket_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    if (!socket_) {
        throw system_error(msg::cannot_open_neighbour_probe(), errno);
    }
}

void NeighbourProbe::ask(std::uint32_t ifindex, const Mac& own, const IpBytes& ip) const {
    std::array<char, IF_NAMESIZE> name{};
    if (if_indextoname(ifindex, name.data()) == nullptr) {
        return; // gone: the link's own event says so
    }
    const IpBytes source = own_address(name.data(), ip);
    if (ip.size() == 16 && std::all_of(source.begin(), source.end(), [](std::uint8_t byte) { return byte == 0; })) {
        return; // a solicitation from "::" would be duplicate address detection, and is not answered to us
    }
    const Bytes frame = ip.size() == 4 ? arp_request(own, source, ip) : neighbour_solicitation(own, source, ip);
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(ifindex);
    // A link that is down refuses it; the next probe comes soon.
    (void)sendto(socket_.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
}

} // namespace sfc
