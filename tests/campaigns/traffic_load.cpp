// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic_load.h"

#include <algorithm>
#include <bit>

namespace sfc::test::traffic {
namespace {

// Packets in the SFs, in 64ths of the capacity; 0 is a few.
constexpr std::array<std::uint32_t, 8> kPhases = {8, 110, 0, 32, 1, 150, 48, 16};
constexpr std::uint32_t kFew = 6;
constexpr std::uint64_t kPhaseLeast = 12'000; // events
constexpr std::uint64_t kEpochLeast = 40'000;
constexpr std::uint32_t kEqualIn = 12;  // one packet in so many has the key of one before it
constexpr std::uint32_t kWatchedIn = 2; // one of so many of these is of a watched one
constexpr std::uint32_t kWideTicks = 8; // how much the time in an SF varies between phases

/// As many packets as are sent in about the same time, whatever the capacity.
std::uint32_t recent_bits(std::uint32_t capacity) {
    return std::clamp(static_cast<std::uint32_t>(std::bit_width(capacity)) - 1, 12U, 18U);
}

} // namespace

Load::Load(const oracle::World& world, std::uint32_t capacity, Random& random)
    : services_(static_cast<std::uint32_t>(world.services.size())), capacity_(capacity), random_(random),
      sent_(recent_bits(capacity)), watched_(recent_bits(capacity)) {}

bool Load::new_phase(std::uint64_t events) {
    if (events < phase_end_) {
        return false;
    }
    const std::uint32_t share = kPhases[phase_++ % kPhases.size()];
    const bool round = phase_ <= kPhases.size(); // the first one is as it stands there
    in_sf_ = std::max<std::uint32_t>(kFew, static_cast<std::uint32_t>(std::uint64_t{capacity_} * share / 64));
    if (!round) {
        in_sf_ = in_sf_ * 3 / 4 + random_.below(in_sf_ / 2 + 1);
    }
    // With few packets in the SFs a tick would be less than one event otherwise.
    behaviour_ = {.mean_ticks = (share >= 8 ? 16 : 4) + random_.below(kWideTicks),
                  .lost_in = round || !random_.one_in(4) ? 32U : 4U};
    favoured_ = random_.one_in(2) ? random_.below(services_) : services_;
    phase_end_ = events + std::max(kPhaseLeast, std::uint64_t{4} * in_sf_);
    return true;
}

std::uint32_t Load::packets_of_tick() {
    const std::uint32_t sum = tick_share_ + in_sf_;
    tick_share_ = sum % behaviour_.mean_ticks;
    return sum / behaviour_.mean_ticks;
}

void Load::Recent::put(const Packet& packet) {
    if (packets_.size() < 1U << bits_) {
        packets_.push_back(packet);
    } else {
        packets_[next_] = packet;
    }
    next_ = (next_ + 1) % (1U << bits_);
}

const Packet& Load::Recent::pick(Random& random) const {
    const std::uint32_t bits = random.one_in(2) ? bits_ : random.below(bits_ + 1);
    const std::size_t ago = random.below(1U << bits) % packets_.size();
    return packets_[(next_ + packets_.size() - 1 - ago) % packets_.size()];
}

Packet Load::packet(PacketMaker& maker) {
    Packet made;
    if (!sent_.empty() && random_.one_in(kEqualIn)) {
        const bool watched = !watched_.empty() && random_.one_in(kWatchedIn);
        const Packet& before = watched ? watched_.pick(random_) : sent_.pick(random_);
        made = random_.one_in(2) ? maker.copy(before) : maker.rival(before);
    } else {
        const bool any = favoured_ == services_ || random_.one_in(4);
        made = maker.fresh(any ? random_.below(services_) : favoured_);
    }
    sent_.put(made);
    return made;
}

bool Load::new_epoch(std::uint64_t events) {
    if (events < epoch_end_) {
        return false;
    }
    const bool first = epoch_end_ == 0;
    epoch_end_ = events + std::max<std::uint64_t>(kEpochLeast, std::uint64_t{16} * capacity_) / 2 +
                 random_.below(static_cast<std::uint32_t>(kEpochLeast));
    return !first;
}

std::uint64_t Load::all_tried() const {
    return std::max<std::uint64_t>(200'000, std::uint64_t{64} * capacity_);
}

} // namespace sfc::test::traffic
