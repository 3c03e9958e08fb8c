// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "oracle_stack.h"
#include "oracle_world.h"
#include "traffic_inner.h"

namespace sfc::test::traffic {

/// A packet as it comes in. Services and ports are positions in the world.
struct Packet {
    std::uint64_t id = 0;
    std::uint32_t number = 0; ///< of its key
    std::uint8_t service = 0;
    std::uint8_t port = 0;        ///< that it comes in by
    std::uint8_t source = 0;      ///< the last byte of its source MAC
    std::uint8_t multicast = 0;   ///< 1: EtherType 0x8848
    std::uint8_t label_bytes = 0; ///< of `labels`
    std::array<std::uint8_t, 64> labels{};
};

/// The truth of a packet: what must be in front of it when it leaves, from the first byte of the frame on.
struct Header {
    std::uint8_t service = 0;
    std::uint8_t egress = 0; ///< the port that it leaves by
    std::uint8_t size = 0;
    std::uint8_t hops = oracle::kHopsMost; ///< that it leaves with at most
    std::array<std::uint8_t, kEthernet + 64> bytes{};

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
    /// One with the key of `of`, and the same label stack.
    Packet copy(const Packet& of);
    /// One with the key of `of`, but mostly with another stack: by a little, by all, or of another service.
    Packet rival(const Packet& of);
    /// A key that no packet has had or will have. Throws Error where none is left.
    std::uint32_t new_number();

    void build(const Packet& packet, Frame& frame);
    /// By the RFCs alone.
    [[nodiscard]] Header header_of(const Packet& packet) const;
    /// The Ethernet header that an SF must get for a frame of build(). All behind the labels must follow it.
    [[nodiscard]] std::array<std::uint8_t, kEthernet> to_sf(const Packet& packet, const Frame& frame) const;

private:
    const oracle::World& world_;
    Random& random_;
    std::uint64_t ids_ = 0;
    std::uint32_t numbers_ = 0;

    void draw_stack(Packet& packet);
    std::size_t other_service(const Packet& than);
    void put_label(Packet& packet, std::uint32_t label, std::uint32_t ttl);
};

} // namespace sfc::test::traffic
