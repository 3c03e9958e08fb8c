// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "traffic_account.h"
#include "traffic_notes.h"
#include "traffic_sf.h"

namespace sfc::test::traffic {

/// Runs the programs, and has the model judge what became of each frame.
class Runs {
public:
    Runs(const oracle::World& world, const Plan& plan, Runner& runner, PacketMaker& maker);

    void set_time(std::uint64_t ns);
    void raise_epoch(std::size_t sf);
    [[nodiscard]] std::uint64_t events() const { return events_; }

    /// What the SF got, nullptr if nothing; valid until the next call.
    const InSf* strip(const Packet& packet);
    /// A packet as the SF may return it.
    Class restore(const Frame& frame, const InSf& packet) {
        const Returned returned{.frame = frame, .number = packet.number, .masked = packet.masked};
        return restore(packet.return_port, returned, &packet.reference, Class::Wrong);
    }
    /// A frame that no header is there for. `number` is that of its key, 0 if no packet has such a key. `masked`: it
    /// has a segment routing header, so it is no plain miss.
    void restore_nothing(int port, const Frame& frame, std::uint32_t number, bool masked) {
        const Returned returned{.frame = frame, .number = number, .masked = masked};
        (void)restore(port, returned, nullptr, number == 0 ? Class::MissKey : Class::MissPort);
    }

    /// Nothing may be run any more. With `all_tried` the result says what never occurred.
    TrafficResult finish(bool all_tried);

private:
    /// What an SF sends.
    struct Returned {
        const Frame& frame;
        std::uint32_t number;
        bool masked;
    };

    const oracle::World& world_;
    Runner& runner_;
    PacketMaker& maker_;
    Truth truth_;
    Ids ids_;
    std::uint32_t quota_;
    Books books_;
    Notes notes_;
    std::vector<std::uint16_t> epochs_; ///< of the SFs
    std::uint64_t now_ns_ = 0;
    std::uint64_t events_ = 0;
    Frame frame_, to_sf_;
    InSf in_sf_;

    [[nodiscard]] std::uint16_t epoch_of(int port) const { return epochs_[world_.ports[port].sf]; }
    [[nodiscard]] std::uint64_t name(std::uint32_t number, int port) const {
        return Truth::name(number, port, epoch_of(port));
    }
    bool begin(int port);
    Class restore(int port, const Returned& returned, const Reference* reference, Class missing);
    Class note(const Judgement& judgement, int port, const Frame& frame);
    [[nodiscard]] bool went_to_sf(const Packet& packet, const Ran& ran, bool sampled) const;
    [[nodiscard]] bool left_rightly(const Header& header, const sfc_result& result) const;
};

} // namespace sfc::test::traffic
