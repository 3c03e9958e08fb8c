// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Single values of maps, for those who fill and read them. All throw Error{Kernel}.
#pragma once

#include <cerrno>
#include <cstdint>
#include <string_view>

#include <bpf/bpf.h>

#include "base/error.h"
#include "loader/maps.h"
#include "loader/messages.h"

namespace sfc {

inline Error map_error(std::string_view verb, std::uint32_t key, MapId map) {
    return system_error(msg::cannot_use_map(verb, key, name_of(map)), errno);
}

template <class T> void write(const Maps& maps, MapId map, std::uint32_t key, const T& value) {
    if (bpf_map_update_elem(maps.fd(map), &key, &value, BPF_ANY) != 0) {
        throw map_error("write", key, map);
    }
}

template <class T> T read(const Maps& maps, MapId map, std::uint32_t key) {
    T value{};
    if (bpf_map_lookup_elem(maps.fd(map), &key, &value) != 0) {
        throw map_error("read", key, map);
    }
    return value;
}

} // namespace sfc
