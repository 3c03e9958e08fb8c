// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic_changes.h"

namespace sfc::test::traffic {
namespace {

constexpr std::size_t kIp = kEthernet, kIpv6Bytes = 40;
constexpr std::uint8_t kTcp = 6, kUdp = 17;

void lengthen(Frame& frame, bool ipv6, std::size_t bytes) {
    const std::size_t at = kIp + (ipv6 ? 4 : 2);
    frame.set16(at, frame.get16(at) + bytes);
}

void change_transport(Frame& frame, const Layout& layout, std::size_t listed, Random& random) {
    const std::size_t l4 = kIp + layout.l4 + listed;
    if (layout.protocol == kTcp) {
        frame.set16(l4 + 14, random.below(1 << 16));                       // window
        frame.set16(l4 + 16, random.below(1 << 16));                       // checksum
        frame[l4 + 13] ^= static_cast<std::uint8_t>(random.below(8) << 5); // URG, ECE, CWR
    } else if (layout.protocol == kUdp) {
        frame.set16(l4 + 6, random.below(1 << 16));
    } else if (layout.protocol == 1 || layout.protocol == 58) {
        frame.set16(l4 + 2, random.below(1 << 16));
    }
}

/// Four bytes of options that do nothing, or a header of destination options with padding.
void insert_options(Frame& frame, bool ipv6) {
    if (ipv6) {
        const std::array<std::uint8_t, 8> options = {frame[kIp + 6], 0, 1, 4, 0, 0, 0, 0};
        frame.insert(kIp + kIpv6Bytes, options);
        frame[kIp + 6] = 60;
        lengthen(frame, true, options.size());
    } else {
        constexpr std::array<std::uint8_t, 4> kOptions = {1, 1, 1, 1};
        frame.insert(kIp + 20, kOptions);
        frame[kIp] = 0x46;
        lengthen(frame, false, kOptions.size());
    }
}

} // namespace

void change_as_allowed(Frame& frame, const InSf& packet, Random& random) {
    const Layout& layout = layout_of(packet.number, packet.masked);
    const std::uint32_t what = random.below(64);
    if ((what & 1) != 0) {
        frame[kIp + (layout.ipv6 ? 7 : 8)] = static_cast<std::uint8_t>(random.byte() | (packet.masked ? 2 : 0)); // TTL
    }
    if ((what & 2) != 0) {
        frame[kIp + 1] = random.byte(); // DSCP, ECN; traffic class and flow label
        frame[kIp + (layout.ipv6 ? 2 : 10)] = random.byte();
    }
    if ((what & 4) != 0) {
        change_transport(frame, layout, packet.listed, random);
    }
    if ((what & 8) != 0) {
        frame[5] = random.byte();
        frame[11] = random.byte();
    }
    if ((what & 16) != 0) {
        frame.append(random.below(24), random.byte());
    }
    if (what >= 48 && !packet.masked) {
        insert_options(frame, layout.ipv6);
    }
}

/// The tag: nothing in the packet follows from it.
void change_header(Frame& frame, const InSf& packet, Random& random) {
    frame[packet.srh + 6 + random.below(2)] ^= static_cast<std::uint8_t>(1 << random.below(8));
}

void change_key(Frame& frame, const InSf& packet, Random& random) {
    const Layout& layout = layout_of(packet.number, packet.masked);
    const std::uint32_t which = random.below(static_cast<std::uint32_t>(layout.fields.size()) + 1);
    if (which < layout.fields.size()) {
        const std::size_t field = layout.fields[which];
        frame[kIp + field + (field >= kIpv6Bytes ? packet.listed : 0)] |= 0x80;
    } else {
        // A length that no packet has: it says how many fields there are, at most.
        const std::size_t more = layout.fields.size() + random.below(4);
        frame.append(more, 0);
        lengthen(frame, layout.ipv6, more);
    }
}

} // namespace sfc::test::traffic
