// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "oracle_bytes.h"
#include "oracle_outer.h"
#include "oracle_world.h"
#include "random.h"
#include "sfc_reasons.h"

namespace sfc::test {

namespace oracle {

/// The judgement of an encapsulation on a frame of the domain side.
struct Judged {
    sfc_reason fault = SFC_OK;
    const Service* service = nullptr; ///< whose the outcome is; none: the port's
    std::size_t size = 0;             ///< bytes in front of the packet, the Ethernet header among them
    unsigned versions = 0;            ///< kIpv4 and kIpv6, as the header allows
    bool ethernet = false;            ///< the header allows an Ethernet frame
    std::string advanced{};           ///< as in Header; empty where the packet leaves bare
    unsigned hops = 255;              ///< of the packet as it leaves, at most
    Around around = Around::Nothing;  ///< as in Header
    std::string to_sf{};              ///< where the header stays on: the packet for the SF, up to the frame's end
    bool bypass = false;              ///< no SF gets it: it leaves at once, with `advanced` in place of its header
};

} // namespace oracle

/// The kind of packet that a header is made for.
enum class Inside : std::uint8_t { Ipv4, Ipv6, Frame };

/// The first bytes of a frame, up to the packet.
struct Head {
    Bytes bytes;
    std::vector<std::size_t> fields; ///< bytes that say how the rest is to be read
};

/// An encapsulation, for all campaigns: how it stands in the configuration, how to make a header, and what the standard
/// says must become of one. Shares no code with the programs.
class Encap {
public:
    virtual ~Encap() = default;
    [[nodiscard]] virtual const char* name() const = 0;

    /// Of a service in the configuration: what stands behind `encapsulation:`, and settings with a comma in front of
    /// each.
    [[nodiscard]] virtual std::string match(const oracle::Service& service) const = 0;
    [[nodiscard]] virtual std::string settings(const oracle::Service& service) const = 0;

    /// A header that the service takes. `odd`: for campaigns of malformed frames, which now and then get one with a
    /// fault. Its MACs are zero.
    [[nodiscard]] virtual Head draw(const oracle::World& world, const oracle::Service& service, Inside inside,
                                    Random& random, bool odd) const = 0;
    /// Makes the header that of the IP packet itself, where it is not one in front of it. Returns how many bytes of the
    /// packet are in the header then.
    [[nodiscard]] virtual std::size_t merge(const oracle::Service& /*service*/, std::span<std::uint8_t> /*head*/,
                                            oracle::View /*packet*/) const {
        return 0;
    }
    /// Makes another header of one that is sound, by as little as possible.
    virtual void nudge(std::span<std::uint8_t> head, Random& random) const = 0;
    /// Changes what does not come back of one that is sound.
    virtual void touch(std::span<std::uint8_t> head, Random& random) const = 0;
    /// Writes what depends on the packet behind the header. A packet around it all ends at `end`; 0: its lengths stay.
    virtual void close(std::span<std::uint8_t> /*frame*/, std::size_t /*end*/) const {}

    /// Whether frames of this EtherType are its own even where no service uses it.
    [[nodiscard]] virtual bool owns(std::uint32_t ethertype) const = 0;
    /// Nothing for a frame of another kind. The frame has an Ethernet header, and a service uses the encapsulation.
    [[nodiscard]] virtual std::optional<oracle::Judged> judge(const oracle::World& world, int port,
                                                              oracle::View frame) const = 0;
    /// Outcomes that a long campaign of malformed frames must have seen.
    [[nodiscard]] virtual std::vector<const char*> outcomes() const = 0;
};

/// One row for each.
[[nodiscard]] const Encap& encap_of(oracle::Encapsulation which);
[[nodiscard]] const oracle::Encapsulations& all_encaps();

[[nodiscard]] const Encap& mpls_encap();
[[nodiscard]] const Encap& nsh_encap();
[[nodiscard]] const Encap& srv6_encap();

} // namespace sfc::test
