// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic_inner.h"

#include <array>

namespace sfc::test::traffic {
namespace {

constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kEsp = 50, kIcmp6 = 58, kExperiment = 253;
constexpr std::size_t kDigested = 64; // bytes of payload that a digest sees
constexpr std::size_t kIdBytes = 8;
constexpr std::size_t kIdentification = 4; // in IPv4

/// Half of the ports that a number becomes: none of them belongs to a tunnel, as such a packet would be no plain miss.
constexpr std::uint32_t kPorts = 0x40008000;

struct Transport {
    std::uint8_t protocol;
    Bytes header;
    std::vector<std::size_t> fields; ///< from the header's start
};

Transport transport(std::size_t kind, bool ipv6) {
    switch (kind) {
    case 0: // ports, sequence and acknowledgement number, TSval
        return {kTcp,
                {0x40, 0, 0x80, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0x80, 0x18, 0, 0,
                 0,    0, 0,    0, 1, 1, 8, 10, 0, 0, 0, 0, 0,    0,    0, 0},
                {0, 4, 8, 24}};
    case 1: // ports, the first and the last bytes that a digest sees
        return {kUdp, {0x40, 0, 0x80, 0, 0, 0, 0, 0}, {0, 8, 8 + kDigested - 4}};
    case 2: // echo: identifier and sequence number, payload
        return {ipv6 ? kIcmp6 : kIcmp, {static_cast<std::uint8_t>(ipv6 ? 128 : 8), 0, 0, 0, 0, 0, 0, 0}, {4, 8 + 20}};
    case 3: // SPI, sequence number, payload
        return {kEsp, {0, 0, 0, 0, 0, 0, 0, 0}, {0, 4, 8 + 33}};
    default:
        return {kExperiment, {}, {7, kDigested - 4}};
    }
}

Layout make_layout(std::size_t kind, bool ipv6) {
    Layout made;
    const Transport l4 = transport(kind, ipv6);
    if (ipv6) {
        made.start = sfc::test::ipv6({.from = 0, .to = 0, .next = l4.protocol});
        made.fields = {20, 36}; // the last bytes of the addresses
    } else {
        made.start = ipv4({.from = {192, 0, 2}, .to = {198, 51, 100}, .id = 0, .protocol = l4.protocol});
        made.fields = {kIdentification};
    }
    made.ipv6 = ipv6;
    made.protocol = l4.protocol;
    made.l4 = made.start.size();
    for (const std::size_t field : l4.fields) {
        made.fields.push_back(made.l4 + field);
    }
    put(made.start, l4.header);
    made.payload = made.start.size();
    made.start.resize(made.start.size() + kDigested + kIdBytes);
    return made;
}

constexpr std::array<std::size_t, 8> kKinds = {0, 0, 0, 1, 1, 2, 3, 4}; // of eight packets

std::vector<Layout> make_layouts() {
    std::vector<Layout> made;
    for (const bool ipv6 : {false, true}) {
        for (const std::size_t kind : kKinds) {
            made.push_back(make_layout(kind, ipv6));
        }
    }
    return made;
}

/// Ports and identification have less room than four bytes: IPv4's addresses give some of theirs.
void set_field(Frame& frame, std::size_t ip, const Layout& layout, std::size_t field, std::uint32_t number) {
    const bool ports = field == layout.l4 && (layout.protocol == kTcp || layout.protocol == kUdp);
    if (!layout.ipv6 && field == kIdentification) {
        frame.set16(ip + field, number & 0x1fff);
        frame[ip + 15] = static_cast<std::uint8_t>(number >> 13);
        frame[ip + 19] = static_cast<std::uint8_t>(number >> 21);
    } else if (ports) {
        frame.set32(ip + field, kPorts | (number >> 15) << 16 | (number & 0x7fff));
    } else {
        frame.set32(ip + field, number);
    }
}

} // namespace

const Layout& layout_of(std::uint32_t number, bool masked) {
    static const std::vector<Layout> layouts = make_layouts();
    const std::size_t at = number % layouts.size();
    return layouts[masked ? at | kKinds.size() : at];
}

void append_inner(Frame& frame, std::uint32_t number, bool masked, std::uint64_t id, Random& random) {
    const Layout& layout = layout_of(number, masked);
    const std::size_t ip = frame.size();
    frame.append(layout.start);
    // The length tells two numbers apart that stand in different fields.
    const std::size_t field = number / (2 * kKinds.size()) % layout.fields.size();
    frame.append(field, 0);
    frame.set16(ip + (layout.ipv6 ? 4 : 2), frame.size() - ip - (layout.ipv6 ? 40 : 0));
    set_field(frame, ip, layout, layout.fields[field], number);
    frame.set32(ip + layout.payload + kDigested, static_cast<std::uint32_t>(id >> 32));
    frame.set32(ip + layout.payload + kDigested + 4, static_cast<std::uint32_t>(id));
    const std::uint32_t any = random.below(1U << 31);
    frame[ip + (layout.ipv6 ? 7 : 8)] = static_cast<std::uint8_t>(any | 2); // TTL
    frame[ip + 1] = static_cast<std::uint8_t>(any >> 8);                    // DSCP, ECN
    if (layout.protocol == kTcp) {
        frame.set16(ip + layout.l4 + 14, any >> 16); // window
    }
}

} // namespace sfc::test::traffic
