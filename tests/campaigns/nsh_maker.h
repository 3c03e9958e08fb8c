// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "encap.h"

namespace sfc::test {

/// One header with an NSH: a carrier, the NSH with its contexts, and what may stand behind it. Every field that no
/// service needs is drawn.
class NshMaker {
public:
    NshMaker(const oracle::World& world, const oracle::Service& service, Inside inside, Random& random, bool odd)
        : world_(world), service_(service), inside_(inside), random_(random), odd_(odd) {}

    Head make();

private:
    enum Carrier : std::uint8_t { Link, Tag, TwoTags, Gpe4, Gpe6 };

    const oracle::World& world_;
    const oracle::Service& service_;
    Inside inside_;
    Random& random_;
    bool odd_;
    Head head_;

    /// True now and then where faults are asked for.
    bool fault(std::uint32_t one_in) { return odd_ && random_.one_in(one_in); }
    Carrier carrier();
    const oracle::Address& own_address(bool ipv4);
    void put_carrier(Carrier carrier);
    void put_ipv4();
    void put_ipv6();
    void put_gpe();
    /// A field that says how the rest is read: the last byte, or the one `ago` bytes before it.
    void mark(std::size_t ago = 0) { head_.fields.push_back(head_.bytes.size() - 1 - ago); }

    [[nodiscard]] std::size_t room() const;
    std::uint8_t packet_kind() const;
    void put_nsh(std::uint32_t path, std::uint8_t next, bool nested);
    Bytes contexts(std::size_t room);
    std::vector<std::uint8_t> chain();
    void put_behind(std::uint8_t which, std::uint8_t next);
    std::uint8_t index();
};

} // namespace sfc::test
