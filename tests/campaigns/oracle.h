// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <vector>

#include "encap.h"
#include "oracle_cache.h"
#include "oracle_ethernet.h"
#include "oracle_stack.h"

namespace sfc::test::oracle {

enum class Verdict { ToSf, Restored, Bypassed, Passed, Dropped };

/// What must become of a frame.
struct Expected {
    Verdict verdict = Verdict::Dropped;
    sfc_reason reason = SFC_OK;
    const Service* service = nullptr; ///< where the outcome belongs to a service
    int egress = -1;                  ///< the port that it leaves by
    std::vector<std::uint8_t> bytes;  ///< as it leaves; empty where it is passed or dropped
    Kind kind = Kind::None;           ///< as far as it is known
    bool ethernet = false;            ///< the packet is an Ethernet frame
    Around around = Around::Nothing;  ///< as in Header; some of it may be any (take_drawn)

    bool originated = false; ///< its header is the last one of the service

    /// A `late` packet is treated as one without an entry if the stale entry has made room for another one meanwhile.
    /// When that happens is the cache's own affair, so the oracle allows both. This is the other one; else it is empty.
    std::vector<Expected> reaped;
};

/// A second proxy, from docs/keys.md, docs/DESIGN.md and the RFCs alone: it says of every frame what must become of it.
/// Shares no code with the programs. Its cache never evicts.
class Oracle {
public:
    explicit Oracle(const World& world) : world_(world), last_(world.ports.size()) {}

    [[nodiscard]] Expected strip(int port, View frame, std::uint64_t now_ns);
    [[nodiscard]] Expected restore(int port, View frame, std::uint64_t now_ns);
    [[nodiscard]] const Cache& cache() const { return cache_; }

private:
    /// The last header of a service with `cache: last`, and the packet's IP version.
    struct Last {
        Header header;
        unsigned version = 0; ///< 0: none yet
    };

    const World& world_;
    Cache cache_;
    std::vector<Last> last_; ///< by the port that its packets come back on

    [[nodiscard]] Expected unmatched() const;
    [[nodiscard]] Expected strip_judged(int port, View frame, const Judged& judged, std::uint64_t now_ns);
    [[nodiscard]] Expected go_past_sf(int port, View frame, const Judged& judged) const;
    [[nodiscard]] Expected leave(const Service& service, int ingress, View source, const std::string& header) const;
    [[nodiscard]] Expected insert(int port, View frame, const Judged& judged, const Packet& packet,
                                  std::uint64_t now_ns);
    [[nodiscard]] Expected give_back(View payload, const Header& header, const Packet& packet) const;
    [[nodiscard]] Expected unmasked(View payload, const Header& header, const Packet& packet) const;
    [[nodiscard]] Expected originated(int port, View payload, const Packet& packet, const Hidden& hidden,
                                      Expected without) const;
    [[nodiscard]] std::uint32_t mtu_out(const Service& service, int ingress) const;
};

} // namespace sfc::test::oracle
