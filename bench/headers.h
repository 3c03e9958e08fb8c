// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "kinds.h"

namespace sfc::bench {

/// An SFC header in front of packets, and the service that takes it off.
struct Header {
    std::string name;
    std::string service;              ///< match, next hop and all else that the header asks for, in YAML
    unsigned labels = 0;              ///< of SR-MPLS
    bool summed = false;              ///< a checksum of all that is behind it is in it
    std::vector<std::string> kinds{}; ///< of packets that it is measured with; none: those that the options name
    std::function<Bytes(const Bytes& ip)> put{}; ///< what follows the MACs: EtherType, header, packet

    [[nodiscard]] Bytes frame(const Bytes& ip) const;
};

/// The packet for the SF, as a frame.
[[nodiscard]] Bytes bare_frame(const Bytes& ip);

/// The encapsulations, as --sfc names them.
[[nodiscard]] std::vector<std::string> encapsulations();
/// Those of one encapsulation. `labels`: of SR-MPLS, so many each.
[[nodiscard]] std::vector<Header> headers(const std::string& encapsulation, const std::vector<unsigned>& labels);

/// SR-MPLS with so many labels.
[[nodiscard]] Header label_stack(unsigned labels);

/// Rows of NSH: MD type 1 behind Ethernet, and in VXLAN-GPE without a UDP checksum and with one.
inline constexpr const char *kNshMd1 = "nsh md1", *kNshGpeIpv4 = "nsh gpe ipv4", *kNshGpeIpv6 = "nsh gpe ipv6 summed";

/// Rows of SRv6: a segment routing header of three segments, and a container of compressed SIDs without one.
inline constexpr const char *kSrv6Srh = "srv6 3 segments", *kSrv6Csid = "srv6 c-sid";

/// Where the outer packets of headers go.
inline constexpr std::array<std::uint8_t, 4> kOwnIpv4 = {198, 51, 100, 1};
inline constexpr std::array<std::uint8_t, 16> kOwnIpv6 = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};

} // namespace sfc::bench
