// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "sfc_abi.h"

namespace sfc {

/// The properties that programs and maps are loaded for. Another configuration can replace theirs only where these are
/// the same.
struct Shape {
    std::uint32_t header_room = SFC_HEADER_ROOM_LEAST; ///< bytes for a header, whole steps of SFC_HEADER_STEP
    bool kernel_mode = false;                          ///< what a service through a kernel needs is there
    bool fib = false;                                  ///< routes of the kernel say where packets of a service go
    std::uint8_t icmp = 0; ///< enum sfc_icmp_version: senders of these packets are told what the proxy could not do
    /// How services match each encapsulation, most specific first; none where no service has it.
    std::array<std::vector<sfc_mask>, SFC_ENCAPS_MAX> masks;

    /// Whether an encapsulation in use travels in IP.
    [[nodiscard]] bool in_ip() const;
};

/// Lines of the cache's index.
struct IndexSize {
    std::uint32_t buckets = 0, overflow_lines = 0; ///< powers of two; there are no overflow lines in a small index

    [[nodiscard]] std::uint32_t lines() const { return buckets + overflow_lines; }
};

/// A configuration as the programs read it: names became ids, which index these tables. Entry 0 of each is "none".
struct Plan {
    struct Port {
        std::string name;
        sfc_port entry{};
        std::string interface {}; ///< where `netns` is set, its name in there, and ours is the peer
        std::string netns{};
        std::optional<std::string> ip{}; ///< routed SF port: where its MAC is to be asked for
        bool peer_prepared = false;
        bool gro = false;           ///< a domain port of a kernel, and the kernel is to get merged packets
        bool kernel_egress = false; ///< what leaves the kernel of this host here is watched, and goes back into XDP

        /// Of its own: an egress port has some only where packets leave the kernel of this host.
        [[nodiscard]] bool has_counters() const { return entry.role != SFC_ROLE_EGRESS || kernel_egress; }
    };
    struct Sf {
        std::string name;
        sfc_sf entry{};
        bool probe = true;             ///< probes are sent through it
        bool gro = false;              ///< of a kernel: it is to get packets that GRO has merged
        std::uint16_t left = SFC_NONE; ///< port ids; equal for a one-armed SF, none for this host's kernel
        std::uint16_t right = SFC_NONE;
    };
    struct Service {
        std::string name;
        sfc_service entry{};
        std::optional<std::string> next_hop_ip{};
        bool routed = false; ///< next_hop_ip is the other end of a tunnel, and a route may lead there
        std::optional<sfc_tunnel> tunnel{};
        std::optional<sfc_fixed_header> fixed{};
    };
    struct Match {
        sfc_match match{};
        std::uint32_t service = SFC_NONE;
    };

    std::uint32_t capacity = 0;                            ///< slots, a power of two
    std::array<std::uint16_t, SFC_ENCAPS_MAX> udp_ports{}; ///< of encapsulations that travel in UDP
    std::uint32_t memory_lines = 0; ///< a power of two, one for each key to remember; 0 = none are remembered
    Shape shape;
    std::uint32_t mark_mask = 0; ///< bits of skb->mark that carry tickets through the kernel; 0 = metadata do
    bool icmp_on = false;        ///< senders are told, where there is an address to do it from
    std::vector<sfc_icmp> icmp;  ///< by port; the sources are those of the configuration, else zero
    std::vector<Port> ports;
    std::vector<Sf> sfs;
    std::vector<Service> services;
    std::vector<Match> matches;
    std::vector<std::string> unwatched; ///< interfaces that packets of a kernel may leave by without their header

    [[nodiscard]] IndexSize index_size() const;
    /// enum sfc_icmp_version: those with a source at any port.
    [[nodiscard]] std::uint8_t icmp_versions() const;
    /// The id of a port, or SFC_NONE.
    [[nodiscard]] std::uint16_t port_id(const std::string& name) const;
    [[nodiscard]] bool through_kernel(const Service& service) const { return sfs[service.entry.sf].entry.kernel != 0; }
    [[nodiscard]] bool any_kernel() const;
    /// Whether a service keeps its last header.
    [[nodiscard]] bool any_last() const;
    /// Whether packets of the service may go on to its next hop without passing its SF.
    [[nodiscard]] bool may_bypass(const Service& service) const;
    [[nodiscard]] bool may_bypass() const;
    /// Bits of the mark that check a ticket: a guess passes with 1 in 2 to their power. 0 without `mark_mask`.
    [[nodiscard]] unsigned mark_check_bits() const;
    /// Whether the port is one of an SF that is the kernel of another namespace.
    [[nodiscard]] bool of_kernel(std::uint16_t port) const { return sfs[ports[port].entry.sf].entry.kernel != 0; }
    /// Whether the packets of the service go through the kernel of this host, which has no ports.
    [[nodiscard]] bool through_host_kernel(const Service& service) const {
        return through_kernel(service) && service.entry.to_port == SFC_NONE;
    }
    /// Whether the kernel of this host is an SF.
    [[nodiscard]] bool through_host_kernel() const;
    /// Whether frames that come in by the port are judged by their MACs. From a kernel they bring tickets in these.
    [[nodiscard]] bool takes_accept(std::uint16_t port) const {
        return ports[port].entry.role != SFC_ROLE_EGRESS && !of_kernel(port);
    }
    /// Whether routes of the kernel say by which of its ports a packet of the service leaves.
    [[nodiscard]] static bool by_routes(const Service& service) {
        return (service.entry.options & SFC_OPTION_FIB) != 0;
    }
    /// The ports that packets of a service may leave by, where a kernel routes them.
    [[nodiscard]] std::vector<std::string> egress_names(const Service& service) const;
    /// Where a frame that left to the SF by `port` comes back: the other port of its SF.
    [[nodiscard]] std::uint16_t return_port(std::uint16_t port) const;
};

[[nodiscard]] bool unspecified(const sfc_address& address);

/// `config` must have passed check_config. A next hop given by IP is entered as not ready.
[[nodiscard]] Plan make_plan(const Config& config);

} // namespace sfc
