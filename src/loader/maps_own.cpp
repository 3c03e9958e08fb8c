// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Addresses of this host and MACs of its ports, as sets in maps.
#include <algorithm>
#include <cstring>
#include <vector>

#include "loader/map_values.h"

namespace sfc {
namespace {

/// All keys of a hash map.
template <class Key> std::vector<Key> keys_of(int map) {
    std::vector<Key> keys;
    Key key{};
    for (int more = bpf_map_get_next_key(map, nullptr, &key); more == 0; more = bpf_map_get_next_key(map, &key, &key)) {
        keys.push_back(key);
    }
    return keys;
}

/// Makes `wanted` of the members `have` of a set: a hash map whose values say nothing. Returns false with errno.
template <class Key> bool set_members(int map, const std::vector<Key>& have, const std::vector<Key>& wanted) {
    for (const Key& one : have) {
        if (std::none_of(wanted.begin(), wanted.end(),
                         [&](const Key& other) { return std::memcmp(&one, &other, sizeof(one)) == 0; })) {
            bpf_map_delete_elem(map, &one);
        }
    }
    constexpr __u8 kThere = 1;
    return std::all_of(wanted.begin(), wanted.end(),
                       [&](const Key& one) { return bpf_map_update_elem(map, &one, &kThere, BPF_ANY) == 0; });
}

std::uint64_t mac_key(std::uint16_t port, const Mac& mac) {
    std::uint32_t first = 0;
    std::uint16_t last = 0;
    std::memcpy(&first, mac.data(), sizeof(first));
    std::memcpy(&last, mac.data() + sizeof(first), sizeof(last));
    return sfc_port_mac(port, first, last);
}

std::uint16_t key_port(std::uint64_t key) {
    return key & UINT16_MAX;
}

Mac key_mac(std::uint64_t key) {
    const auto first = static_cast<std::uint32_t>(key >> 32);
    const auto last = static_cast<std::uint16_t>(key >> 16);
    Mac mac{};
    std::memcpy(mac.data(), &first, sizeof(first));
    std::memcpy(mac.data() + sizeof(first), &last, sizeof(last));
    return mac;
}

} // namespace

void Maps::set_own_addresses(const std::vector<sfc_address>& addresses) const {
    const int own = fd(MapId::own_addresses);
    const auto before = keys_of<sfc_address>(own);
    const auto stays = [&](const sfc_address& one) {
        return std::any_of(addresses.begin(), addresses.end(),
                           [&](const sfc_address& other) { return std::memcmp(&one, &other, sizeof(one)) == 0; });
    };
    for (const sfc_address& one : before) { // the hint first: who dies in between leaves what tells the next one of it
        if (!stays(one)) {
            write(*this, MapId::address_hints, sfc_address_position(&one), sfc_address{});
        }
    }
    if (!set_members(own, before, addresses)) {
        throw system_error(msg::cannot_enter_address(), errno);
    }
    for (const sfc_address& one : addresses) {
        write(*this, MapId::address_hints, sfc_address_position(&one), one);
    }
}

void Maps::set_own_macs(std::uint16_t id, const std::vector<Mac>& macs) const {
    const auto names = [&](const std::vector<Mac>& of) {
        std::vector<std::uint64_t> keys;
        std::transform(of.begin(), of.end(), std::back_inserter(keys),
                       [&](const Mac& mac) { return mac_key(id, mac); });
        return keys;
    };
    if (!set_members(fd(MapId::port_macs), names(own_macs(id)), names(macs))) {
        throw system_error(msg::cannot_enter_mac(+SFC_MACS_MAX), errno);
    }
}

std::vector<Mac> Maps::own_macs(std::uint16_t id) const {
    std::vector<Mac> macs;
    for (const std::uint64_t key : keys_of<std::uint64_t>(fd(MapId::port_macs))) {
        if (key_port(key) == id) {
            macs.push_back(key_mac(key));
        }
    }
    std::sort(macs.begin(), macs.end());
    return macs;
}

} // namespace sfc
