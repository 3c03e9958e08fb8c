// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "nat_traffic.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/fd.h"
#include "net/netns.h"

namespace sfc::vm {
namespace {

using Clock = std::chrono::steady_clock;
using Bytes = std::vector<std::uint8_t>;

constexpr unsigned kWindow = 16; // packets on their way at once
constexpr std::uint16_t kPort = 7777, kEcho = 0x5fc;
constexpr std::size_t kBlock = 1000;

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Address address_of(Family family, unsigned number, std::uint16_t port) {
    Address address;
    const std::string text = receiver_address(family, number);
    if (family == Family::V4) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        inet_pton(AF_INET, text.c_str(), &v4.sin_addr);
        address.size = sizeof(v4);
    } else {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr);
        address.size = sizeof(v6);
    }
    return address;
}

Fd open_socket(const char* netns, Family family, int type, int protocol = 0) {
    const InNetns inside(Netns::open(netns));
    Fd opened(socket(family == Family::V4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK, protocol));
    if (!opened) {
        throw system_error("cannot open a socket", errno);
    }
    return opened;
}

/// One at each of the receiver's addresses.
std::vector<Fd> servers(Family family, int type) {
    std::vector<Fd> all;
    for (unsigned number = 0; number < kAddresses; number++) {
        all.push_back(open_socket(kReceiver, family, type));
        const Address address = address_of(family, number, kPort);
        const int again = 1; // connections of the run before may still wait for their end
        if (setsockopt(all.back().get(), SOL_SOCKET, SO_REUSEADDR, &again, sizeof(again)) != 0 ||
            bind(all.back().get(), address.get(), address.size) != 0 ||
            (type == SOCK_STREAM && listen(all.back().get(), 1) != 0)) {
            throw system_error("cannot bind a socket of the receiver", errno);
        }
    }
    return all;
}

/// The kernel puts it into the labels as well, so each value makes a header of its own of each address.
void set_ttl(const Fd& fd, Family family, unsigned number) {
    const int ttl = static_cast<int>(40 + number / kAddresses % 200);
    if (family == Family::V4) {
        setsockopt(fd.get(), IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
    } else {
        setsockopt(fd.get(), IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl));
    }
}

/// Sizes from a few bytes to nearly all that fits, and no two that are equal.
Bytes payload(unsigned number) {
    Bytes bytes(16 + number * 37 % 1300);
    for (std::size_t i = 0; i < bytes.size(); i++) {
        bytes[i] = static_cast<std::uint8_t>(i * 7 + number);
    }
    std::memcpy(bytes.data(), &number, sizeof(number));
    return bytes;
}

unsigned number_in(const Bytes& packet) {
    unsigned number = 0;
    std::memcpy(&number, packet.data(), std::min(sizeof(number), packet.size()));
    return number;
}

/// Waits for something to read in any of them. Returns false where there is nothing until `end`.
bool wait_readable(const std::vector<const Fd*>& fds, Clock::time_point end) {
    std::vector<pollfd> polled;
    polled.reserve(fds.size());
    for (const Fd* fd : fds) {
        polled.push_back({fd->get(), POLLIN, 0});
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    return left > 0 && poll(polled.data(), polled.size(), static_cast<int>(left)) > 0;
}

/// The next packet of a socket, or what a connection has so far; empty where there is nothing.
Bytes receive(const Fd& fd, Address* from = nullptr) {
    Bytes bytes(2000);
    Address address;
    address.size = sizeof(address.storage);
    const ssize_t size =
        recvfrom(fd.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
    if (from != nullptr) {
        *from = address;
    }
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return bytes;
}

/// Sends `count` packets, a window at a time. `send` gets a number; `serve` does what the other side does and returns
/// numbers of packets that were answered.
template <class Send, class Serve>
void exchange(Exchange& result, unsigned count, int patience_ms, const std::vector<const Fd*>& fds, Send send,
              Serve serve) {
    std::set<unsigned> open; // what is still in there has not come in time: then it ends
    for (unsigned number = 0; number < count && open.empty();) {
        for (; number < count && open.size() < kWindow; number++) {
            send(number);
            open.insert(number);
            result.sent++;
        }
        const auto end = Clock::now() + std::chrono::milliseconds(patience_ms);
        while (!open.empty() && wait_readable(fds, end)) {
            for (const unsigned answered : serve()) {
                result.answered += static_cast<unsigned>(open.erase(answered));
            }
        }
    }
}

/// Type and code, checksum, id, number: both versions of ICMP. The kernel makes the checksum of ICMPv6.
Bytes echo_request(Family family, unsigned number) {
    Bytes packet(sizeof(icmphdr));
    const Bytes content = payload(number);
    packet.insert(packet.end(), content.begin(), content.end());
    packet[0] = family == Family::V4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
    packet[4] = kEcho >> 8;
    packet[5] = kEcho & 0xff;
    packet[6] = static_cast<std::uint8_t>(number >> 8);
    packet[7] = static_cast<std::uint8_t>(number);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < packet.size(); i++) {
        sum += static_cast<std::uint32_t>(packet[i]) << (i % 2 == 0 ? 8 : 0);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~(sum + (sum >> 16));
    if (family == Family::V4) {
        packet[2] = static_cast<std::uint8_t>(sum >> 8);
        packet[3] = static_cast<std::uint8_t>(sum);
    }
    return packet;
}

/// A connection and what has gone through it.
struct Stream {
    Fd client, server;
    std::size_t written = 0, read = 0;
    Bytes pending; ///< of the server: read, not yet sent back
    bool wrong = false;
};

std::uint8_t stream_byte(std::size_t stream, std::size_t at) {
    return static_cast<std::uint8_t>(at * 7 + at / 251 + stream);
}

void serve_stream(Stream& stream) {
    if (stream.pending.empty()) {
        stream.pending = receive(stream.server);
    }
    const ssize_t sent = send(stream.server.get(), stream.pending.data(), stream.pending.size(), MSG_NOSIGNAL);
    stream.pending.erase(stream.pending.begin(), stream.pending.begin() + std::max<ssize_t>(sent, 0));
}

void drive_stream(Stream& stream, std::size_t number, std::size_t total) {
    Bytes out(std::min<std::size_t>(2 * kBlock, total - stream.written));
    for (std::size_t i = 0; i < out.size(); i++) {
        out[i] = stream_byte(number, stream.written + i);
    }
    const ssize_t sent = send(stream.client.get(), out.data(), out.size(), MSG_NOSIGNAL);
    stream.written += static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
    const Bytes in = receive(stream.client);
    for (const std::uint8_t byte : in) {
        stream.wrong = stream.wrong || byte != stream_byte(number, stream.read);
        stream.read++;
    }
}

} // namespace

Exchange ping(Family family, unsigned count, int patience_ms) {
    Exchange result{fmt::format("ping{}", family == Family::V4 ? 4 : 6)};
    const Fd echo =
        open_socket(kSender, family, SOCK_RAW,
                    family == Family::V4 ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6));
    exchange(
        result, count, patience_ms, {&echo},
        [&](unsigned number) {
            const Bytes packet = echo_request(family, number);
            const Address to = address_of(family, number % kAddresses, 0);
            set_ttl(echo, family, number);
            sendto(echo.get(), packet.data(), packet.size(), 0, to.get(), to.size);
        },
        [&] {
            Bytes packet = receive(echo);
            if (family == Family::V4) {
                packet.erase(packet.begin(),
                             packet.begin() + std::min<std::ptrdiff_t>(sizeof(iphdr), std::ssize(packet)));
            }
            const unsigned type = family == Family::V4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
            std::vector<unsigned> numbers;
            if (packet.size() > sizeof(icmphdr) && packet[0] == type && packet[4] == kEcho >> 8) {
                const unsigned number = packet[6] << 8U | packet[7];
                const Bytes sent = echo_request(family, number);
                if (std::equal(packet.begin() + 4, packet.end(), sent.begin() + 4, sent.end())) {
                    numbers.push_back(number);
                }
            }
            return numbers;
        });
    return result;
}

Exchange datagrams(Family family, unsigned count, int patience_ms) {
    Exchange result{fmt::format("udp{}", family == Family::V4 ? 4 : 6)};
    const Fd client = open_socket(kSender, family, SOCK_DGRAM);
    const std::vector<Fd> all = servers(family, SOCK_DGRAM);
    std::vector<const Fd*> fds{&client};
    for (const Fd& server : all) {
        fds.push_back(&server);
    }
    exchange(
        result, count, patience_ms, fds,
        [&](unsigned number) {
            const Bytes packet = payload(number);
            const Address to = address_of(family, number % kAddresses, kPort);
            set_ttl(client, family, number);
            sendto(client.get(), packet.data(), packet.size(), 0, to.get(), to.size);
        },
        [&] {
            for (const Fd& server : all) {
                Address from;
                for (Bytes packet = receive(server, &from); !packet.empty(); packet = receive(server, &from)) {
                    set_ttl(server, family, number_in(packet) + 3 * kAddresses);
                    sendto(server.get(), packet.data(), packet.size(), 0, from.get(), from.size);
                }
            }
            std::vector<unsigned> numbers;
            for (Bytes packet = receive(client); !packet.empty(); packet = receive(client)) {
                const unsigned number = number_in(packet);
                if (packet == payload(number)) {
                    numbers.push_back(number);
                }
            }
            return numbers;
        });
    return result;
}

Exchange streams(Family family, unsigned blocks, int patience_ms) {
    Exchange result{fmt::format("tcp{}", family == Family::V4 ? 4 : 6), blocks * kAddresses};
    const std::vector<Fd> all = servers(family, SOCK_STREAM);
    std::vector<Stream> connections(kAddresses);
    for (unsigned number = 0; number < kAddresses; number++) {
        const Address to = address_of(family, number, kPort);
        connections[number].client = open_socket(kSender, family, SOCK_STREAM);
        if (connect(connections[number].client.get(), to.get(), to.size) != 0 && errno != EINPROGRESS) {
            throw system_error("cannot connect", errno);
        }
    }
    const std::size_t total = blocks * kBlock;
    const auto end = Clock::now() + std::chrono::milliseconds(patience_ms);
    for (bool busy = true; busy && Clock::now() < end;) {
        busy = false;
        for (std::size_t number = 0; number < connections.size(); number++) {
            Stream& stream = connections[number];
            if (!stream.server) {
                stream.server = Fd(accept4(all[number].get(), nullptr, nullptr, SOCK_NONBLOCK));
            } else {
                serve_stream(stream);
            }
            drive_stream(stream, number, total);
            busy = busy || stream.read < total;
        }
        poll(nullptr, 0, 1); // the kernel has work to do, too
    }
    for (const Stream& stream : connections) {
        result.answered += stream.wrong ? 0 : static_cast<unsigned>(stream.read / kBlock);
    }
    return result;
}

} // namespace sfc::vm
