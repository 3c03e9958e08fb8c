// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic/sender.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>

#include <linux/if_packet.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/fd.h"
#include "traffic/messages.h"

namespace sfc {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kBatch = 64; // frames a system call
constexpr std::chrono::milliseconds kStep{1};

std::uint64_t new_run() {
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
}

class FrameSocket {
public:
    explicit FrameSocket(const Link& link) : name_(link.name), fd_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
        sockaddr_ll address{}; // no protocol: as a receiver it would cost every packet of the host a copy
        address.sll_family = AF_PACKET;
        address.sll_ifindex = static_cast<int>(link.index);
        if (!fd_ || bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
            throw system_error(msg::cannot_open_sender(name_), errno, ExitCode::Kernel, kRawSockets);
        }
    }

    /// Returns how many of them the interface took; 0 where its queue is full.
    [[nodiscard]] std::size_t send(std::vector<Bytes>& frames) const {
        std::array<iovec, kBatch> parts{};
        std::array<mmsghdr, kBatch> messages{};
        for (std::size_t i = 0; i < frames.size(); i++) {
            parts.at(i) = {frames[i].data(), frames[i].size()};
            messages.at(i).msg_hdr.msg_iov = &parts.at(i);
            messages.at(i).msg_hdr.msg_iovlen = 1;
        }
        const int taken = sendmmsg(fd_.get(), messages.data(), frames.size(), 0);
        if (taken < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
            throw system_error(msg::cannot_send(name_), errno);
        }
        return std::max(taken, 0);
    }

private:
    std::string name_;
    Fd fd_;
};

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

} // namespace

Sent send_traffic(const SendOptions& options, const Link& from, const Mac& to, const Interrupted& interrupted) {
    const FrameSocket socket(from);
    Stamp stamp{
        .run = new_run(), .count = options.count, .ether_type = options.kind->ether_type, .header = options.header};
    const auto start = Clock::now();
    Sent sent;
    bool full = false;
    while (sent.packets < options.count) {
        const auto due = static_cast<std::uint64_t>(seconds_since(start) * static_cast<double>(options.rate)) + 1;
        const std::uint64_t until = std::min(due, options.count);
        if (interrupted(until <= sent.packets || full ? kStep : std::chrono::milliseconds(0))) {
            break;
        }
        std::vector<Bytes> frames;
        for (stamp.number = sent.packets + 1; stamp.number <= until && frames.size() < kBatch; stamp.number++) {
            frames.push_back(traffic_frame(to, from.mac, options.inner, stamp));
        }
        const std::size_t taken = frames.empty() ? 0 : socket.send(frames);
        full = taken < frames.size();
        sent.packets += taken;
    }
    sent.seconds = seconds_since(start);
    return sent;
}

} // namespace sfc
