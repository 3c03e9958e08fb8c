// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/ethtool.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/error.h"
#include "net/messages.h"

namespace sfc {
namespace {

struct Group {
    Offload offload;
    std::string_view name;
    std::string_view prefix; ///< of the names that the kernel gives the features
};
constexpr std::array kGroups = {
    Group{Offload::TxChecksum, "tx", "tx-checksum-"},      Group{Offload::Tso, "tso", "tx-tcp"},
    Group{Offload::Gso, "gso", "tx-generic-segmentation"}, Group{Offload::Gro, "gro", "rx-gro"},
    Group{Offload::GroList, "rx-gro-list", "rx-gro-list"}, Group{Offload::TxVlan, "txvlan", "tx-vlan-"},
    Group{Offload::RxVlan, "rxvlan", "rx-vlan-"},
};

const Group& group_of(Offload offload) {
    return *std::find_if(kGroups.begin(), kGroups.end(), [&](const Group& group) { return group.offload == offload; });
}

bool belongs(const std::string& feature, Offload offload) {
    if (offload == Offload::Gro) { // its namesakes ("rx-gro-list", "rx-gro-hw") are others
        return feature == group_of(offload).prefix;
    }
    // "rx-vlan-filter" leaves tags where they are.
    return feature.starts_with(group_of(offload).prefix) &&
           (offload != Offload::RxVlan || feature.ends_with("hw-parse"));
}

/// A request with an array behind it, as the ethtool ioctl wants it: `Header`, then `bytes`.
template <class Header> std::vector<std::uint64_t> request(const Header& header, std::size_t bytes) {
    std::vector<std::uint64_t> buffer((sizeof(Header) + bytes) / sizeof(std::uint64_t) + 1);
    std::memcpy(buffer.data(), &header, sizeof(header));
    return buffer;
}

template <class Item, class Header> Item item(const std::vector<std::uint64_t>& buffer, std::size_t index) {
    Item value;
    std::memcpy(&value, reinterpret_cast<const char*>(buffer.data()) + sizeof(Header) + index * sizeof(Item),
                sizeof(value));
    return value;
}

constexpr std::size_t kBlockBits = 32; // features come in words of so many

} // namespace

struct Ethtool::Feature {
    std::string name;
    bool available, requested, active;
};

std::string_view offload_name(Offload offload) {
    return group_of(offload).name;
}

std::optional<Offload> parse_offload(std::string_view name) {
    const auto* group =
        std::find_if(kGroups.begin(), kGroups.end(), [&](const Group& one) { return one.name == name; });
    return group == kGroups.end() ? std::nullopt : std::optional(group->offload);
}

Ethtool::Ethtool() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (!socket_) {
        throw system_error(msg::cannot_open_ethtool(), errno);
    }
}

/// Returns 0 or errno; SFEATURES has flags of its own for success.
int Ethtool::command(const std::string& interface, void* data) const {
    ifreq wanted{};
    interface.copy(wanted.ifr_name, IFNAMSIZ - 1);
    wanted.ifr_data = static_cast<char*>(data);
    return ioctl(socket_.get(), SIOCETHTOOL, &wanted) >= 0 ? 0 : errno;
}

std::vector<std::string> Ethtool::strings(const std::string& interface, std::uint32_t set) const {
    auto info = request(ethtool_sset_info{ETHTOOL_GSSET_INFO, 0, 1ULL << set}, sizeof(std::uint32_t));
    const bool known = command(interface, info.data()) == 0;
    const auto count = known ? item<std::uint32_t, ethtool_sset_info>(info, 0) : 0;
    auto names = request(ethtool_gstrings{ETHTOOL_GSTRINGS, set, count}, std::size_t{count} * ETH_GSTRING_LEN);
    std::vector<std::string> result;
    if (count == 0 || command(interface, names.data()) != 0) {
        return result;
    }
    for (std::uint32_t i = 0; i < count; i++) {
        const auto name = item<std::array<char, ETH_GSTRING_LEN>, ethtool_gstrings>(names, i);
        result.emplace_back(name.data(), strnlen(name.data(), name.size()));
    }
    return result;
}

std::vector<Ethtool::Feature> Ethtool::features(const std::string& interface) const {
    const std::vector<std::string> names = strings(interface, ETH_SS_FEATURES);
    const auto blocks = static_cast<std::uint32_t>((names.size() + kBlockBits - 1) / kBlockBits);
    auto got = request(ethtool_gfeatures{ETHTOOL_GFEATURES, blocks}, blocks * sizeof(ethtool_get_features_block));
    if (const int error = blocks == 0 ? EOPNOTSUPP : command(interface, got.data())) {
        throw system_error(msg::cannot_read_offloads(interface), error);
    }
    std::vector<Feature> result;
    for (std::size_t i = 0; i < names.size(); i++) {
        const auto block = item<ethtool_get_features_block, ethtool_gfeatures>(got, i / kBlockBits);
        const std::uint32_t bit = 1U << (i % kBlockBits);
        result.push_back(
            {names[i], (block.available & bit) != 0, (block.requested & bit) != 0, (block.active & bit) != 0});
    }
    return result;
}

bool Ethtool::active(const std::string& interface, Offload offload) const {
    const std::vector<Feature> all = features(interface);
    return std::any_of(all.begin(), all.end(),
                       [&](const Feature& feature) { return feature.active && belongs(feature.name, offload); });
}

std::vector<std::string> Ethtool::wanted(const std::string& interface, Offload offload) const {
    std::vector<std::string> names;
    for (const Feature& feature : features(interface)) {
        if ((feature.requested || feature.active) && belongs(feature.name, offload)) {
            names.push_back(feature.name);
        }
    }
    return names;
}

std::vector<std::string> Ethtool::available(const std::string& interface, Offload offload) const {
    std::vector<std::string> names;
    for (const Feature& feature : features(interface)) {
        if (feature.available && belongs(feature.name, offload)) {
            names.push_back(feature.name);
        }
    }
    return names;
}

void Ethtool::set(const std::string& interface, const std::vector<std::string>& names, bool on) const {
    const std::vector<Feature> all = features(interface);
    std::vector<ethtool_set_features_block> blocks((all.size() + kBlockBits - 1) / kBlockBits);
    for (std::size_t i = 0; i < all.size(); i++) {
        if (all[i].available && std::find(names.begin(), names.end(), all[i].name) != names.end()) {
            blocks[i / kBlockBits].valid |= 1U << (i % kBlockBits);
            blocks[i / kBlockBits].requested |= on ? 1U << (i % kBlockBits) : 0;
        }
    }
    const std::size_t bytes = blocks.size() * sizeof(blocks[0]);
    auto wish = request(ethtool_sfeatures{ETHTOOL_SFEATURES, static_cast<std::uint32_t>(blocks.size())}, bytes);
    std::memcpy(reinterpret_cast<char*>(wish.data()) + sizeof(ethtool_sfeatures), blocks.data(), bytes);
    if (const int error = command(interface, wish.data())) {
        throw system_error(msg::cannot_switch_offloads(fmt::join(names, ", "), interface, on ? "on" : "off"), error);
    }
}

std::vector<std::pair<std::string, std::uint64_t>> Ethtool::statistics(const std::string& interface) const {
    const std::vector<std::string> names = strings(interface, ETH_SS_STATS);
    auto got = request(ethtool_stats{ETHTOOL_GSTATS, static_cast<std::uint32_t>(names.size())},
                       names.size() * sizeof(std::uint64_t));
    std::vector<std::pair<std::string, std::uint64_t>> result;
    if (names.empty() || command(interface, got.data()) != 0) {
        return result;
    }
    for (std::size_t i = 0; i < names.size(); i++) {
        result.emplace_back(names[i], item<std::uint64_t, ethtool_stats>(got, i));
    }
    return result;
}

} // namespace sfc
