// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/mac.h"
#include "sfc_abi.h"

namespace sfc {

/// Where something stands in the configuration file, from 1.
struct Position {
    int line = 0;
    int column = 0;
};

/// An interface and how frames are addressed on it. Without mac and ip an SF port is transparent.
struct PortConfig {
    std::string interface;
    std::string netns; ///< SF port: name, path or process id of the namespace of `interface`; empty = the proxy's own
    std::optional<Mac> mac;
    std::optional<std::string> ip;
    std::optional<std::uint32_t> mtu; ///< L3 bytes
    std::optional<sfc_accept> accept; ///< a port that frames come in by: for whom they may be
    bool peer_prepared = false;       ///< the peer of the veth was set up by hand: attach need not enter it
    Position at;

    /// How the port is called in messages, counters and on the command line: "eth0", or "fw/eth0" with a namespace.
    [[nodiscard]] std::string port_name() const { return netns.empty() ? interface : netns + "/" + interface; }
};

struct SfConfig {
    std::string name;
    std::optional<PortConfig> left, right; ///< both or none
    std::optional<PortConfig> both;        ///< one-armed
    bool kernel = false;         ///< kernel mode: of this host without ports, else of the namespace behind them
    bool gro = false;            ///< a kernel's: merge packets with equal headers
    std::uint32_t mark_mask = 0; ///< a kernel's: bits of skb->mark for tickets; 0 = they stay in metadata
    Position mark_at;
    std::vector<std::string> unwatched; ///< a kernel's: interfaces that its packets may leave by without a header
    std::uint64_t hold_ns = 100'000'000;
    sfc_miss on_miss = SFC_MISS_DROP;
    unsigned key_parts = SFC_PARTS_ALL;
    sfc_tunnels tunnels = SFC_TUNNELS_KEYED;
    std::vector<sfc_port_range> rtp_ports;
    bool probe = true; ///< a packet of our own shows what the SF does to packets
    Position at;

    /// Whether its packets are addressed at all of its ports. At another one they keep the MACs that they came with.
    [[nodiscard]] bool routed() const;
    /// The kernel of this host, and not of another namespace behind ports.
    [[nodiscard]] bool host_kernel() const { return kernel && !left && !both; }
};

/// The two ends of a tunnel, of one IP version.
struct TunnelConfig {
    std::string remote, local;
};

struct NextHopConfig {
    bool ingress = false;               ///< back where the packet came from; `port` is not used then
    PortConfig port;                    ///< mac or ip is that of the next hop
    std::optional<TunnelConfig> tunnel; ///< the port is the interface of the way there
    std::vector<PortConfig> fib;        ///< by routes of the kernel, through these; `port` is not used then
    Position at;
};

enum class Side { None, Left, Right };

/// One value that selects a service, and which of its bits count.
struct MatchValue {
    std::array<std::uint64_t, 2> value{};
    sfc_mask mask{};
    std::string text; ///< for messages: "label 16001"
};

struct MatchConfig {
    std::uint8_t encap = 0; ///< enum sfc_encap
    std::vector<MatchValue> values;
    std::uint8_t sid_block = 0, sid_function = 0; ///< SRv6: bytes of a compressed SID's parts, as in sfc_service
    std::string behaviour;                        ///< SRv6: a word of encap_srv6.cpp
    Position at;
};

struct ServiceConfig {
    std::string name;
    MatchConfig match;
    std::vector<PortConfig> domain;
    std::string sf;
    Side in = Side::None; ///< None with a one-armed SF and with a kernel without ports
    Position sf_at;
    std::optional<NextHopConfig>
        next_hop;                   ///< without one, for this host's kernel alone, its route and neighbour decide
    std::vector<PortConfig> egress; ///< of a kernel: where its packets may leave
    sfc_inner inner = SFC_INNER_IP;
    sfc_ttl ttl = SFC_TTL_UNIFORM;
    sfc_inner_ttl inner_ttl = SFC_INNER_TTL_KEEP;
    sfc_last_label last_label = SFC_LAST_LABEL_DROP;
    unsigned options = 0;                  ///< enum sfc_option
    std::optional<sfc_fixed_header> fixed; ///< in place of the one that came
    Position last_at;                      ///< of `cache: last`
    std::optional<std::uint32_t>
        quota; ///< slots of the cache, of a kernel headers, that are its own; without it an equal share of the rest
    Position at;
};

/// Messages to senders of packets that the proxy ends. Without an address of an IP version they come from the domain
/// port's own.
struct IcmpConfig {
    bool on = true;
    std::optional<std::string> source4, source6;
    std::uint32_t rate = SFC_ICMP_RATE; ///< a second, about packets of one port
};

struct Config {
    std::string file;
    std::uint32_t capacity = 65536; ///< slots, rounded up to a power of two
    std::uint32_t remember = 0;     ///< keys that are remembered for their hold time; 0 = none
    std::uint32_t header_max = 0;   ///< bytes, more than the services need: for a later configuration
    bool kernel_mode = false;       ///< loaded although no service needs it: for a later configuration
    sfc_unmatched unmatched = SFC_UNMATCHED_PASS;
    IcmpConfig icmp;
    std::array<std::uint16_t, SFC_ENCAPS_MAX> udp_ports{}; ///< of encapsulations; 0: the usual one
    std::vector<SfConfig> sfs;
    std::vector<ServiceConfig> services;
};

/// The entries that the cache really has room for: the capacity, or the next power of two.
[[nodiscard]] std::uint32_t rounded_capacity(const Config& config);
/// The slots of each service without a quota: an equal share of those that the quotas leave.
[[nodiscard]] std::uint32_t equal_share(const Config& config);

/// Reads and checks a configuration file. Throws Error{Usage} with file, line and column.
[[nodiscard]] Config load_config(const std::string& file);
/// The same with the text at hand; `file` is for messages.
[[nodiscard]] Config parse_config(const std::string& text, const std::string& file);
/// The text of a configuration file; "-" is standard input. Throws Error{Usage}.
[[nodiscard]] std::string read_config_text(const std::string& file);
/// What messages call it.
[[nodiscard]] std::string config_name(const std::string& file);

/// The checks that need more than one entry: names, references, ports with two roles, overlapping matches. Throws as
/// above.
void check_config(const Config& config);

} // namespace sfc
