// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/mac.h"
#include "net/netlink.h"

namespace sfc {

/// Bytes of an IP address in network order: 4 or 16.
using IpBytes = std::vector<std::uint8_t>;
/// `text` has been checked to be an address.
[[nodiscard]] IpBytes parse_ip(const std::string& text);
/// As people write it.
[[nodiscard]] std::string format_ip(const IpBytes& ip);
/// RFC 4291 2.5.6; never an IPv4 address.
[[nodiscard]] bool link_local(const IpBytes& ip);

/// One line of the kernel's neighbour table. `mac` is nothing where it is not known or no longer answers.
struct Neighbour {
    std::uint32_t ifindex = 0;
    IpBytes ip;
    std::optional<Mac> mac;
    bool fixed = false; ///< an administrator has written it: it is true as it is, and nobody may ask
};

/// Reads RTM_NEWNEIGH and RTM_DELNEIGH; nothing for other messages.
[[nodiscard]] std::optional<Neighbour> read_neighbour(const nlmsghdr& message);

/// Visits the kernel's whole table, of the namespace of `netlink`. Returns 0 or errno.
int each_neighbour(Netlink& netlink, const std::function<void(const Neighbour&)>& visit);

/// An address of this host.
struct OwnAddress {
    std::uint32_t ifindex = 0;
    IpBytes ip;
    unsigned prefix = 0;    ///< bits of it that all hosts of the link share
    bool permanent = false; ///< somebody has given it; no router has announced it, and no lease ends it
};
/// Those of the namespace of `netlink`, in the kernel's order. Returns 0 or errno.
[[nodiscard]] int read_own_addresses(Netlink& netlink, std::vector<OwnAddress>& addresses);

/// Whether both are of one IP version and equal in their first `prefix` bits.
[[nodiscard]] bool same_link(const IpBytes& one, const IpBytes& other, unsigned prefix);

/// The address to ask from for a neighbour on the interface: its own if it has one, in IPv4 else another one of this
/// host. All zero where there is none: a request from that would be duplicate address detection (RFC 5227 2.1.1,
/// RFC 4862 5.4.3), and the neighbour might give its address up.
[[nodiscard]] IpBytes source_for(Netlink& netlink, std::uint32_t ifindex, const IpBytes& target);
[[nodiscard]] bool unspecified(const IpBytes& ip);

/// Makes the kernel resolve the address, and keep an entry for it. Not for a neighbour whose entry is fixed: the kernel
/// would forget its MAC. Returns 0 or errno; EADDRNOTAVAIL where there is no address to ask from.
int resolve_neighbour(Netlink& netlink, std::uint32_t ifindex, const IpBytes& ip);

/// Asks who has an address, on the wire (ARP, RFC 826; neighbour solicitation, RFC 4861 4.3). The answer goes to the
/// kernel's neighbour table as any other. Frames that XDP sends are no proof of life to that table, so a neighbour that
/// changed its MAC without a word would not be missed for half a minute.
class NeighbourPing {
public:
    NeighbourPing();
    void ask(Netlink& netlink, std::uint32_t ifindex, const Mac& own, const IpBytes& ip) const;

private:
    Fd socket_; ///< sends only: as a receiver it would cost every packet of the host a copy
};

/// The frames that it sends, for tests. `source` is an address of ours.
[[nodiscard]] std::vector<std::uint8_t> arp_request(const Mac& own, const IpBytes& source, const IpBytes& target);
[[nodiscard]] std::vector<std::uint8_t> neighbour_solicitation(const Mac& own, const IpBytes& source,
                                                               const IpBytes& target);

} // namespace sfc
