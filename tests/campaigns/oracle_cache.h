// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "oracle_outer.h"
#include "sfc_reasons.h"

namespace sfc::test::oracle {

/// The header that is given back to a packet. Equal headers of equal packets cannot be told apart.
struct Header {
    const Service* service = nullptr;
    int ingress = 0;      ///< the domain port that it came by; 0 where that does not matter
    Mac source{};         ///< with `next_hop: ingress` where it came from, else zeros
    std::string advanced; ///< from the EtherType up to the packet, as it leaves, but for what depends on the packet
    unsigned hops = 255;  ///< of the packet as it leaves, at most
    Around around = Around::Nothing;

    bool operator==(const Header&) const = default;
};

/// A cache without a limit: one entry a key.
class Cache {
public:
    /// SFC_OK, ambiguous or cache_full.
    [[nodiscard]] sfc_reason insert(const std::string& key, const Header& header, std::uint64_t hold_ns,
                                    std::uint64_t now_ns);
    struct Claim {
        sfc_reason fault = SFC_OK; ///< miss or late
        Header header;
    };
    [[nodiscard]] Claim claim(const std::string& key, std::uint64_t now_ns);

    [[nodiscard]] std::uint64_t expired() const { return expired_; }
    [[nodiscard]] std::uint64_t live() const { return live_; }     ///< references in entries of any age
    [[nodiscard]] std::uint64_t stale(std::uint64_t now_ns) const; ///< those of them that are past hold

private:
    struct Entry {
        Header header;
        std::uint32_t references = 0;
        std::uint64_t hold_ns = 0;
        std::uint64_t last_ns = 0; ///< the last equal arrival

        [[nodiscard]] bool stale(std::uint64_t now_ns) const { return now_ns - last_ns > hold_ns; }
    };
    std::unordered_map<std::string, Entry> entries_;
    std::uint64_t expired_ = 0;
    std::uint64_t live_ = 0;
};

} // namespace sfc::test::oracle
