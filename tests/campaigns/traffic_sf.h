// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <vector>

#include "traffic_truth.h"

namespace sfc::test::traffic {

/// A packet as an SF has it.
struct InSf {
    Frame frame;
    Reference reference;
    std::uint32_t number = 0;
    std::uint8_t return_port = 0;
    std::uint8_t returns = 0; ///< that are to come
    bool masked = false;      ///< it has its header (End.AM),
    std::uint8_t listed = 0;  ///< of so many bytes behind the IPv6 header,
    std::uint8_t srh = 0;     ///< and the segment routing header begins with this byte of the frame
    std::uint8_t mark = 0;    ///< of the campaign's own
};

/// How an SF behaves for a while. 0 is never.
struct Behaviour {
    std::uint32_t mean_ticks = 16; ///< that a packet takes if it is in time, at the longest hold time; 1 to 24
    std::uint32_t lost_in = 32;    ///< one in so many never comes back
    std::uint32_t twice_in = 32;   ///< one in so many comes back twice
    std::uint32_t slow_in = 16;    ///< one in so many returns is about as late as hold allows, or later
};

/// What SFs do to the packets in them, all but changes: lose, repeat, delay, and so reorder. No packet takes longer
/// than three hold times.
class SimulatedSf {
public:
    explicit SimulatedSf(Random& random) : random_(random), due_(kCircle) {}

    void behave(const Behaviour& behaviour) { behaviour_ = behaviour; }
    /// True where the packet will come back twice, or not in time.
    bool take(std::uint64_t tick, std::uint64_t hold_ticks, const InSf& packet);
    /// The packets that come back in this tick; the caller removes each.
    std::vector<std::uint32_t>& due(std::uint64_t tick) { return due_[tick % kCircle]; }
    [[nodiscard]] const InSf& packet(std::uint32_t index) const { return pool_[index]; }
    /// One return of it is over.
    void returned(std::uint32_t index);
    [[nodiscard]] std::size_t to_come() const { return to_come_; } ///< returns

private:
    static constexpr std::size_t kCircle = 256; ///< more than three hold times

    Random& random_;
    Behaviour behaviour_;
    std::vector<std::vector<std::uint32_t>> due_; ///< by tick, in a circle
    std::vector<InSf> pool_;
    std::vector<std::uint32_t> free_;
    std::size_t to_come_ = 0;

    bool happens(std::uint32_t one_in) { return one_in != 0 && random_.one_in(one_in); }
    std::uint64_t delay(std::uint64_t hold_ticks);
};

} // namespace sfc::test::traffic
