// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// NSH: a service matches a service path identifier, with one service index, several, or any.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/encapsulation.h"
#include "config/messages.h"

namespace sfc {
namespace {

constexpr std::array<std::string_view, 2> kMatchKeys = {"spi", "si"};
constexpr std::array<std::string_view, 2> kSettingKeys = {"forwarder", "oam"};
constexpr std::uint32_t kSpiMax = (1U << 24) - 1; // RFC 8300 2.3
constexpr std::uint32_t kSiMax = 255;
constexpr unsigned kSiBits = 8;

void add(MatchConfig& config, std::uint64_t spi, std::uint64_t si, std::uint64_t mask, std::string text) {
    config.values.push_back({.value = {spi << kSiBits | si, 0}, .mask = {{mask, 0}}, .text = std::move(text)});
}

/// Whether it is meant for one, allowed or not.
bool is_number(const std::string& text) {
    return text.find_first_not_of("-0123456789") == std::string::npos;
}

void read_match(const YamlMap& match, MatchConfig& config) {
    const YamlValue spi = match.required("spi"), si = match.required("si");
    const std::uint64_t path = spi.number(0, kSpiMax);
    config.at = spi.at();
    if (!si.is_list() && si.text() == "any") {
        add(config, path, 0, std::uint64_t{kSpiMax} << kSiBits, msg::spi(path));
        return;
    }
    if (!si.is_list() && !is_number(si.text())) {
        throw si.error(msg::bad_si(si.text(), 1, kSiMax));
    }
    for (const YamlValue& item : si.is_list() ? si.items() : std::vector{si}) {
        const std::uint64_t index = item.number(1, kSiMax);
        add(config, path, index, std::uint64_t{kSpiMax} << kSiBits | kSiMax, msg::spi_si(path, index));
    }
    if (config.values.empty()) {
        throw si.error(msg::needs_si());
    }
}

Shown show_match(const MatchConfig& config) {
    std::vector<std::uint64_t> indexes;
    for (const MatchValue& value : config.values) {
        indexes.push_back(value.value.at(0) & kSiMax);
    }
    const bool any = (config.values.front().mask.word[0] & kSiMax) == 0;
    return {{"spi", config.values.front().value.at(0) >> kSiBits},
            {"si", any ? std::string("any") : fmt::format("{}", fmt::join(indexes, ", "))}};
}

void read_settings(const YamlMap& service, ServiceConfig& config) {
    const auto forwarder = service.optional("forwarder");
    if (forwarder && forwarder->choice({"true", "false"}) == 0) {
        config.options |= SFC_OPTION_FORWARDER;
    }
    const auto oam = service.optional("oam");
    if (oam && oam->choice({"drop", "forward"}) == 1) {
        config.options |= SFC_OPTION_OAM;
    }
}

Shown show_settings(const ServiceConfig& config) {
    return {{"forwarder", (config.options & SFC_OPTION_FORWARDER) != 0},
            {"oam", std::string((config.options & SFC_OPTION_OAM) != 0 ? "forward" : "drop")}};
}

} // namespace

const Encapsulation encap_nsh = {
    .match_keys = kMatchKeys,
    .setting_keys = kSettingKeys,
    .udp_port_key = "vxlan_gpe_port",
    .header_max = SFC_HEADER_MAX,
    .inner_ttl = SFC_INNER_TTL_KEEP,
    .may_bypass = false,
    .read_match = read_match,
    .show_match = show_match,
    .read_settings = read_settings,
    .show_settings = show_settings,
};

} // namespace sfc
