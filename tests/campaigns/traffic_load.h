// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <vector>

#include "traffic_sf.h"

namespace sfc::test::traffic {

/// Which packets come, and how many: it goes through phases, from a few packets in the SFs to far more than the cache
/// has room for.
class Load {
public:
    Load(const oracle::World& world, std::uint32_t capacity, Random& random);

    /// True where another phase has begun.
    bool new_phase(std::uint64_t events);
    [[nodiscard]] const Behaviour& behaviour() const { return behaviour_; }
    /// Of the domain side.
    std::uint32_t packets_of_tick();
    Packet packet(PacketMaker& maker);
    /// A packet that equal ones are to come after more often than after others.
    void watch(const Packet& packet) { watched_.put(packet); }
    /// True when an SF is to be attached anew.
    bool new_epoch(std::uint64_t events);
    /// A campaign of so many events must have seen everything.
    [[nodiscard]] std::uint64_t all_tried() const;

private:
    /// The latest packets of some kind.
    class Recent {
    public:
        explicit Recent(std::uint32_t bits) : bits_(bits) {}
        void put(const Packet& packet);
        [[nodiscard]] bool empty() const { return packets_.empty(); }
        /// The latest ones more often than those before them.
        const Packet& pick(Random& random) const;

    private:
        std::uint32_t bits_;          ///< of their number
        std::vector<Packet> packets_; ///< in a circle
        std::size_t next_ = 0;
    };

    std::uint32_t services_;
    std::uint32_t capacity_;
    Random& random_;
    Behaviour behaviour_;
    Recent sent_;    ///< equal ones may meet in the SF, or the first is back, expired, evicted
    Recent watched_; ///< those that the limit is about
    std::size_t phase_ = 0;
    std::uint64_t phase_end_ = 0;
    std::uint64_t epoch_end_ = 0;
    std::uint32_t in_sf_ = 0;      ///< packets that are to be in the SFs at once
    std::uint32_t favoured_ = 0;   ///< a service that gets most packets; beyond the last one: none
    std::uint32_t tick_share_ = 0; ///< of a packet, in parts of behaviour_.mean_ticks
};

} // namespace sfc::test::traffic
