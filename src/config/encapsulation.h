// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An encapsulation as the configuration knows it. Each has one object of its own, in encap_NAME.cpp; the rows of
// include/sfc_encaps.h name them all.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/config.h"
#include "config/yaml_reader.h"
#include "sfc_encaps.h"

namespace sfc {

/// What `check` shows: keys of the configuration with their values.
using Shown = std::vector<std::pair<std::string, std::variant<std::uint64_t, bool, std::string>>>;

struct Encapsulation {
    std::span<const std::string_view> match_keys;   ///< besides `encapsulation`
    std::span<const std::string_view> setting_keys; ///< of a service, its own ones
    std::string_view udp_port_key; ///< of the whole configuration: sets the row's UDP port; empty where there is none
    std::uint32_t header_max;      ///< bytes that a header may have when it leaves, as far as MTUs allow
    sfc_inner_ttl inner_ttl;       ///< where the service does not say
    bool may_bypass;               ///< some packets go on to the next hop, and not through the SF
    /// Fills `values` and `at`. Throws Error{Usage}.
    void (*read_match)(const YamlMap& match, MatchConfig& config);
    Shown (*show_match)(const MatchConfig& config);
    /// Reads `setting_keys`. Throws Error{Usage}.
    void (*read_settings)(const YamlMap& service, ServiceConfig& config);
    Shown (*show_settings)(const ServiceConfig& config);
};

#define SFC_ENCAP_OBJECT(name, ...) extern const Encapsulation encap_##name;
SFC_ENCAPS(SFC_ENCAP_OBJECT)
#undef SFC_ENCAP_OBJECT

/// `encap`: enum sfc_encap, not SFC_ENCAP_NONE.
[[nodiscard]] const Encapsulation& encapsulation(unsigned encap);
/// The UDP port of each row; 0: it does not travel in UDP.
[[nodiscard]] std::array<std::uint16_t, SFC_ENCAPS_MAX> udp_ports_of_rows();
/// Whether it travels in IP, so that it counts which addresses are this host's. `encap` may be any number of a row.
[[nodiscard]] bool is_in_ip(unsigned encap);
/// Whether its packets have the IP destination of their next hop without a tunnel: by the row.
[[nodiscard]] bool has_ipv6_destination(unsigned encap);

} // namespace sfc
