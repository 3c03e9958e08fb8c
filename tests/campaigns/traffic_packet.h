// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "encap.h"
#include "oracle_stack.h"
#include "oracle_world.h"
#include "traffic_inner.h"

namespace sfc::test::traffic {

/// A packet as it comes in. Services and ports are positions in the world.
struct Packet {
    std::uint64_t id = 0;
    std::uint32_t number = 0; ///< of its key
    std::uint8_t service = 0;
    std::uint8_t port = 0;                      ///< that it comes in by
    std::uint8_t size = 0;                      ///< of `head`
    std::array<std::uint8_t, kHeadMost> head{}; ///< all in front of it; what depends on the packet is not right yet
};

/// The truth of a packet: what must be in front of it when it leaves, from the first byte of the frame on.
struct Header {
    std::uint8_t service = 0;
    std::uint8_t egress = 0; ///< the port that it leaves by
    std::uint8_t size = 0;
    std::uint8_t hops = oracle::kHopsMost; ///< that it leaves with at most
    oracle::Around around = oracle::Around::Nothing;
    std::array<std::uint8_t, kHeadMost> bytes{};

    bool operator==(const Header&) const = default;
    [[nodiscard]] std::span<const std::uint8_t> view() const { return {bytes.data(), size}; }
};

/// Whether packets of that key may be expected on several ports at once. The others are expected on one for ever, so
/// that a return on another one is a miss for sure.
constexpr bool crosses(std::uint32_t number) {
    return (number >> 8 & 1) != 0;
}

/// Draws packets and builds their frames.
class PacketMaker {
public:
    PacketMaker(const oracle::World& world, Random& random) : world_(world), random_(random) {}

    /// A packet with a key of its own.
    Packet fresh(std::size_t service);
    /// One with the key of `of`, and the same header.
    Packet copy(const Packet& of);
    /// One with the key of `of`, but mostly with another header: by a little, by all, or of another service, which may
    /// have another encapsulation.
    Packet rival(const Packet& of);
    /// A key that no packet has had or will have. Throws Error where none is left.
    std::uint32_t new_number();

    void build(const Packet& packet, Frame& frame);
    /// By the RFCs alone. The frame is that of build(); `to_sf` becomes the one that the SF must get.
    [[nodiscard]] Header header_of(const Packet& packet, const Frame& frame, Frame& to_sf) const;
    /// Whether the packet goes to the SF with its header (End.AM).
    [[nodiscard]] bool is_masked(const Packet& packet) const { return world_.services[packet.service].sid.masked; }

private:
    const oracle::World& world_;
    Random& random_;
    std::uint64_t ids_ = 0;
    std::uint32_t numbers_ = 0;
    Frame inner_;

    Packet of_service(std::size_t service, std::uint32_t number);
    void draw_head(Packet& packet);
    [[nodiscard]] std::array<std::uint8_t, kEthernet> ethernet_to_sf(const Packet& packet, const Frame& frame) const;
    [[nodiscard]] const Encap& encap(const Packet& packet) const {
        return encap_of(world_.services[packet.service].encap);
    }
    std::size_t other_service(const Packet& than);
};

} // namespace sfc::test::traffic
