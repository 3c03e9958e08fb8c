// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SR-MPLS: a service matches the top label.
#include "config/encapsulation.h"
#include "config/messages.h"
#include "config/words.h"

namespace sfc {
namespace {

constexpr std::array<std::string_view, 1> kMatchKeys = {"label"};
constexpr std::array<std::string_view, 2> kSettingKeys = {"ttl", "last_label"};
constexpr std::uint32_t kLabelMax = (1U << 20) - 1;
constexpr std::uint32_t kImplicitNull = 3;     // RFC 3032 2.1: never in a label stack
constexpr std::uint32_t kEntropyIndicator = 7; // RFC 6790 4.2: never on top
constexpr std::uint32_t kEntryBytes = 4;

void read_match(const YamlMap& match, MatchConfig& config) {
    const YamlValue label = match.required("label");
    const std::uint64_t number = label.number(0, kLabelMax);
    config.at = label.at();
    if (number == kImplicitNull || number == kEntropyIndicator) {
        throw label.error(msg::label_never_on_top(number));
    }
    config.values.push_back({.value = {number, 0}, .mask = {{~0ULL, ~0ULL}}, .text = msg::label(number)});
}

Shown show_match(const MatchConfig& config) {
    return {{"label", config.values.front().value.at(0)}};
}

void read_settings(const YamlMap& service, ServiceConfig& config) {
    if (const auto ttl = service.optional("ttl")) {
        config.ttl = ttl->word<sfc_ttl>();
    }
    if (const auto last = service.optional("last_label")) {
        config.last_label = last->word<sfc_last_label>();
    }
}

Shown show_settings(const ServiceConfig& config) {
    return {{"ttl", std::string(word_of<sfc_ttl>(config.ttl))},
            {"last_label", std::string(word_of<sfc_last_label>(config.last_label))}};
}

} // namespace

const Encapsulation encap_mpls = {
    .match_keys = kMatchKeys,
    .setting_keys = kSettingKeys,
    .udp_port_key = {},
    .header_max = (SFC_LABELS_MAX - 1) * kEntryBytes, // the top entry never comes back
    .inner_ttl = SFC_INNER_TTL_KEEP,
    .may_bypass = false,
    .read_match = read_match,
    .show_match = show_match,
    .read_settings = read_settings,
    .show_settings = show_settings,
};

} // namespace sfc
