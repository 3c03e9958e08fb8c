// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

struct pcap;

namespace sfc {

/// Frames that come in on an interface, by the ring that libpcap shares with the kernel.
class LiveCapture {
public:
    /// Throws Error{Permission} or Error{Kernel}.
    explicit LiveCapture(const std::string& interface);

    using Visit = std::function<void(std::span<const std::uint8_t>)>;
    /// Hands over the frames that are there; waits so long where there are none. Throws Error{Kernel} where the
    /// interface has gone.
    void take(std::chrono::milliseconds wait, const Visit& visit);
    /// Frames that found the ring full.
    [[nodiscard]] std::uint64_t overrun() const;

private:
    struct Close {
        void operator()(pcap* handle) const;
    };
    std::string interface_;
    std::unique_ptr<pcap, Close> pcap_;
};

} // namespace sfc
