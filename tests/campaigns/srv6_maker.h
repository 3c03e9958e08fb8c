// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "encap.h"

namespace sfc::test {

/// Where the segment routing header begins that has segments left, in a header of Srv6Maker; 0: there is none. Where
/// the last next header is, goes to `last`.
[[nodiscard]] std::size_t srh_at(oracle::View head, std::size_t& last);

/// One outer IPv6 packet for a SID: extension headers, a segment routing header or none, TLVs, compressed SIDs. Every
/// field that no service needs is drawn.
class Srv6Maker {
public:
    Srv6Maker(const oracle::World& world, const oracle::Service& service, Inside inside, Random& random, bool odd)
        : world_(world), service_(service), inside_(inside), random_(random), odd_(odd) {}

    Head make();

private:
    /// An extension header; its first byte is written when it is known what stands behind it.
    struct Part {
        std::uint8_t kind;
        Bytes bytes;
        std::vector<std::size_t> fields;
    };

    const oracle::World& world_;
    const oracle::Service& service_;
    Inside inside_;
    Random& random_;
    bool odd_;
    std::vector<Part> parts_;

    /// True now and then where faults are asked for.
    bool fault(std::uint32_t one_in) { return odd_ && random_.one_in(one_in); }
    [[nodiscard]] std::size_t room() const;
    std::uint8_t upper_layer();
    std::uint8_t hop_limit();
    oracle::Address any_address();
    oracle::Address segment();
    oracle::Address destination(bool more);
    void put_options(std::uint8_t kind);
    void put_routing(std::uint8_t type, std::uint8_t left);
    Bytes tlvs(std::size_t most);
    void put_srh(const oracle::Address& active, bool ends);
    void put_parts(const oracle::Address& to, bool srh, bool ends);
    Head join(const oracle::Address& to);
};

} // namespace sfc::test
