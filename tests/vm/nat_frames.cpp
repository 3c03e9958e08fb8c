// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "nat_frames.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/error.h"
#include "nat_lab.h"
#include "net/netns.h"
#include "packet.h"

namespace sfc::vm {
namespace {

constexpr std::size_t kEntry = 4;                     // bytes of a label stack entry
constexpr std::uint8_t kBottom = 1;                   // in the third byte of an entry
constexpr int kBuffer = 64 << 20;                     // frames wait in the socket until a kind of traffic is over
constexpr std::uint8_t kFirstNd = 133, kLastNd = 137; // types of neighbour discovery

std::uint16_t read16(const Bytes& frame, std::size_t at) {
    return static_cast<std::uint16_t>(frame[at] << 8 | frame[at + 1]);
}

/// Where things are in a frame.
struct Layout {
    std::size_t ip = 0, l4 = 0, end = 0;
    Family family{};
    std::uint8_t protocol = 0;

    [[nodiscard]] bool icmp() const { return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6; }
    [[nodiscard]] std::size_t ttl() const { return ip + (family == Family::V4 ? 8 : 7); }
    [[nodiscard]] std::size_t address_bytes() const { return family == Family::V4 ? 4 : 16; }
    [[nodiscard]] std::size_t source() const { return ip + (family == Family::V4 ? 12 : 8); }
    /// The sender's address, which masquerade changes.
    [[nodiscard]] std::size_t local(Direction direction) const {
        return source() + (direction == Direction::Forth ? 0 : address_bytes());
    }
    /// The sender's port, or the number of its echo requests.
    [[nodiscard]] std::size_t port(Direction direction) const {
        return l4 + (icmp() ? 4 : direction == Direction::Forth ? 0 : 2);
    }
    [[nodiscard]] std::size_t checksum() const { return l4 + (icmp() ? 2 : protocol == IPPROTO_TCP ? 16 : 6); }
    [[nodiscard]] std::string kind() const {
        const char* name = icmp() ? "icmp" : protocol == IPPROTO_TCP ? "tcp" : "udp";
        return fmt::format("{}{}", name, family == Family::V4 ? 4 : 6);
    }
};

/// Of an IP packet that begins at `ip`; none where it is not one of those that this test sends.
std::optional<Layout> layout_at(const Bytes& frame, std::size_t ip) {
    Layout found;
    found.ip = ip;
    if (frame.size() < ip + 40) {
        return std::nullopt;
    }
    if (frame[ip] == 0x45) {
        found.family = Family::V4;
        found.l4 = ip + 20;
        found.end = ip + read16(frame, ip + 2);
        found.protocol = frame[ip + 9];
    } else if (frame[ip] >> 4 == 6) {
        found.family = Family::V6;
        found.l4 = ip + 40;
        found.end = found.l4 + read16(frame, ip + 4);
        found.protocol = frame[ip + 6];
    } else {
        return std::nullopt;
    }
    const bool known = found.icmp() || found.protocol == IPPROTO_TCP || found.protocol == IPPROTO_UDP;
    return known && found.end <= frame.size() && found.checksum() + 2 <= found.end ? std::optional(found)
                                                                                   : std::nullopt;
}

/// Behind a label stack.
std::optional<Layout> layout_of(const Bytes& frame) {
    if (frame.size() < ETH_HLEN || read16(frame, 12) != ETH_P_MPLS_UC) {
        return std::nullopt;
    }
    std::size_t at = ETH_HLEN;
    while (at + kEntry <= frame.size() && (frame[at + 2] & kBottom) == 0) {
        at += kEntry;
    }
    return layout_at(frame, at + kEntry);
}

/// What a link says to itself: ARP, neighbour discovery, multicast listeners.
bool is_link_own(const Bytes& frame) {
    if (frame.size() < ETH_HLEN + 41 || read16(frame, 12) != ETH_P_IPV6) {
        return frame.size() >= ETH_HLEN && read16(frame, 12) == ETH_P_ARP;
    }
    const std::uint8_t next = frame[ETH_HLEN + 6], type = frame[ETH_HLEN + 40];
    return next == IPPROTO_HOPOPTS || (next == IPPROTO_ICMPV6 && type >= kFirstNd && type <= kLastNd);
}

bool checksums_right(const Bytes& frame, const Layout& layout) {
    const std::span bytes(frame);
    if (layout.family == Family::V4 && test::internet_checksum(bytes.subspan(layout.ip, layout.l4 - layout.ip)) != 0) {
        return false;
    }
    std::uint32_t pseudo = 0;
    if (layout.protocol != IPPROTO_ICMP) {
        for (std::size_t i = 0; i < 2 * layout.address_bytes(); i += 2) {
            pseudo += read16(frame, layout.source() + i);
        }
        pseudo += layout.protocol + static_cast<std::uint32_t>(layout.end - layout.l4);
    }
    return test::internet_checksum(bytes.subspan(layout.l4, layout.end - layout.l4), pseudo) == 0;
}

/// Whether address and port of the sender are as they must be: `translated` is between the proxy and the receiver.
bool translation_right(const Bytes& frame, const Layout& layout, Direction direction, bool translated) {
    const std::string text = translated ? far_address(layout.family) : sender_address(layout.family);
    Bytes address(layout.address_bytes());
    inet_pton(layout.family == Family::V4 ? AF_INET : AF_INET6, text.c_str(), address.data());
    const auto at = frame.begin() + static_cast<std::ptrdiff_t>(layout.local(direction));
    const unsigned port = read16(frame, layout.port(direction));
    return std::equal(address.begin(), address.end(), at) &&
           (layout.icmp() || translated == (port >= kFirstPort && port <= kLastPort));
}

/// What is compared: all but address and port of the sender, and the checksums.
std::string comparable(Bytes frame, const Layout& layout, Direction direction) {
    const auto clear = [&](std::size_t at, std::size_t count) {
        std::fill_n(frame.begin() + static_cast<std::ptrdiff_t>(at), count, 0);
    };
    clear(layout.local(direction), layout.address_bytes());
    clear(layout.port(direction), 2);
    clear(layout.checksum(), 2);
    if (layout.family == Family::V4) {
        clear(layout.ip + 10, 2);
    }
    return layout.kind() + " " + std::string(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(layout.end));
}

/// One entry less; the new top has the smaller one of its own TTL and that of the old one less 1 (RFC 3443, uniform).
/// The stack of the proxy's host takes a hop off the packet itself.
void advance(Bytes& frame, std::size_t packet_ttl) {
    const std::size_t first = ETH_HLEN + 3, second = first + kEntry;
    frame[packet_ttl]--;
    frame[second] = std::min(frame[second], static_cast<std::uint8_t>(frame[first] - 1));
    frame.erase(frame.begin() + ETH_HLEN, frame.begin() + ETH_HLEN + kEntry);
}

} // namespace

Mac mac_of(const std::string& device) {
    const Fd any(socket(AF_INET, SOCK_DGRAM, 0));
    ifreq request{};
    device.copy(request.ifr_name, IFNAMSIZ - 1);
    if (ioctl(any.get(), SIOCGIFHWADDR, &request) != 0) {
        throw system_error(fmt::format("interface '{}'", device), errno);
    }
    Mac mac{};
    std::copy_n(request.ifr_hwaddr.sa_data, mac.size(), mac.begin());
    return mac;
}

Tap::Tap(const std::string& netns, const std::string& device) {
    const InNetns inside(netns.empty() ? Netns::current() : Netns::open(netns));
    socket_ = Fd(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0)); // 0: nothing before it is bound
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
    if (setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof(kBuffer)) != 0 ||
        bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        throw system_error(fmt::format("cannot listen on '{}'", device), errno);
    }
    mac_ = mac_of(device);
}

Tap::Frames Tap::drain() {
    Frames frames;
    Bytes buffer(65536);
    sockaddr_ll address{};
    for (;;) {
        socklen_t length = sizeof(address);
        const ssize_t size =
            recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&address), &length);
        if (size < 0) {
            break;
        }
        (address.sll_pkttype == PACKET_OUTGOING ? frames.sent : frames.received)
            .emplace_back(buffer.begin(), buffer.begin() + size);
    }
    tpacket_stats stats{};
    socklen_t length = sizeof(stats);
    if (getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &length) != 0 || stats.tp_drops != 0) {
        throw Error(ExitCode::Failed, fmt::format("a tap has lost {} frames", stats.tp_drops));
    }
    return frames;
}

void Way::sent(const std::vector<Bytes>& frames) {
    const std::uint16_t first = direction_ == Direction::Forth ? 16001 : 16002;
    for (Bytes frame : frames) {
        if (is_link_own(frame)) {
            continue;
        }
        const std::optional<Layout> layout = layout_of(frame);
        if (!layout || layout->ip < ETH_HLEN + 2 * kEntry || (read16(frame, ETH_HLEN) << 4 | frame[16] >> 4) != first ||
            !translation_right(frame, *layout, direction_, direction_ == Direction::Back)) {
            throw Error(ExitCode::Failed,
                        fmt::format("a host has sent what was not planned: {:02x}", fmt::join(frame, "")));
        }
        headers_.emplace(frame.begin() + ETH_HLEN, frame.begin() + static_cast<std::ptrdiff_t>(layout->ip));
        std::copy(to_.begin(), to_.end(), frame.begin());
        std::copy(from_.begin(), from_.end(), frame.begin() + ETH_ALEN);
        advance(frame, layout->ttl());
        Layout advanced = *layout;
        for (std::size_t* at : {&advanced.ip, &advanced.l4, &advanced.end}) {
            *at -= kEntry;
        }
        expected_.insert(comparable(std::move(frame), advanced, direction_));
    }
}

void Way::received(const std::vector<Bytes>& frames) {
    for (const Bytes& frame : frames) {
        if (is_link_own(frame)) {
            continue;
        }
        const std::optional<Layout> layout = layout_of(frame);
        const bool right = layout && checksums_right(frame, *layout) &&
                           translation_right(frame, *layout, direction_, direction_ == Direction::Forth);
        if (right) {
            arrived_.insert(comparable(frame, *layout, direction_));
            continue;
        }
        const bool labels = frame.size() >= ETH_HLEN && read16(frame, 12) == ETH_P_MPLS_UC;
        (labels ? spoilt_ : bare_)++;
        if (example_.empty()) {
            example_ = fmt::format("{:02x}", fmt::join(frame, ""));
        }
    }
}

Way::Tally Way::tally() const {
    Tally tally;
    std::vector<std::string> good;
    std::set_intersection(expected_.begin(), expected_.end(), arrived_.begin(), arrived_.end(),
                          std::back_inserter(good));
    tally.pushed = expected_.size();
    tally.good = good.size();
    tally.wrong = arrived_.size() - good.size() + spoilt_;
    tally.bare = bare_;
    tally.lost = expected_.size() - good.size();
    tally.headers = headers_.size();
    for (const std::string& frame : good) {
        tally.kinds[frame.substr(0, frame.find(' '))]++;
    }
    return tally;
}

std::string Way::example() const {
    std::string text = example_.empty() ? example_ : fmt::format("spoilt or bare {} ", example_);
    const auto add = [&](const char* what, const std::multiset<std::string>& some,
                         const std::multiset<std::string>& others) {
        std::vector<std::string> alone;
        std::set_difference(some.begin(), some.end(), others.begin(), others.end(), std::back_inserter(alone));
        if (!alone.empty()) {
            const std::string frame = alone.front().substr(alone.front().find(' ') + 1);
            text += fmt::format("{} {:02x} ", what, fmt::join(Bytes(frame.begin(), frame.end()), ""));
        }
    };
    add("expected", expected_, arrived_);
    add("arrived", arrived_, expected_);
    return text;
}

void Way::clear() {
    *this = Way(direction_, from_, to_);
}

} // namespace sfc::vm
