// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "sf_changes.h"

#include <algorithm>

namespace sfc::test {
namespace {

unsigned get16(const Bytes& frame, std::size_t at) {
    return static_cast<unsigned>(frame[at] << 8 | frame[at + 1]);
}

void set16(Bytes& frame, std::size_t at, std::size_t value) {
    frame[at] = static_cast<std::uint8_t>(value >> 8);
    frame[at + 1] = static_cast<std::uint8_t>(value);
}

/// Where the IP packet begins, 0 where there is none in one piece.
std::size_t find_ip(const Bytes& frame) {
    std::size_t at = 12;
    for (int tags = 0; tags < 2 && (get16(frame, at) == 0x8100 || get16(frame, at) == 0x88a8); tags++) {
        at += 4;
        if (frame.size() < at + 2) {
            return 0;
        }
    }
    const unsigned type = get16(frame, at);
    at += 2;
    const bool ipv4 = type == 0x0800 && frame.size() >= at + 20 && frame.size() - at >= get16(frame, at + 2);
    const bool ipv6 = type == 0x86dd && frame.size() >= at + 40 && frame.size() - at - 40 >= get16(frame, at + 4);
    return ipv4 || ipv6 ? at : 0;
}

/// Inserts bytes and makes the lengths of the IP header right. Nothing happens where the length would not fit.
void insert(Bytes& frame, std::size_t ip, std::size_t at, const Bytes& bytes) {
    const std::size_t length_at = ip + (frame[ip] >> 4 == 6 ? 4 : 2);
    set16(frame, length_at, get16(frame, length_at) + bytes.size());
    frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin(), bytes.end());
}

void ipv4_options(Bytes& frame, std::size_t ip, Random& random) {
    const std::size_t header = std::size_t{4} * (frame[ip] & 15U);
    const std::size_t more = 4 * (1 + std::size_t{random.below(3)});
    if (header < 20 || ip + header > frame.size()) {
        return;
    }
    if (header > 20 && random.one_in(2)) {
        const std::size_t total = get16(frame, ip + 2);
        set16(frame, ip + 2, total - (header - 20));
        frame.erase(frame.begin() + static_cast<std::ptrdiff_t>(ip + 20),
                    frame.begin() + static_cast<std::ptrdiff_t>(ip + header));
        frame[ip] = 0x45;
    } else if (header + more <= 60) {
        insert(frame, ip, ip + header, Bytes(more, 1));
        frame[ip] = static_cast<std::uint8_t>(0x40 + (header + more) / 4);
    }
}

/// A header of destination options with padding in front of all others.
void ipv6_extension(Bytes& frame, std::size_t ip) {
    insert(frame, ip, ip + 40, {frame[ip + 6], 0, 1, 4, 0, 0, 0, 0});
    frame[ip + 6] = 60;
}

void tcp(Bytes& frame, std::size_t ip, Random& random) {
    const std::size_t at = ip + (frame[ip] >> 4 == 6 ? 40 : (frame[ip] & 15U) * 4);
    if (frame[ip + (frame[ip] >> 4 == 6 ? 6 : 9)] != 6 || frame.size() < at + 20) {
        return;
    }
    frame[at + 13] ^= static_cast<std::uint8_t>(random.below(8) << 5); // URG, ECE, CWR
    frame[at + 14] = random.byte();
    frame[at + 18] = random.byte();
    const unsigned words = frame[at + 12] >> 4;
    if (words >= 5 && words < 15 && random.one_in(2)) {
        insert(frame, ip, at + 20, {1, 1, 1, 1});
        frame[at + 12] = static_cast<std::uint8_t>(frame[at + 12] + 0x10);
    }
}

/// Bits that are in no key: "don't fragment", those without a meaning in a fragment header, version and payload type of
/// RTP (nearly).
void odd_bits(Bytes& frame, std::size_t ip, Random& random) {
    const bool ipv6 = frame[ip] >> 4 == 6;
    const std::uint8_t protocol = frame[ip + (ipv6 ? 6 : 9)];
    const std::size_t payload = ip + (ipv6 ? 40 : (frame[ip] & 15U) * 4);
    if (!ipv6) {
        frame[ip + 6] ^= static_cast<std::uint8_t>(random.below(4) << 6);
    } else if (protocol == 44 && frame.size() >= payload + 8) {
        frame[payload + 1] = random.byte();
        frame[payload + 3] ^= static_cast<std::uint8_t>(random.below(4) << 1);
    }
    if (protocol == 17 && frame.size() >= payload + 10) {
        frame[payload + 8] ^= static_cast<std::uint8_t>(random.below(2));
        frame[payload + 9] ^= static_cast<std::uint8_t>(random.below(64));
    }
}

} // namespace

void change_as_allowed(Bytes& frame, Random& random) {
    const std::size_t ip = find_ip(frame);
    if (random.one_in(4)) {
        random.append(frame, random.below(20));
    }
    if (ip == 0) {
        return;
    }
    const bool ipv6 = frame[ip] >> 4 == 6;
    if (random.one_in(2)) {
        frame[ip + (ipv6 ? 7 : 8)] = static_cast<std::uint8_t>(random.one_in(8) ? random.below(3) : random.byte());
    }
    if (random.one_in(2)) {
        frame[ip + 1] = random.byte(); // DSCP, ECN; traffic class and flow label
    }
    if (random.one_in(2) && !ipv6) {
        frame[ip + 10] = random.byte(); // checksum
    }
    if (random.one_in(3)) {
        tcp(frame, ip, random);
    }
    if (random.one_in(6)) {
        odd_bits(frame, ip, random);
    }
    if (random.one_in(3)) {
        if (ipv6) {
            ipv6_extension(frame, ip);
        } else {
            ipv4_options(frame, ip, random);
        }
    }
}

void change_a_field(Bytes& frame, Random& random) {
    const auto end = static_cast<std::uint32_t>(std::min<std::size_t>(frame.size(), 110));
    frame[random.below(end)] ^= static_cast<std::uint8_t>(1 << random.below(8));
}

} // namespace sfc::test
