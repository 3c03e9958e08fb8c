// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <span>
#include <vector>

#include "encap.h"
#include "ethernet_maker.h"

namespace sfc::test {

/// Makes frames that are nearly right: a header of a service with every field drawn at random, a packet, padding.
/// Then it damages them now and then.
class FrameMaker {
public:
    FrameMaker(Random& random, const oracle::World& world) : random_(random), world_(world) {}

    /// A frame of the domain side, perhaps damaged. Some frames and some packets come again, packets also behind
    /// another header of the same encapsulation or of another one.
    Bytes domain_frame();
    /// Truncates, flips, overwrites, inserts: mostly nothing, at most three times.
    void damage(Bytes& frame) { damage(frame, kBare); }
    /// One sound frame of a service.
    Bytes sound(const oracle::Service& service, const Bytes& packet);

private:
    static constexpr std::size_t kKept = 64;
    static constexpr std::size_t kMacs = 12;

    struct Kept {
        const oracle::Service* service = nullptr;
        Bytes packet;
        std::size_t padding = 0; ///< bytes at the end of the packet
        Head head;
        Bytes frame;
    };
    static const Head kBare; ///< of a packet without a header

    Random& random_;
    const oracle::World& world_;
    std::vector<Kept> kept_; ///< lately made

    Bytes packet(const oracle::Service& service);
    const oracle::Service& other_way(const oracle::Service& service);
    void build(Kept& made, bool odd);
    void damage(Bytes& frame, const Head& head);
    void damage_once(Bytes& frame, const Head& head);
    void change_field(Bytes& frame, std::size_t at);
};

} // namespace sfc::test
