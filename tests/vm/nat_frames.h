// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the hosts' interfaces send and receive, and what must have become of each frame on its way: written from RFC
// 3032, RFC 3443 and what NAT does, it shares nothing with the proxy's programs.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"

namespace sfc::vm {

using Bytes = std::vector<std::uint8_t>;
using Mac = std::array<std::uint8_t, 6>;

/// From the sender to the receiver, or back.
enum class Direction { Forth, Back };

/// A raw socket at one interface: at the far ends only, as one at the proxy's port would make the kernel clear
/// metadata.
class Tap {
public:
    /// Throws Error.
    Tap(const std::string& netns, const std::string& device);

    struct Frames {
        std::vector<Bytes> sent, received;
    };
    /// What has passed since the last call. Throws Error where the socket has lost some.
    Frames drain();
    [[nodiscard]] const Mac& mac() const { return mac_; }

private:
    Fd socket_;
    Mac mac_{};
};

/// The MAC address of an interface in the namespace of this thread. Throws Error.
[[nodiscard]] Mac mac_of(const std::string& device);

/// Frames of one direction: each that was sent must arrive once, as it must be by then.
class Way {
public:
    /// `from` and `to` are the MAC addresses that frames have when they arrive.
    Way(Direction direction, Mac from, Mac to) : direction_(direction), from_(from), to_(to) {}

    void sent(const std::vector<Bytes>& frames);
    void received(const std::vector<Bytes>& frames);

    struct Tally {
        std::uint64_t pushed = 0; ///< by the host's kernel
        std::uint64_t good = 0;
        std::uint64_t wrong = 0; ///< arrived with labels, but not as any that was sent
        std::uint64_t bare = 0;  ///< arrived without labels
        std::uint64_t lost = 0;
        std::size_t headers = 0;                    ///< different ones among those that were pushed
        std::map<std::string, std::uint64_t> kinds; ///< of the good ones: "tcp4", "icmp6"
    };
    /// Of all frames so far.
    [[nodiscard]] Tally tally() const;
    /// What tells best why: the first frame that was spoilt or bare, or the first that is among those that were sent or
    /// arrived alone, without what is not compared. Empty where all is well.
    [[nodiscard]] std::string example() const;
    /// Forgets all frames so far.
    void clear();

private:
    Direction direction_;
    Mac from_, to_;
    std::multiset<std::string> expected_, arrived_; ///< the kind, a space, what is compared
    std::set<std::string> headers_;
    std::uint64_t bare_ = 0;
    std::uint64_t spoilt_ = 0; ///< a checksum, an address or a port is wrong, or it is no packet
    std::string example_;
};

} // namespace sfc::vm
